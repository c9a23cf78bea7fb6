import type { SequencesConfig } from '#lib/contracts/config/sequences.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import type { ActionTable } from './actions.ts';
import { itemsPerPart } from './all-actions.ts';
import { cutArrived } from './arrived.ts';
import { basketShare, formBaskets, sharedTimes } from './baskets.ts';
import { cutCases, type HeldOutPart } from './cases.ts';
import {
  digestCases,
  digestEvents,
  digestItemTable,
  digestShard,
  hashSequences,
} from './data-hash.ts';
import { expectEnough, explainEmptyCore, explainEmptyLog } from './enough.ts';
import type { EvaluationCases } from './evaluation-cases.ts';
import { type Everybody, gatherEverybody } from './everybody.ts';
import { type Histories, orderHistories } from './histories.ts';
import { type InteractionEvents, sortEvents } from './interaction-events.ts';
import type { InteractionLog } from './interaction-log.ts';
import type { ItemTable } from './item-table.ts';
import { chooseJudged, countCases, isJudged } from './judged.ts';
import { learnedHistories } from './limits.ts';
import type { SequencesExcluded, SequencesManifest } from './manifest.ts';
import { divide, type Parts } from './parts.ts';
import { countRepeats, leavesHistoryOut, repeatShare } from './repeats.ts';
import type { SequenceShard } from './shard.ts';
import { cutShards } from './shards.ts';
import { type Split, splitNothing, tiedTestCases } from './split.ts';
import { buildVocabulary } from './vocabulary.ts';

/** Everything below `runs/<run>/sequences/`, still in memory. */
export interface BuiltSequences {
  readonly itemTable: ItemTable;
  /** Training shards; number `n` is `train/part-<n>.arrow`. */
  readonly shards: readonly SequenceShard[];
  /** The same of all actions, held-out ones included: number `n` is `all-actions/part-<n>.arrow`. */
  readonly allActions: readonly SequenceShard[];
  readonly validation: EvaluationCases;
  readonly test: EvaluationCases;
  /** Of what was taken since an earlier night; undefined if there was none. */
  readonly arrived: EvaluationCases | undefined;
  readonly events: InteractionEvents;
  readonly everybody: Everybody;
  readonly manifest: SequencesManifest;
  readonly excluded: SequencesExcluded;
}

/**
 * Builds sequences from a log: orders histories, leaves out duplicates, filters to the k-core, splits, numbers the
 * items, cuts windows and shards. Pure and deterministic: the same set of interactions gives the same bytes, whatever
 * the order in which they were read.
 *
 * Who trains and who is judged is decided in `divide`. Everything that is learned (counts, the order of the vocabulary,
 * the shards) is of training actions alone.
 *
 * @param since the newest action that an earlier night saw, Unix seconds; undefined if there was none
 * @throws ValidationError if nothing, or too little to train and compare on, is left; it says what to change
 */
