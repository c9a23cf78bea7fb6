import { decodeColumns } from '#lib/columns/arrow-reading.ts';
import {
  encodeColumns,
  float32Column,
  float64Column,
  float64Values,
  int32Column,
  int32Values,
  listColumn,
  utf8Column,
} from '#lib/columns/arrow-writing.ts';
import { batchesOf, joinStreams } from '#lib/columns/batches.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import { readHistories } from './history-columns.ts';

/**
 * Held-out actions with their histories (docs/contracts.md, 3), in the order in which ranks are reported: by user, then
 * time. A case is one action that somebody took at a time; all that is known then is in its history.
 */
export interface EvaluationCases {
  /** `[cases]`; a user may have several cases. */
  readonly users: readonly string[];
  /**
   * `[cases]`, from 0, ascending without gaps. Cases of one request are the actions of one basket: they follow each
   * other and have the same user, time and history, so that one list answers all of them.
   */
  readonly requests: Int32Array;
  /** Unix seconds at which the list is asked for, which is when the action was taken, `[cases]`. */
  readonly times: Float64Array;
  /** `[cases + 1]`: case `c` has the history `items[offsets[c]]` to `items[offsets[c + 1] - 1]`, possibly empty. */
  readonly offsets: Int32Array;
  /** Item indices in time order, at most `window` a case. */
  readonly items: Int32Array;
  /** Unix seconds of each action of the histories, as `items`. */
  readonly historyTimes: Float64Array;
  /** `[cases + 1]`, where each case's items begin in `earlierItems`. */
  readonly earlierOffsets: Int32Array;
  /**
   * Items that were taken before the window begins and not again in it, each once, ascending: left out of the list with
   * those of the window. Nothing where lists may hold the history.
   */
  readonly earlierItems: Int32Array;
  /** Item index of the held-out action, `[cases]`. */
  readonly targets: Int32Array;
  /** Base reward of the held-out action, `[cases]`. */
  readonly rewards: Float32Array;
  /** Event type of the held-out action, '' for none, `[cases]`. */
  readonly eventTypes: readonly string[];
}

/** Cases are written and hashed in batches of so many. */
export const caseBatches = {
  size: 16_384,
  rows: ({ targets }: EvaluationCases) => targets.length,
  slice: sliceCases,
};

/** Cases `[begin, end)`, their requests numbered as before. */
function sliceCases(cases: EvaluationCases, begin: number, end: number): EvaluationCases {
  const from0 = (all: Int32Array) => all.slice(begin, end + 1).map((at) => at - all[begin]!);
  const { offsets, earlierOffsets } = cases;
  return {
    users: cases.users.slice(begin, end),
    requests: cases.requests.slice(begin, end),
    times: cases.times.slice(begin, end),
    offsets: from0(offsets),
    items: cases.items.slice(offsets[begin], offsets[end]),
    historyTimes: cases.historyTimes.slice(offsets[begin], offsets[end]),
    earlierOffsets: from0(earlierOffsets),
    earlierItems: cases.earlierItems.slice(earlierOffsets[begin], earlierOffsets[end]),
    targets: cases.targets.slice(begin, end),
    rewards: cases.rewards.slice(begin, end),
    eventTypes: cases.eventTypes.slice(begin, end),
  };
}

/** Writes evaluation cases as an Arrow IPC stream, in batches. */
export const encodeEvaluationCases = (cases: EvaluationCases): Uint8Array =>
  joinStreams(batchesOf(cases, caseBatches).map(encodeCaseBatch));

/** Writes a batch of cases as a stream of its own. */
export function encodeCaseBatch(cases: EvaluationCases): Uint8Array {
  return encodeColumns([
    utf8Column('user_id', cases.users),
    int32Column('request', cases.requests),
    float64Column('timestamp', cases.times),
    listColumn('items', cases.offsets, int32Values(cases.items)),
    listColumn('timestamps', cases.offsets, float64Values(cases.historyTimes)),
    listColumn('earlier', cases.earlierOffsets, int32Values(cases.earlierItems)),
    int32Column('target', cases.targets),
    float32Column('reward', cases.rewards),
    utf8Column('event_type', cases.eventTypes),
  ]);
}

/**
 * Reads evaluation cases; the arrays may be views of `bytes`.
 *
 * @throws ContractError naming the column and row that do not follow the contract
 */
export function decodeEvaluationCases(bytes: Uint8Array): EvaluationCases {
  const what = 'the evaluation cases';
  const columns = decodeColumns(bytes, what);
  const { times: historyTimes, ...histories } = readHistories(columns, what, 0);
  const targets = columns.column('target').int32();
  const wrong = targets.findIndex((target) => target < 1);
  if (wrong !== -1) {
    throw new ContractError(
      `${what}: row ${wrong}, column "target": ${targets[wrong]} is no item index (1 and up).`,
    );
  }
  const requests = columns.column('request').int32();
  expectAscending(what, requests);
  return {
    ...histories,
    historyTimes,
    requests,
    times: columns.column('timestamp').float64(),
    targets,
    rewards: columns.column('reward').float32(),
    eventTypes: columns.column('event_type').strings(),
  };
}

/** When the first list is asked for, Unix seconds; infinity for none. */
export const firstTime = ({ times }: Pick<EvaluationCases, 'times'>): number =>
  times.reduce((first, time) => Math.min(first, time), Number.POSITIVE_INFINITY);

/** The items of a case's history within the window, in time order. */
export function historyOf({ items, offsets }: EvaluationCases, index: number): Int32Array {
  return items.subarray(offsets[index]!, offsets[index + 1]!);
}

/** All items of a case's history, within the window and before it: what a list without the history leaves out. */
export function takenBefore(cases: EvaluationCases, index: number): Set<number> {
  const taken = new Set(historyOf(cases, index));
  for (let at = cases.earlierOffsets[index]!; at < cases.earlierOffsets[index + 1]!; at++) {
    taken.add(cases.earlierItems[at]!);
  }
  return taken;
}

/** Where the cases of each request begin, `[requests + 1]`. */
export function requestOffsets({ requests }: EvaluationCases): Int32Array {
  const begins = Int32Array.from(requests.keys()).filter(
    (at) => at === 0 || requests[at] !== requests[at - 1],
  );
  return Int32Array.from([...begins, requests.length]);
}

/** Requests are numbered from 0, those of a case are that of the case before it or the next. */
function expectAscending(what: string, requests: Int32Array): void {
  let last = -1;
  for (let row = 0; row < requests.length; row++) {
    const request = requests[row]!;
    if (request !== last + 1 && (request !== last || row === 0)) {
      throw new ContractError(
        `${what}: row ${row}, column "request" is ${request}, expected ${Math.max(0, last)} or ${last + 1}.`,
      );
    }
    last = request;
  }
}
