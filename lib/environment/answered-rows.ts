import { ContractError } from '#lib/contracts/errors.ts';
import {
  type AugmentedShard,
  type EnvironmentColumns,
  transitionOffsetsOf,
} from './augmented-shard.ts';

/** Rows that somebody wants answers for. */
export type AskedRows = Pick<AugmentedShard, 'users' | 'starts' | 'offsets' | 'items'>;

/** Where the answer of a row is. */
export interface AnswerSource {
  readonly answers: EnvironmentColumns & { readonly offsets: Int32Array };
  readonly row: number;
  /** An item index there to the one that is wanted; 0 leaves the candidate out. */
  readonly itemOf: (index: number) => number;
}

/** Some rows of a shard, one after the other. */
export function selectRows(shard: AskedRows, rows: readonly number[]): AskedRows {
  const offsets = new Int32Array(rows.length + 1);
  rows.forEach((row, at) => {
    offsets[at + 1] = offsets[at]! + shard.offsets[row + 1]! - shard.offsets[row]!;
  });
  const items = new Int32Array(offsets[rows.length]!);
  rows.forEach((row, at) => {
    items.set(shard.items.subarray(shard.offsets[row]!, shard.offsets[row + 1]!), offsets[at]!);
  });
  return {
    users: rows.map((row) => shard.users[row]!),
    starts: Int32Array.from(rows, (row) => shard.starts[row]!),
    offsets,
    items,
  };
}

/**
 * A shard with answers from several places. Candidates that are no item of the shard's vocabulary are left out, so that
 * positions may have different numbers of them.
 *
 * @param sources `[rows]`: where each row's answer is
 * @throws ContractError when states differ in length, or an answer is of a row of another length
 */
export function gatherAnswers(shard: AskedRows, sources: readonly AnswerSource[]): AugmentedShard {
  const { offsets } = shard;
  const stateDimension = sources[0]?.answers.stateDimension ?? 0;
  const transitionOffsets = transitionOffsetsOf(offsets);
  const transitions = transitionOffsets.at(-1)!;
  const candidateOffsets = new Int32Array(transitions + 1);
  for (const { answers, row, itemOf, at } of placed(sources, transitionOffsets)) {
    expectFit(answers, row, stateDimension, offsets[at.row + 1]! - offsets[at.row]!);
    for (let own = 0; own < at.count; own++) {
      const from = answers.transitionOffsets[row]! + own;
      let kept = 0;
      for (let c = answers.candidateOffsets[from]!; c < answers.candidateOffsets[from + 1]!; c++) {
        if (itemOf(answers.candidates[c]!) > 0) kept++;
      }
      candidateOffsets[at.first + own + 1] = kept;
    }
  }
  for (let at = 0; at < transitions; at++) candidateOffsets[at + 1]! += candidateOffsets[at]!;
  const total = candidateOffsets[transitions]!;
  const gathered: AugmentedShard = {
    users: shard.users,
    starts: shard.starts,
    offsets,
    items: shard.items,
    stateDimension,
    states: new Uint16Array(shard.items.length * stateDimension),
    transitionOffsets,
    rewards: new Float32Array(transitions),
    rewardSpreads: new Float32Array(transitions),
    candidateOffsets,
    candidates: new Int32Array(total),
    candidateRewards: new Float32Array(total),
    candidateRewardSpreads: new Float32Array(total),
    candidateChances: new Float32Array(total),
  };
  for (const { answers, row, itemOf, at } of placed(sources, transitionOffsets)) {
    const values = [answers.offsets[row]!, answers.offsets[row + 1]!].map(
      (value) => value * stateDimension,
    );
    gathered.states.set(
      answers.states.subarray(...(values as [number, number])),
      offsets[at.row]! * stateDimension,
    );
    const first = answers.transitionOffsets[row]!;
    for (const name of ['rewards', 'rewardSpreads'] as const) {
      gathered[name].set(answers[name].subarray(first, first + at.count), at.first);
    }
    let to = candidateOffsets[at.first]!;
    const end = answers.candidateOffsets[first + at.count]!;
    for (let c = answers.candidateOffsets[first]!; c < end; c++) {
      const item = itemOf(answers.candidates[c]!);
      if (item === 0) continue;
      gathered.candidates[to] = item;
      gathered.candidateRewards[to] = answers.candidateRewards[c]!;
      gathered.candidateRewardSpreads[to] = answers.candidateRewardSpreads[c]!;
      gathered.candidateChances[to] = answers.candidateChances[c]!;
      to++;
    }
  }
  return gathered;
}

/** The sources with the transitions of their rows. */
function placed(sources: readonly AnswerSource[], transitionOffsets: Int32Array) {
  return sources.map((source, row) => {
    const first = transitionOffsets[row]!;
    return { ...source, at: { row, first, count: transitionOffsets[row + 1]! - first } };
  });
}

function expectFit(
  answers: AnswerSource['answers'],
  row: number,
  stateDimension: number,
  length: number,
): void {
  const answered = answers.offsets[row + 1]! - answers.offsets[row]!;
  if (answers.stateDimension === stateDimension && answered === length) return;
  throw new ContractError(
    `An answer of ${answered} items with states of ${answers.stateDimension} numbers was taken for a row of ${length} items with ${stateDimension}: answers of two environments were mixed.`,
  );
}
