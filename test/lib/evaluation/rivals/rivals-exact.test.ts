import { describe, expect, it } from 'vitest';
import { halfLives } from '#lib/contracts/half-lives.ts';
import { type BlendInput, rankBlends } from '#lib/evaluation/blend.ts';
import { moderatorsOf } from '#lib/evaluation/moderators.ts';
import { historyComponent } from '#lib/evaluation/rivals/evidence.ts';
import { fitAllAnew, fitOnTraining } from '#lib/evaluation/rivals/fit-scorers.ts';
import { chooseHalfLife } from '#lib/evaluation/rivals/recent-popularity.ts';
import type { RivalModel } from '#lib/evaluation/rivals/rival-model.ts';
import { type RivalTask, rankRivals } from '#lib/evaluation/rivals/rivals.ts';
import { planCounting } from '#lib/popularity/as-of.ts';
import { randomStream } from '#lib/recommender/random.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import { sortEvents } from '#lib/sequences/interaction-events.ts';
import { casesOf } from '../../sequences/cases.ts';
import { type Action, dataOf } from './rows.ts';

const items = 8;
const day = 86_400;
const begin = 1_500_000_000;

/** Users who go round a ring or take what is in fashion that day, first for training, then for validation and test. */
function smallTask(): RivalTask & { readonly all: ReturnType<typeof dataOf> } {
  const random = randomStream(9, 'small rivals');
  const rows = Array.from({ length: 20 }, () => {
    let time = begin + random.integer(3) * day;
    let item = random.integer(items);
    return Array.from({ length: 9 }, (): readonly [number, number] => {
      time += 3600 + random.integer(40) * 3600;
      const fashion = Math.floor((time - begin) / day / 3);
      item = random.uniform() < 0.6 ? (item + 1) % items : (fashion + random.integer(2)) % items;
      return [1 + item, time];
    });
  });
  const cut = (from: number, to: number): Action[][] => rows.map((row) => row.slice(from, to));
  const casesAt = (place: number): EvaluationCases =>
    casesOf(
      rows.map((row, user) => ({
        user: `u${user}`,
        history: row.slice(place - 4, place).map(([item]) => item),
        historyTimes: row.slice(place - 4, place).map(([, time]) => time),
        target: row[place]![0],
        time: row[place]![1],
      })),
    );
  const data = dataOf(cut(0, 7), items);
  const validation = casesAt(7);
  const events = sortEvents({
    items: Int32Array.from(rows.flat(), ([item]) => item),
    times: Float64Array.from(rows.flat(), ([, time]) => time),
    isHeldOut: Uint8Array.from(rows.flatMap((row) => row.map((_, at) => (at < 7 ? 0 : 1)))),
  });
  return {
    itemTable: data.itemTable,
    events,
    cases: { validation, test: casesAt(8) },
    excludeHistory: false,
    window: 4,
    split: 'global-time',
    asOf: 'request',
    scorers: fitOnTraining(data, validation, false),
    all: dataOf(cut(0, 8), items),
  };
}

const task = smallTask();
const { validation, test } = task.cases;

/** Ranks cases with what is in a model alone, as serving does. */
function rankedBy(model: RivalModel, cases: EvaluationCases, of: RivalTask): Int32Array {
  const components = model.components.map(({ scorer, scale }) =>
    historyComponent(scorer, scale, model.trainingCounts, cases),
  );
  const input: BlendInput = {
    cases,
    counting: planCounting(of.events, cases.times, of.asOf, of.split),
    items,
    excludeHistory: model.excludeHistory,
    components,
    counts: {
      halfLives: model.counts.terms.map(({ halfLife }) => halfLife),
      epsilon: model.counts.epsilon,
    },
    moderators: model.moderators.map(
      ({ kind, term }) =>
        moderatorsOf({ cases, components }, term).find(({ name }) => name === kind)!,
    ),
  };
  const weights = [
    ...model.components.map(({ weight }) => weight),
    ...model.counts.terms.map(({ weight }) => weight),
    ...model.moderators.flatMap((moderator) => moderator.weights),
  ];
  return rankBlends(input, [() => Float64Array.from(weights)])[0]!.ranks;
}

const kinds = task.scorers.training.scorers.map(({ kind }) => kind);
const chosen = chooseHalfLife(
  validation,
  planCounting(task.events, validation.times, 'request', 'global-time'),
  items,
  false,
);

