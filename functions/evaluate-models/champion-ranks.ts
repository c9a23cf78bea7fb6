import * as z from 'zod';
import { serving } from '#lib/contracts/keys.ts';
import { beyond, goAbroad } from '#lib/evaluation/beyond.ts';
import { rankBlends } from '#lib/evaluation/blend.ts';
import { moderatorsOf } from '#lib/evaluation/moderators.ts';
import { historyComponent } from '#lib/evaluation/rivals/evidence.ts';
import { type AsOf, planCounting } from '#lib/popularity/as-of.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import type { InteractionEvents } from '#lib/sequences/interaction-events.ts';
import type { SequencesManifest } from '#lib/sequences/manifest.ts';
import {
  type Blend,
  decodeBlend,
  type HistoryPart,
  historyParts,
} from '#lib/serving/blend-file.ts';
import type { Objects } from '#platform/objects.ts';

/** What a champion is ranked on: this run's cases, in this run's vocabulary. */
export interface ChampionTask {
  readonly cases: EvaluationCases;
  readonly itemIds: readonly string[];
  readonly events: InteractionEvents;
  readonly split: SequencesManifest['split'];
  readonly asOf: AsOf;
}

/**
 * Ranks cases with a champion that is a blend of what histories and counts say. (One that has a network is ranked where
 * networks are, in a training job.)
 *
 * @param prefix of its files
 * @returns place of each target, from 1; 0 where the champion cannot show it, `[cases]`
 */
export async function rankChampion(
  objects: Objects,
  prefix: string,
  task: ChampionTask,
): Promise<Int32Array> {
  const keys = serving.modelFiles(prefix);
  const [json, bytes, vocabulary] = await Promise.all([
    objects.getJson(keys.description, z.unknown()),
    objects.getBytes(keys.weights),
    objects.getJson(keys.vocabulary, z.array(z.string())),
  ]);
  return rankWithBlend(decodeBlend(json, bytes), vocabulary, task);
}

/** @param vocabulary item ids of the blend, item `i` at place `i - 1` */
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
