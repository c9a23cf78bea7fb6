import {
  championLabel,
  type Evaluation,
  primaryMetric,
  type Stratum,
} from '#lib/evaluation/evaluation-file.ts';
import { minimumStratum } from '#lib/evaluation/strata.ts';
import { candidatesOf, describeRanker } from '#lib/promotion/candidates.ts';
import type { Verdict } from '#lib/promotion/verdict.ts';
import { type Difference, wordOf } from '#lib/promotion/words.ts';
import { dataTable, foldedTable } from '../data-table.ts';
import { metric, metricName, percent, signed, whole } from '../format.ts';
import { type Html, html } from '../html.ts';

/** Rankers that the one in service is compared with here. */
const opponentsShown = 2;

/** For whom the ranker in service is better than the strongest others and for whom not, and what they show. */
export function strataSection(evaluation: Evaluation, verdict: Verdict): Html | undefined {
  const { strata, lists } = evaluation;
  if (strata === undefined) return undefined;
  const told = strata.filter(({ rankers }) => rankers.length > 0);
  const main = servedName(evaluation, verdict);
  const opponents = opponentsOf(evaluation, told, main);
  const called = (name: string) => describeRanker(evaluation, name);
  return html`${told.length > 0 && strataTable(told, main, opponents)}
${told.length > 0 && html`<ul>${opponents.map((name) => html`<li>${compare(told, main, name, called)}</li>`)}</ul>`}
${leftOut(strata)}
${lists && lists.length > 0 && listsTables(lists, [main, ...opponents])}`;
}

/** Who serves after this run, by its name in the evaluation. */
function servedName({ champion }: Evaluation, { winner, promoted }: Verdict): string {
  return promoted || champion === undefined ? winner : championLabel;
}

/** The best on validation, and the champion that was replaced, as far as there are differences to them. */
function opponentsOf(evaluation: Evaluation, told: readonly Stratum[], main: string): string[] {
  const known = new Set(
    told.flatMap(({ differences }) => differences.map((one) => namesOf(one, main)[0])),
  );
  const best = candidatesOf(evaluation)
    .toSorted((a, b) => b.validation - a.validation)
    .map(({ name }) => name);
  return [championLabel, ...best].filter((name) => known.has(name)).slice(0, opponentsShown);
}

/** The other of two, if `main` is one of them. */
function namesOf({ a, b }: { readonly a: string; readonly b: string }, main: string): string[] {
  return a === main ? [b] : b === main ? [a] : [];
}

function strataTable(told: readonly Stratum[], main: string, opponents: readonly string[]): Html {
  const ndcgOf = ({ rankers }: Stratum, name: string) =>
    rankers.find((ranker) => ranker.name === name)?.metrics[primaryMetric]?.value;
  return dataTable(
    `${metricName(primaryMetric)} by kind of case`,
    [
      { title: 'cases', isLong: true },
      { title: main, isNumber: true },
      ...opponents.map((name) => ({ title: name, isNumber: true })),
    ],
    told.map((stratum) => [
      html`${nameOf(stratum)}<br><small>${whole(stratum.cases)} cases</small>`,
      metric(ndcgOf(stratum, main) ?? 0),
      ...opponents.map((name) => {
        const own = differenceTo(stratum, main, name);
        const value = metric(ndcgOf(stratum, name) ?? 0);
        return own === undefined
          ? value
          : html`${value}<br><small>${signed(own.difference)} ${short(own)}</small>`;
      }),
    ]),
  );
}

const short = (difference: Difference) => {
  const word = wordOf(difference);
  return word === 'no difference shown' ? '' : word;
};

/** One sentence: where it is better, where worse, with intervals. */
function compare(
  told: readonly Stratum[],
  main: string,
  name: string,
  called: (name: string) => string,
): string {
  const found = (word: ReturnType<typeof wordOf>) =>
    told.flatMap((stratum) => {
      const own = differenceTo(stratum, main, name);
      if (own === undefined || wordOf(own) !== word) return [];
      return [`${nameOf(stratum)} (${signed(own.low)} to ${signed(own.high)})`];
    });
  const [better, worse] = [found('better'), found('worse')];
  const who = sentence(`${called(main)} against ${called(name)}`);
  if (better.length === 0 && worse.length === 0) return `${who}: no difference shown anywhere.`;
  const parts = [
    better.length > 0 && `better with ${better.join(', ')}`,
    worse.length > 0 && `worse with ${worse.join(', ')}`,
    better.length + worse.length < told.length && 'no difference shown with the others',
  ].filter((part) => part !== false);
  return `${who}: ${parts.join('; ')}.`;
}

/** A sentence begins with a capital, a name stays as it is. */
const sentence = (text: string) => text.replace(/^the /, 'The ');

/** How much more the first reaches than the second. */
function differenceTo({ differences }: Stratum, a: string, b: string): Difference | undefined {
  for (const own of differences) {
    if (own.a === a && own.b === b) return own;
    if (own.a === b && own.b === a) {
      return { difference: -own.difference, low: -own.high, high: -own.low };
    }
  }
  return undefined;
}

/** Kinds of cases as they are called in a sentence. */
function nameOf({ by, name }: Stratum): string {
  switch (by) {
    case 'history':
      return `histories of ${name}`;
    case 'item':
      return name === 'middle' ? 'items of the middle' : `${name} items`;
    case 'user':
      return name === 'new' ? 'new users' : 'users trained on';
    case 'event':
      return name === '' ? 'events without a type' : `events ${name}`;
  }
}

function leftOut(strata: readonly Stratum[]): Html {
  const few = strata
    .filter(({ rankers }) => rankers.length === 0)
    .map((stratum) => `${nameOf(stratum)} (${whole(stratum.cases)})`);
  return html`<p><small>Small numbers say how much more the first ranker reaches. Head items have half of all training actions, the middle the next 30\u202f%, cold items none. Each interval stands for itself: of twenty, one is wrong by chance.${few.length > 0 && ` Too few cases (below ${minimumStratum.cases}) or users (below ${minimumStratum.users}) to say anything of ${few.join(', ')}.`}</small></p>`;
}

function listsTables(lists: NonNullable<Evaluation['lists']>, shown: readonly string[]): Html {
  const table = (kind: typeof dataTable, caption: string, rows: typeof lists) =>
    kind(
      caption,
      [
        { title: 'ranker', isLong: true },
        { title: 'different items', isNumber: true },
        { title: 'ten commonest', isNumber: true },
        { title: 'novelty, bits', isNumber: true },
      ],
      rows.map(({ name, distinctItems, coverage, commonestShare, novelty }) => [
        name,
        html`${whole(distinctItems)}<br><small>${percent(coverage)} of all</small>`,
        html`${percent(commonestShare)}<br><small>of all</small>`,
        html`${novelty.value.toFixed(2)}<br><small>${novelty.low.toFixed(2)} to ${novelty.high.toFixed(2)}</small>`,
      ]),
    );
  const own = shown.flatMap((name) => lists.filter((one) => one.name === name));
  const others = lists.filter(({ name }) => !shown.includes(name));
  return html`${own.length > 0 && table(dataTable, 'What the lists of the test cases hold', own)}
${others.length > 0 && table(foldedTable, 'What the lists of all others hold', others)}`;
}
