import { ContractError } from '#lib/contracts/errors.ts';
import type { AugmentedShard } from '#lib/environment/augmented-shard.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';

/** @throws ContractError if an item index is not in the vocabulary of so many items */
export function checkItems(values: Int32Array, items: number, part: number): void {
  const wrong = values.find((item) => item > items);
  if (wrong !== undefined) {
    throw new ContractError(
      `Training shard ${part}: item index ${wrong} is not in the vocabulary of ${items} items.`,
    );
  }
}

/**
 * One number that is none would make every weight of the model none within a step.
 *
 * @throws ContractError that names the column and the place
 */
export function checkFinite(where: string, columns: Readonly<Record<string, Float32Array>>): void {
  for (const [name, values] of Object.entries(columns)) {
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at === -1) continue;
    throw new ContractError(`${where}: value ${at} of "${name}" is ${values[at]}, not a number.`);
  }
}

/** @throws ContractError if an augmented shard is not that of its training shard, or a number in it is not finite */
export function checkAnswer(
  sequences: SequenceShard,
  augmented: AugmentedShard,
  part: number,
): void {
  checkSameRows(sequences, augmented, part);
  const { rewards, rewardSpreads, candidateRewards, candidateRewardSpreads, candidateChances } =
    augmented;
  checkFinite(`Augmented shard ${part}`, {
    rewards,
    rewardSpreads,
    candidateRewards,
    candidateRewardSpreads,
    candidateChances,
  });
  // The largest exponent of a float16 stands for infinity and for what is no number.
  const at = augmented.states.findIndex((bits) => (bits & 0x7c00) === 0x7c00);
  if (at !== -1)
    throw new ContractError(`Augmented shard ${part}: state number ${at} is not finite.`);
}

/** An augmented shard repeats its training shard's rows; anything else belongs to another run. */
function checkSameRows(sequences: SequenceShard, augmented: AugmentedShard, part: number): void {
  const isSame =
    sequences.users.length === augmented.users.length &&
    sequences.items.length === augmented.items.length &&
    sequences.users.every((user, row) => user === augmented.users[row]) &&
    sequences.starts.every((start, row) => start === augmented.starts[row]) &&
    sequences.items.every((item, index) => item === augmented.items[index]);
  if (!isSame) {
    throw new ContractError(
      `Augmented shard ${part} does not repeat the rows of training shard ${part}; it belongs to other sequences. Augment again.`,
    );
  }
}
