import type { ActionTable } from '../actions.ts';
import { cutArrivedUsers, type LeftOut } from '../arrived.ts';
import { type CaseOptions, cutCases, type HeldOutPart } from '../cases.ts';
import type { EvaluationCases } from '../evaluation-cases.ts';
import { gatherHistories, type RecentHistories, selectHistories } from '../everybody.ts';
import { type InteractionEvents, sortEvents } from '../interaction-events.ts';
import { isJudged, type JudgedUsers } from '../judged.ts';
import type { Parts } from '../parts.ts';
import type { SequenceShard } from '../shard.ts';
import { shardOf, type TrainingRow, trainingRows } from '../shards.ts';
import { splitNothing, tiedTestCases } from '../split.ts';
import type { Bucket } from './bucket.ts';
import { layRows, type OpenPart } from './laying.ts';

/** Where a bucket's first rows go. */
export interface BucketEntry {
  readonly train: OpenPart;
  readonly allActions: OpenPart;
  /** A row is a user. */
  readonly histories: OpenPart;
}

/** How much a part holds. */
export interface PartSizes {
  readonly train: number;
  readonly allActions: number;
  readonly histories: number;
}

/** What a bucket has of a part, or all of it. */
export interface Piece<T> {
  readonly part: number;
  readonly isWhole: boolean;
  readonly content: T;
}

/** What goes into the manifests, to be summed up. */
export interface BucketSums {
  readonly users: number;
  readonly interactions: number;
  readonly trainSequences: number;
  readonly trainTransitions: number;
  readonly allActionsRows: number;
  readonly allActions: number;
  readonly tiedTestCases: number;
  readonly everybody: number;
  /** Actions that are learned from. */
  readonly learned: number;
}

/** All that a run writes, of one bucket's users. */
export interface CutBucket {
  readonly train: readonly Piece<SequenceShard>[];
  readonly allActions: readonly Piece<SequenceShard>[];
  readonly histories: readonly Piece<RecentHistories>[];
  readonly validation: EvaluationCases;
  readonly test: EvaluationCases;
  readonly arrived: EvaluationCases | undefined;
  readonly events: InteractionEvents;
  readonly sums: BucketSums;
}

/** What `buildSequences` decides of all buckets before any is cut. */
export interface CutOptions extends CaseOptions {
  readonly entry: BucketEntry;
  readonly most: PartSizes;
  readonly judged: JudgedUsers;
  readonly arrived: { readonly since: number; readonly leftOut: LeftOut | null } | null;
}

/**
 * Cuts rows, cases, histories and events of a bucket's users.
 *
 * @param learned what of the bucket is learned from
 * @param parts as `divideBucket` gives them of that, with the bucket's items
 * @param numbers number of each of the bucket's items among all, from 1
 * @param indices index of each in the vocabulary, 0 for none
 */
export function cutBucket(
  { actions }: Bucket,
  learned: Bucket,
  parts: Parts,
  numbers: Int32Array,
  indices: Int32Array,
  options: CutOptions,
): CutBucket {
  const { entry, most, window } = options;
  const numbered = (table: ActionTable): ActionTable => ({
    ...table,
    items: table.items.map((item) => indices[item]!),
  });
  const trained = numbered(parts.trained.actions);
  const judged = numbered(parts.judged.actions);
  const all = numbered(parts.all);
  const { split } = parts.judged;
  const rows = trainingRows(trained, parts.trained.split, window);
  const allRows = trainingRows(all, splitNothing(all), window);
  const everybody = { ...actions, items: actions.items.map((item) => numbers[item]!) };
  const histories = gatherHistories(everybody, window);
  const users = new Uint8Array(actions.userIds.length).fill(1);
  const casesOf = (part: HeldOutPart) =>
    cutCases(judged, split, part, options, (user) => isJudged(options.judged, part, user));
  return {
    train: cutRows(trained, rows, entry.train, most.train),
    allActions: cutRows(all, allRows, entry.allActions, most.allActions),
    histories: layRows(entry.histories, users, most.histories).stretches.map(
      ({ part, isWhole, begin, end }) => ({
        part,
        isWhole,
        content: selectHistories(histories, begin, end),
      }),
    ),
    validation: casesOf('validation'),
    test: casesOf('test'),
    arrived:
      options.arrived === null
        ? undefined
        : cutArrivedUsers(judged, options.arrived.since, options.arrived.leftOut, options),
    events: eventsOf(learned.actions, parts, indices),
    sums: {
      users: judged.userIds.length,
      interactions: judged.items.length,
      trainSequences: rows.length,
      trainTransitions: parts.trained.split.trainEnds.reduce(
        (sum, end) => sum + Math.max(0, end - 1),
        0,
      ),
      allActionsRows: allRows.length,
      allActions: all.items.length,
      tiedTestCases: options.baskets ? 0 : tiedTestCases(judged, split),
      everybody: actions.userIds.length,
      learned: learned.actions.items.length,
    },
  };
}

function cutRows(actions: ActionTable, rows: readonly TrainingRow[], open: OpenPart, most: number) {
  const sizes = rows.map(({ begin, end }) => end - begin);
  return layRows(open, sizes, most).stretches.map(({ part, isWhole, begin, end }) => ({
    part,
    isWhole,
    content: shardOf(actions, rows.slice(begin, end)),
  }));
}

/** Actions of everybody that are learned from, those outside the core too, on items of the vocabulary. */
function eventsOf(
  { items, timestamps }: ActionTable,
  { judged }: Parts,
  indices: Int32Array,
): InteractionEvents {
  const { offsets, rows } = judged.actions;
  const isHeldOut = new Uint8Array(items.length);
  for (let user = 0; user + 1 < offsets.length; user++) {
    const begin = offsets[user]! + judged.split.trainEnds[user]!;
    for (let at = begin; at < offsets[user + 1]!; at++) isHeldOut[rows[at]!] = 1;
  }
  const known = Int32Array.from(items.keys()).filter((at) => indices[items[at]!]! > 0);
  return sortEvents({
    items: Int32Array.from(known, (at) => indices[items[at]!]!),
    times: Float64Array.from(known, (at) => timestamps[at]!),
    isHeldOut: Uint8Array.from(known, (at) => isHeldOut[at]!),
  });
}
