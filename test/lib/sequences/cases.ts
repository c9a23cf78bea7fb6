import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';

/** A case in plain values; what is left out is of no interest to the test. */
export interface PlainCase {
  readonly user?: string;
  readonly history: readonly number[];
  /** Seconds; one a second before the request by default. */
  readonly historyTimes?: readonly number[];
  readonly earlier?: readonly number[];
  readonly target: number;
  readonly time?: number;
  readonly request?: number;
  readonly reward?: number;
  readonly eventType?: string;
}

/** Evaluation cases of plain values; each is a request of its own unless `request` says otherwise. */
export function casesOf(plain: readonly PlainCase[]): EvaluationCases {
  const offsetsOf = (lists: readonly (readonly number[])[]) => {
    const offsets = new Int32Array(lists.length + 1);
    lists.forEach((list, at) => {
      offsets[at + 1] = offsets[at]! + list.length;
    });
    return offsets;
  };
  const time = (one: PlainCase) => one.time ?? 1_500_000_000;
  const earlier = plain.map((one) => one.earlier ?? []);
  return {
    users: plain.map(({ user }, at) => user ?? `user-${at}`),
    requests: Int32Array.from(plain, ({ request }, at) => request ?? at),
    times: Float64Array.from(plain, time),
    offsets: offsetsOf(plain.map(({ history }) => history)),
    items: Int32Array.from(plain.flatMap(({ history }) => history)),
    historyTimes: Float64Array.from(
      plain.flatMap(
        (one) =>
          one.historyTimes ?? one.history.map((_, at) => time(one) - one.history.length + at),
      ),
    ),
    earlierOffsets: offsetsOf(earlier),
    earlierItems: Int32Array.from(earlier.flat()),
    targets: Int32Array.from(plain, ({ target }) => target),
    rewards: Float32Array.from(plain, ({ reward }) => reward ?? 1),
    eventTypes: plain.map(({ eventType }) => eventType ?? ''),
  };
}
