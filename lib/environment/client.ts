import { decodeColumns } from '#lib/columns/arrow-reading.ts';
import { encodeColumns, int32Column, int32Values, listColumn } from '#lib/columns/arrow-writing.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';
import {
  type AugmentedShard,
  type EnvironmentColumns,
  readEnvironmentColumns,
} from './augmented-shard.ts';

/** `Content-Type` of requests to the LE and of its responses. */
export const environmentContentType = 'application/vnd.apache.arrow.stream';

/** The LLM environment as the pipeline sees it: one request in, one response out (docs/contracts.md, 4). */
export interface EnvironmentClient {
  /**
   * Asks for states, rewards and candidate actions.
   *
   * @param request from `encodeEnvironmentRequest`
   * @returns the body to hand to `decodeEnvironmentResponse`
   * @throws UnavailableError if the LE is busy or restarting
   */
  augment(request: Uint8Array): Promise<Uint8Array>;
}

/** Calibrated rewards lie in this interval. */
export const rewardRange = { minimum: -1, maximum: 2 } as const;

/**
 * The request for a shard: one row a sequence.
 *
 * @param shard rows of at most `window + 1` items
 * @param candidates how many candidate actions each position gets (K)
 */
export function encodeEnvironmentRequest(
  shard: Pick<SequenceShard, 'offsets' | 'items'>,
  candidates: number,
): Uint8Array {
  const rows = shard.offsets.length - 1;
  return encodeColumns([
    listColumn('items', shard.offsets, int32Values(shard.items)),
    int32Column('candidates', new Int32Array(rows).fill(candidates)),
  ]);
}

/**
 * Reads the LE's response to a shard and checks all that the contract promises: as many rows, states and transitions
 * as asked for, finite numbers, rewards in range, spreads not negative, candidates that are items, never the logged
 * action, without repeats.
 *
 * @param bytes the response
 * @param shard what was asked
 * @param expected the number of items in the vocabulary and of candidates asked for; what is absent is not checked
 * @throws ContractError naming row, position and column of the first value that breaks the contract
 */
export function decodeEnvironmentResponse(
  bytes: Uint8Array,
  shard: Pick<SequenceShard, 'users' | 'starts' | 'offsets' | 'items'>,
  expected: { readonly items?: number; readonly candidates?: number } = {},
): AugmentedShard {
  const what = "the environment's response";
  const answer = readEnvironmentColumns(decodeColumns(bytes, what), shard.offsets, what);
  expectNumbers(answer, shard.offsets, what);
  expectCandidates(answer, shard, expected, what);
  return {
    users: shard.users,
    starts: shard.starts,
    offsets: shard.offsets,
    items: shard.items,
    ...answer,
  };
}

function expectNumbers(answer: EnvironmentColumns, offsets: Int32Array, what: string): void {
  const { states, stateDimension, transitionOffsets, candidateOffsets } = answer;
  const inRange = (value: number) => value >= rewardRange.minimum && value <= rewardRange.maximum; // false for NaN
  const isSpread = (value: number) => value >= 0 && value < Number.POSITIVE_INFINITY;
  const isChance = (value: number) => value >= 0 && value <= 1;
  const reward = `a reward between ${rewardRange.minimum} and ${rewardRange.maximum}`;
  const spread = 'a finite spread of at least 0';

  // A float16 with all exponent bits set is an infinity or not a number.
  const badState = states.findIndex((bits) => (bits & 0x7c00) === 0x7c00);
  if (badState !== -1) {
    const { row, position } = locate(offsets, Math.floor(badState / stateDimension));
    throw new ContractError(
      `${what}: row ${row}, column "states", position ${position} has a number that is not finite.`,
    );
  }
  const check = (
    name: keyof EnvironmentColumns,
    isGood: (value: number) => boolean,
    kind: string,
    transitionOf: (index: number) => number,
  ) => {
    const values = answer[name] as Float32Array;
    const bad = values.findIndex((value) => !isGood(value));
    if (bad === -1) return;
    const { row, position } = locate(transitionOffsets, transitionOf(bad));
    throw new ContractError(
      `${what}: row ${row}, column "${name}", position ${position}: ${values[bad]} is not ${kind}.`,
    );
  };
  const same = (index: number) => index;
  const ofCandidate = (index: number) => locate(candidateOffsets, index).row;
  check('rewards', inRange, reward, same);
  check('rewardSpreads', isSpread, spread, same);
  check('candidateRewards', inRange, reward, ofCandidate);
  check('candidateRewardSpreads', isSpread, spread, ofCandidate);
  check('candidateChances', isChance, 'a chance between 0 and 1', ofCandidate);
}

function expectCandidates(
  answer: EnvironmentColumns,
  shard: Pick<SequenceShard, 'offsets' | 'items'>,
  expected: { readonly items?: number; readonly candidates?: number },
  what: string,
): void {
  const { transitionOffsets, candidateOffsets, candidates } = answer;
  const last = expected.items ?? Number.POSITIVE_INFINITY;
  for (let row = 0; row + 1 < transitionOffsets.length; row++) {
    for (let at = transitionOffsets[row]!; at < transitionOffsets[row + 1]!; at++) {
      const position = at - transitionOffsets[row]!;
      const logged = shard.items[shard.offsets[row]! + position + 1]!;
      const begin = candidateOffsets[at]!;
      const end = candidateOffsets[at + 1]!;
      const fail = (problem: string) => {
        throw new ContractError(
          `${what}: row ${row}, column "candidates", position ${position} ${problem}.`,
        );
      };
      if (expected.candidates !== undefined && end - begin !== expected.candidates) {
        fail(`has ${end - begin} candidates, ${expected.candidates} were asked for`);
      }
      for (let index = begin; index < end; index++) {
        const candidate = candidates[index]!;
        if (candidate < 1 || candidate > last) fail(`has ${candidate}, which is no item index`);
        if (candidate === logged) fail(`has the logged action ${candidate}`);
        for (let other = begin; other < index; other++) {
          if (candidates[other] === candidate) fail(`has ${candidate} twice`);
        }
      }
    }
  }
}

/** The list in which a value lies, and its place there. */
function locate(offsets: Int32Array, index: number): { row: number; position: number } {
  let low = 0;
  let high = offsets.length - 1; // offsets[low] <= index < offsets[high]
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (offsets[middle]! <= index) low = middle;
    else high = middle;
  }
  return { row: low, position: index - offsets[low]! };
}
