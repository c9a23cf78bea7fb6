import type { SequencesConfig } from '#lib/contracts/config/sequences.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import { expectShards } from '#lib/contracts/limits.ts';
import { itemsPerPart } from '../all-actions.ts';
import { type ArrivedUser, arrivedUsers, firstLeftOut, firstOf, type LeftOut } from '../arrived.ts';
import { explainEmptyCore } from '../enough.ts';
import { usersOfPart } from '../everybody.ts';
import type { InteractionLog } from '../interaction-log.ts';
import {
  addCaseCounts,
  type CaseCounts,
  chooseJudged,
  countCases,
  type JudgedUsers,
} from '../judged.ts';
import type { Parts } from '../parts.ts';
import { countRepeats, leavesHistoryOut, type Repeats, repeatShare } from '../repeats.ts';
import { shardOf, trainingRows } from '../shards.ts';
import { splitNothing } from '../split.ts';
import { buildVocabulary, type Vocabulary } from '../vocabulary.ts';
import type { Bucket, BucketTotals } from './bucket.ts';
import type { CoreRound, ItemsLeft } from './core.ts';
import type { BucketEntry, PartSizes } from './cut.ts';
import { firstPart, layRows, type OpenPart, partsOf } from './laying.ts';

/** What a bucket says of its rows, for all buckets to be cut: how long they are, not what is in them. */
export interface BucketMeasures extends Repeats {
  /** Items of each row of the training shards, and of those of all actions. */
  readonly train: Uint8Array;
  readonly allActions: Uint8Array;
  /** Users with an action. */
  readonly everybody: number;
  /** Held-out cases. */
  readonly cases: CaseCounts;
  /** Who may be judged on what arrived; nobody on a first night. */
  readonly arrived: readonly ArrivedUser[];
}

/**
 * Measures a bucket.
 *
 * @param baskets whether actions at the same time are predicted together
 * @param since as `buildSequences` has it
 */
export function measureBucket(
  { actions }: Bucket,
  parts: Parts,
  { window }: Pick<SequencesConfig, 'window'>,
  baskets: boolean,
  since: number | undefined,
): BucketMeasures {
  const rows = trainingRows(parts.trained.actions, parts.trained.split, window);
  const allRows = trainingRows(parts.all, splitNothing(parts.all), window);
  return {
    ...countRepeats([shardOf(parts.trained.actions, rows)]),
    // At most window + 1, which is 201.
    train: Uint8Array.from(rows, ({ begin, end }) => end - begin),
    allActions: Uint8Array.from(allRows, ({ begin, end }) => end - begin),
    everybody: actions.userIds.length,
    cases: countCases(parts.judged.actions, parts.judged.split, baskets),
    arrived: since === undefined ? [] : arrivedUsers(parts.judged.actions, since),
  };
}

/** What is decided of all buckets once the core has settled. */
export interface Settlement {
  readonly repeatShare: number;
  readonly excludeHistory: boolean;
  /** Where each bucket's rows go, and how many parts there are of each kind. */
  readonly entries: readonly BucketEntry[];
  readonly parts: Readonly<Record<keyof PartSizes, number>>;
  readonly judged: JudgedUsers;
  /** The first user who is not judged on what arrived. */
  readonly leftOut: LeftOut | null;
}

export const partSizes = ({ shardItems }: Pick<SequencesConfig, 'shardItems'>): PartSizes => ({
  train: shardItems,
  allActions: itemsPerPart,
  histories: usersOfPart,
});

/**
 * Decides how all buckets are cut.
 *
 * @param buckets what each has measured in the last round, in order; at least one
 * @throws ValidationError if there are more training shards than a run may have
 */
export function settle(buckets: Iterable<BucketMeasures>, config: SequencesConfig): Settlement {
  const most = partSizes(config);
  const entries: BucketEntry[] = [];
  let arrived: ArrivedUser[] = [];
  let cases: CaseCounts | undefined;
  let repeats = 0;
  let transitions = 0;
  let open: BucketEntry = { train: firstPart, allActions: firstPart, histories: firstPart };
  for (const bucket of buckets) {
    entries.push(open);
    repeats += bucket.repeats;
    transitions += bucket.transitions;
    cases = cases === undefined ? bucket.cases : addCaseCounts(cases, bucket.cases);
    arrived = firstOf([...arrived, ...bucket.arrived]);
    const behind = (from: OpenPart, sizes: Uint8Array, limit: number) =>
      layRows(from, sizes, limit).open;
    open = {
      train: behind(open.train, bucket.train, most.train),
      allActions: behind(open.allActions, bucket.allActions, most.allActions),
      histories: behind(open.histories, new Uint8Array(bucket.everybody).fill(1), most.histories),
    };
  }
  const parts = {
    train: partsOf(open.train),
    allActions: partsOf(open.allActions),
    histories: partsOf(open.histories),
  };
  expectShards(parts.train, config.shardItems);
  const share = repeatShare({ repeats, transitions });
  return {
    repeatShare: share,
    excludeHistory: leavesHistoryOut(config.excludeHistory, share),
    entries,
    parts,
    judged: chooseJudged(cases!, config.maximumCases),
    leftOut: firstLeftOut(arrived),
  };
}

/**
 * The vocabulary of all buckets, by number of all items.
 *
 * @throws ValidationError if the core is empty
 */
export function settleVocabulary(
  { itemIds }: { readonly itemIds: readonly string[] },
  catalogue: InteractionLog['catalogue'],
  left: ItemsLeft,
  { learnt, trained }: CoreRound,
  totals: BucketTotals & { readonly items: number },
  config: SequencesConfig,
): Vocabulary {
  if (!trained.some((count) => count > 0)) {
    throw new ValidationError(explainEmptyCore(totals, config));
  }
  const isLeft = left.trained.map((flag, item) => (flag === 1 || left.later[item] === 1 ? 1 : 0));
  return buildVocabulary({ itemIds, catalogue }, isLeft, learnt);
}