describe('Function: rankRivals', () => {
  const ranked = rankRivals(task);
  const named = (name: string, all = ranked) => all.find(({ model }) => model.name === name)!;

  it('has a model of each rival that ranks as the rival did', () => {
    expect(kinds).toHaveLength(5);
    expect(ranked.map(({ model }) => model.name)).toEqual([
      'popularity',
      ...kinds,
      'recent-popularity',
      'rules-x-recent',
      'knn-x-recent',
      'all-x-recent',
    ]);
    for (const { model, test: onTest } of ranked) {
      expect([model.name, ...rankedBy(model, test, task)]).toEqual([model.name, ...onTest.ranks]);
      expect(model).toMatchObject({ excludeHistory: false, window: 4 });
      expect(model.trainingCounts).toBe(task.itemTable.counts);
    }
  });

  it('says of each what it is made of', () => {
    const allTime = { halfLife: Number.POSITIVE_INFINITY };
    const recent = { halfLife: halfLives[chosen.best] };
    const parts = (name: string) => {
      const { components, counts, moderators } = named(name).model;
      expect(counts.epsilon).toBe(0.5);
      return {
        components: components.map(({ scorer, scale, weight }) => [scorer.kind, scale, weight]),
        terms: counts.terms,
        moderators: moderators.map(({ kind, term, weights }) => [kind, term, weights.length]),
      };
    };

    expect(parts('popularity')).toEqual({
      components: [],
      terms: [{ ...allTime, weight: 1 }],
      moderators: [],
    });
    for (const kind of kinds) {
      expect(parts(kind)).toEqual({
        components: [[kind, 'evidence', 1]],
        terms: [{ ...allTime, weight: 1e-6 }],
        moderators: [],
      });
    }
    expect(parts('recent-popularity')).toEqual({
      components: [],
      terms: [{ ...recent, weight: 1 }],
      moderators: [],
    });
    const lifts = { 'rules-x-recent': ['sequential-rules'], 'knn-x-recent': ['item-knn'] };
    for (const [name, own] of Object.entries({ ...lifts, 'all-x-recent': kinds })) {
      expect(parts(name)).toEqual({
        components: own.map((kind) => [kind, 'lift', expect.any(Number)]),
        terms: [{ ...recent, weight: expect.any(Number) }],
        moderators: [
          ['absence', 0, own.length + 1],
          ['recency', 0, own.length + 1],
        ],
      });
    }
  });

  it('ranks validation cases of a user with what the others chose', () => {
    // Assess: recent popularity with the half-life of the other half of the users.
    const counting = planCounting(task.events, validation.times, 'request', 'global-time');
    const input = (which: number): BlendInput => ({
      cases: validation,
      counting,
      items,
      excludeHistory: false,
      components: [],
      counts: { halfLives: [halfLives[which]!], epsilon: 0.5 },
    });
    const ranks = validation.users.map(
      (user, index) =>
        rankBlends(input(chosen.bestFor(user)), [() => Float64Array.of(1)])[0]!.ranks[index],
    );

    expect([...named('recent-popularity').validation.ranks]).toEqual(ranks);
    for (const name of ['popularity', ...kinds]) {
      const { model, validation: onValidation } = named(name);
      expect(onValidation.ranks).toEqual(rankedBy(model, validation, task));
    }
    const { model, validation: joined } = named('all-x-recent');
    expect(joined.ranks).not.toEqual(rankedBy(model, validation, task));
  });

  it('answers test cases with what was fitted before test, if that is given', () => {
    // Arrange
    const { training } = task.scorers;
    const beforeTest = fitAllAnew(training.scorers, task.all);
    // Another order of the scorers changes nothing.
    const turned = { ...beforeTest, scorers: beforeTest.scorers.toReversed() };
    const known = { ...task, scorers: { training, beforeTest: turned } };

    // Act
    const found = rankRivals(known);

    // Assess
    for (const { model, test: onTest, validation: onValidation } of found) {
      expect(onTest.ranks).toEqual(rankedBy(model, test, known));
      expect(model.trainingCounts).toBe(beforeTest.trainingCounts);
      expect(onValidation).toEqual(named(model.name).validation);
    }
    expect(named('sequential-rules', found).model.components[0]!.scorer).toBe(
      beforeTest.scorers[0],
    );
  });

  it('lets counts keep a share of their weights where they are joined', () => {
    const half = rankRivals({ ...task, countsShare: 0.5 });

    for (const { model } of half) {
      const whole = named(model.name).model;
      const share = model.name.endsWith('-x-recent') ? 0.5 : 1;
      expect(model.components).toEqual(whole.components);
      expect(model.counts.terms.map(({ weight }) => weight)).toEqual(
        whole.counts.terms.map(({ weight }) => share * weight),
      );
      model.moderators.forEach(({ weights }, at) => {
        const before = whole.moderators[at]!.weights;
        expect(weights).toEqual([...before.slice(0, -1), share * before.at(-1)!]);
      });
      expect(named(model.name, half).test.ranks).toEqual(rankedBy(model, test, task));
    }
    expect(named('all-x-recent', half).validation.ranks).not.toEqual(
      named('all-x-recent').validation.ranks,
    );
  });

  it('lets the counts of the shortest half-life keep a share, too', () => {
    // Arrange: with the counts of midnight, validation chooses the first of two half-lives.
    const nightly = { ...task, asOf: 'night' } as const;
    const weightOf = (all: ReturnType<typeof rankRivals>) =>
      named('all-x-recent', all).model.counts.terms.map(({ weight, halfLife }) => [
        halfLife,
        weight,
      ]);

    const [[halfLife, weight]] = weightOf(rankRivals(nightly)) as [[number, number]];

    expect(halfLife).toBe(halfLives[0]);
    expect(weight).toBeGreaterThan(0);
    expect(weightOf(rankRivals({ ...nightly, countsShare: 0.5 }))).toEqual([
      [halfLife, weight / 2],
    ]);
  });

  it('leaves the history out of lists, and reads counts when it is told', () => {
    const other = {
      ...task,
      excludeHistory: true,
      asOf: 'frozen',
      split: 'leave-one-out',
      scorers: fitOnTraining(dataOf([[1, 2, 3]], items), validation, true),
    } as const;

    for (const { model, test: onTest } of rankRivals(other)) {
      expect(model.excludeHistory).toBe(true);
      expect(onTest.ranks).toEqual(rankedBy(model, test, other));
    }
  });
});