export function buildSequences(
  log: InteractionLog,
  config: SequencesConfig,
  since?: number,
): BuiltSequences {
  if (log.length === 0) throw new ValidationError(explainEmptyLog(log));
  const asUploaded = orderHistories(log, { policy: config.ties, seed: config.seed });
  const share = basketShare(
    sharedTimes({
      offsets: asUploaded.offsets,
      timestamps: Float64Array.from(asUploaded.rows, (row) => log.timestamps[row]!),
    }),
    asUploaded.rows.length,
  );
  const baskets = formBaskets(config.baskets, share);
  const histories = baskets ? orderHistories(log, { policy: 'by-item', seed: 0 }) : asUploaded;
  const { learned, after, cuts } = learnedHistories(histories, log.timestamps, config);
  const parts = divide(log, learned, config, baskets, cuts);
  if (parts === undefined) {
    throw new ValidationError(
      explainEmptyCore(
        { actions: learned.rows.length, users: log.userIds.length, items: log.itemIds.length },
        config,
      ),
    );
  }

  const { isLeft, counts } = countItems(parts, log.itemIds.length);
  const { table: itemTable, indexOf } = buildVocabulary(log, isLeft, counts);
  const numbered = (table: ActionTable): ActionTable => ({
    ...table,
    items: table.items.map((item) => indexOf[item]!),
  });
  const actions = numbered(parts.judged.actions);
  const { split } = parts.judged;

  const shards = cutShards(
    numbered(parts.trained.actions),
    parts.trained.split,
    config.window,
    config.shardItems,
  );
  const all = numbered(parts.all);
  const allActions = cutShards(all, splitNothing(all), config.window, itemsPerPart);
  const repeats = repeatShare(countRepeats(shards));
  const excludeHistory = leavesHistoryOut(config.excludeHistory, repeats);
  const caseOptions = { window: config.window, excludeHistory, baskets };
  const judged = chooseJudged(countCases(actions, split, baskets), config.maximumCases);
  const casesOf = (part: HeldOutPart) =>
    cutCases(actions, split, part, caseOptions, (user) => isJudged(judged, part, user));
  const [validation, test] = [casesOf('validation'), casesOf('test')];
  const arrived = since === undefined ? undefined : cutArrived(actions, since, caseOptions);
  const events = gatherEvents(log, learned, indexOf, heldOutRows(actions, split, log.length));
  const trainTransitions = parts.trained.split.trainEnds.reduce(
    (sum, end) => sum + Math.max(0, end - 1),
    0,
  );
  expectEnough(
    {
      trainTransitions,
      validationCases: validation.targets.length,
      testCases: test.targets.length,
      interactions: actions.items.length,
      users: actions.userIds.length,
    },
    config,
  );

  const users = actions.userIds.length;
  const items = itemTable.itemIds.length;
  return {
    itemTable,
    shards,
    allActions,
    validation,
    test,
    arrived,
    events,
    everybody: gatherEverybody(log, histories, { window: config.window, after }),
    manifest: {
      users,
      items,
      trainItems: counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0),
      interactions: actions.items.length,
      duplicates: histories.duplicates,
      trainSequences: shards.reduce((sum, shard) => sum + shard.users.length, 0),
      trainTransitions,
      validationCases: validation.targets.length,
      testCases: test.targets.length,
      leftOutCases: judged.leftOut,
      since: since ?? null,
      newestAction: newestOf(log),
      arrivedCases: arrived?.targets.length ?? 0,
      shards: shards.length,
      window: config.window,
      split: config.split,
      basketShare: share,
      baskets,
      repeatShare: repeats,
      excludeHistory,
      dataHash: hashSequences({
        itemTable: digestItemTable(itemTable),
        shards: shards.map(digestShard),
        validation: digestCases(validation),
        test: digestCases(test),
        events: digestEvents(events),
      }),
    },
    excluded: {
      read: log.read,
      notActions: log.notActions,
      takenBack: log.takenBack,
      unknownItems: log.unknownItems,
      duplicates: histories.duplicates,
      tooOld: histories.rows.length - learned.rows.length,
      belowMinimum: learned.rows.length - actions.items.length,
      usersBelowMinimum: log.userIds.length - users,
      itemsBelowMinimum: log.itemIds.length - items,
      tiedTestCases: baskets ? 0 : tiedTestCases(actions, split),
    },
  };
}

/** Which item numbers are left at all, and how often each occurs in the training actions. */
function countItems({ trained, judged }: Parts, itemNumbers: number) {
  const isLeft = new Uint8Array(itemNumbers);
  const counts = new Int32Array(itemNumbers);
  for (const item of judged.actions.items) isLeft[item] = 1;
  const { offsets, items } = trained.actions;
  for (let user = 0; user + 1 < offsets.length; user++) {
    const first = offsets[user]!;
    for (let at = first; at < first + trained.split.trainEnds[user]!; at++) counts[items[at]!]!++;
  }
  return { isLeft, counts };
}

function newestOf({ timestamps, length }: InteractionLog): number {
  return timestamps.subarray(0, length).reduce((newest, time) => Math.max(newest, time), 0);
}

/** 1 for each row of the log that is held out. */
function heldOutRows({ offsets, rows }: ActionTable, split: Split, logRows: number): Uint8Array {
  const isHeldOut = new Uint8Array(logRows);
  for (let user = 0; user + 1 < offsets.length; user++) {
    for (let at = offsets[user]! + split.trainEnds[user]!; at < offsets[user + 1]!; at++) {
      isHeldOut[rows[at]!] = 1;
    }
  }
  return isHeldOut;
}

/** Actions of everybody that are learned from, those outside the core too, on items of the vocabulary. */
function gatherEvents(
  log: InteractionLog,
  { rows }: Histories,
  indexOf: Int32Array,
  isHeldOut: Uint8Array,
): InteractionEvents {
  const known = rows.filter((row) => indexOf[log.items[row]!]! > 0);
  return sortEvents({
    items: Int32Array.from(known, (row) => indexOf[log.items[row]!]!),
    times: Float64Array.from(known, (row) => log.timestamps[row]!),
    isHeldOut: Uint8Array.from(known, (row) => isHeldOut[row]!),
  });
}
