import * as z from 'zod';
import { readEvents } from '#functions/shared/events.ts';
import type { Champion } from '#lib/contracts/champion.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { prequential, runs, serving } from '#lib/contracts/keys.ts';
import { runManifest } from '#lib/contracts/run.ts';
import { rankBlends } from '#lib/evaluation/blend.ts';
import { compareRanks } from '#lib/evaluation/compare-ranks.ts';
import { championLabel } from '#lib/evaluation/evaluation-file.ts';
import { decodeRanks } from '#lib/evaluation/ranks.ts';
import { type AsOf, type CountedEvents, planCounting } from '#lib/popularity/as-of.ts';
import { readNights } from '#lib/promotion/nights.ts';
import { type PrequentialNight, prequentialNight, toNdcg } from '#lib/promotion/prequential.ts';
import {
  decodeEvaluationCases,
  type EvaluationCases,
  firstTime,
} from '#lib/sequences/evaluation-cases.ts';
import { decodeItemTable } from '#lib/sequences/item-table.ts';
import { type SequencesManifest, sequencesManifest } from '#lib/sequences/manifest.ts';
import { decodeBlend, isBlendOfHistories } from '#lib/serving/blend-file.ts';
import { toJson } from '#platform/json.ts';
import type { Objects } from '#platform/objects.ts';
import type { RivalChampion } from './champion.ts';
import { rankChampion } from './champion-ranks.ts';

/**
 * Scores who was in service, and recent popularity, on the actions that arrived since the last night, and writes the night's
 * file, once for all attempts of a run.
 *
 * @returns this night and those before it, the newest first
 */
export async function scoreArrived(
  objects: Objects,
  run: string,
  config: PipelineConfig,
  rival: RivalChampion,
): Promise<PrequentialNight[]> {
  const before = await readNights(objects, run);
  const fixed = await objects.getVersion(prequential.night(run), prequentialNight);
  if (fixed !== undefined) return [fixed.value, ...before];
  const night = await score(objects, run, config, rival, before[0]);
  await objects.putIfAbsent(prequential.night(run), toJson(night));
  return [night, ...before];
}

async function score(
  objects: Objects,
  run: string,
  config: PipelineConfig,
  { champion, unusable }: RivalChampion,
  last: PrequentialNight | undefined,
): Promise<PrequentialNight> {
  const manifest = await objects.getJson(runs.sequencesManifest(run), sequencesManifest);
  const { createdAt } = await objects.getJson(runs.manifest(run), runManifest);
  const { since, arrivedCases } = manifest;
  const night: PrequentialNight = {
    run,
    createdAt,
    since,
    // An action that is dated after the snapshot belongs to the next night.
    until: Math.max(since ?? 0, Math.min(manifest.newestAction, Date.parse(createdAt) / 1000)),
    nextHalfLife: await recentHalfLife(objects, run),
    champion: champion ? describe(champion) : null,
    why: null,
    cases: 0,
    users: 0,
    ndcg10: null,
  };
  const why = whyNothing(champion, unusable, since, arrivedCases);
  if (why !== undefined || champion === undefined) return { ...night, why: why ?? null };
  const world = await readWorld(objects, run, manifest, config.evaluation.countsAsOf);
  const { cases } = world;
  const { users, ...compared } = compareRanks(
    cases.users,
    await rankServed(objects, run, champion, world, config),
    rankRecent(world, last?.nextHalfLife ?? night.nextHalfLife, config),
    config.evaluation,
  );
  return { ...night, cases: cases.targets.length, users, ndcg10: toNdcg({ users, ...compared }) };
}

const describe = ({ run, name, judged, serving }: Champion) => {
  return { run, name, refitted: judged !== serving };
};

function whyNothing(
  champion: Champion | undefined,
  unusable: string | undefined,
  since: number | null,
  cases: number,
): string | undefined {
  if (unusable !== undefined) return unusable;
  if (champion === undefined) return 'Nothing was in service before this night.';
  if (since === null) return 'No earlier night says up to when actions were learned from.';
  if (cases === 0) return 'Nobody with a history took anything since the last night.';
  return undefined;
}

/** What all are ranked on. */
interface World {
  readonly cases: EvaluationCases;
  readonly events: CountedEvents;
  readonly itemIds: readonly string[];
  readonly manifest: SequencesManifest;
}

async function readWorld(
  objects: Objects,
  run: string,
  manifest: SequencesManifest,
  asOf: AsOf,
): Promise<World> {
  const cases = decodeEvaluationCases(await objects.getBytes(runs.evaluationCases(run, 'arrived')));
  const { itemIds } = decodeItemTable(await objects.getBytes(runs.itemTable(run)));
  const requests = { first: firstTime(cases), asOf, split: manifest.split };
  const events = await readEvents(objects, run, itemIds.length, requests);
  return { cases, events, itemIds, manifest };
}

/** Ranks of the files that were served: those of the job that ranks the champion, if it has a network. */
async function rankServed(
  objects: Objects,
  run: string,
  champion: Champion,
  { cases, events, itemIds, manifest }: World,
  { evaluation }: PipelineConfig,
): Promise<Int32Array> {
  const { description } = serving.modelFiles(champion.serving);
  if (!isBlendOfHistories(await objects.getJson(description, z.unknown()))) {
    const bytes = await objects.getBytes(runs.modelRanks(run, championLabel, 'arrived'));
    return decodeRanks(bytes, cases.targets.length, 'champion, arrived');
  }
  const { split } = manifest;
  const task = { cases, events, itemIds, split, asOf: evaluation.countsAsOf };
  return rankChampion(objects, champion.serving, task);
}

/** Ranks of recent popularity as an earlier night would have served it. */
function rankRecent(
  { cases, events, itemIds, manifest }: World,
  halfLife: number | null,
  { evaluation }: PipelineConfig,
): Int32Array {
  const [ranked] = rankBlends(
    {
      cases,
      counting: planCounting(events, cases.times, evaluation.countsAsOf, manifest.split),
      items: itemIds.length,
      excludeHistory: manifest.excludeHistory,
      components: [],
      counts: { halfLives: [halfLife ?? Number.POSITIVE_INFINITY], epsilon: 0.5 },
    },
    [() => Float64Array.of(1)],
  );
  return ranked!.ranks;
}

/** The half-life of tonight's recent popularity, seconds; null for all time. */
async function recentHalfLife(objects: Objects, run: string): Promise<number | null> {
  const keys = serving.modelFiles(runs.modelPrefix(run, 'recent-popularity'));
  const json = await objects.getJson(keys.description, z.unknown());
  return decodeBlend(json, await objects.getBytes(keys.weights)).counts.terms[0]?.halfLife ?? null;
}
