import { beyond, goAbroad } from '#lib/evaluation/beyond.ts';
import { rankBlends } from '#lib/evaluation/blend.ts';
import { moderatorsOf } from '#lib/evaluation/moderators.ts';
import { historyComponent } from '#lib/evaluation/rivals/evidence.ts';
import { type AsOf, type CountedEvents, planCounting } from '#lib/popularity/as-of.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import type { SequencesManifest } from '#lib/sequences/manifest.ts';
import { type Blend, type HistoryPart, historyParts } from './blend-file.ts';

/** What a champion is ranked on: this run's cases, in this run's vocabulary. */
export interface ChampionTask {
  readonly cases: EvaluationCases;
  readonly itemIds: readonly string[];
  readonly events: CountedEvents;
  readonly split: SequencesManifest['split'];
  readonly asOf: AsOf;
}

/**
 * Ranks cases of another night with what is served, a blend of what histories and counts say.
 *
 * @param vocabulary item ids of the blend, item `i` at place `i - 1`
 * @returns place of each target, from 1; 0 where the blend cannot show it, `[cases]`
 * @throws ContractError if it has a network, which is ranked where networks are
 */
export function rankWithBlend(
  blend: Blend,
  vocabulary: readonly string[],
  { cases, itemIds, events, split, asOf }: ChampionTask,
): Int32Array {
  const abroad = goAbroad(cases, events, itemIds, vocabulary, blend.counts.terms.length > 0);
  const taken = blend.trainingCounts ?? new Int32Array(blend.items);
  const parts = historyParts(blend);
  const input = {
    cases: abroad.cases,
    counting: planCounting(abroad.events, cases.times, asOf, split),
    items: abroad.items,
    excludeHistory: blend.excludeHistory,
    components: parts.map(({ scorer, scale }) =>
      beyond(historyComponent(scorer, scale, taken, abroad.seen, blend.window), abroad),
    ),
    counts: {
      epsilon: blend.counts.epsilon,
      halfLives: blend.counts.terms.map(({ halfLife }) => halfLife ?? Number.POSITIVE_INFINITY),
    },
  };
  const moderators = (blend.moderators ?? []).map(
    ({ kind, term }) =>
      moderatorsOf({ ...input, cases: abroad.seen }, term, abroad.known).find(
        ({ name }) => name === kind,
      )!,
  );
  const weights = weightsOf(blend, parts);
  const [ranked] = rankBlends({ ...input, moderators }, [() => weights]);
  return ranked!.ranks;
}

/** `[1 + moderators, components + terms]` */
const weightsOf = ({ counts, moderators = [] }: Blend, parts: readonly HistoryPart[]) =>
  Float64Array.from([
    ...[...parts, ...counts.terms].map(({ weight }) => weight),
    ...moderators.flatMap(({ weights }) => weights),
  ]);
