import { ContractError } from '#lib/contracts/errors.ts';
import {
  type CheckpointFile,
  decodeCheckpoint,
  encodeCheckpoint,
  startState,
} from './checkpoint.ts';

/** A trained model as it can be fitted on: all parameters of its best epoch, and how the training went. */
export interface TrainedParameters {
  readonly parameters: ReadonlyMap<string, Float32Array>;
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly steps: number;
}

/**
 * The parts of `parameters.bin`: a checkpoint without optimiser.
 *
 * @param dataHash of the sequences that the model was trained on
 */
export function encodeParameters(
  { parameters, epochs, bestEpoch, steps }: TrainedParameters,
  dataHash: string,
): Generator<Uint8Array> {
  const best = Object.fromEntries(parameters);
  const state = { ...startState(), epoch: epochs, bestEpoch, step: steps, best };
  return encodeCheckpoint(state, dataHash);
}

/**
 * Reads what `encodeParameters` wrote.
 *
 * @throws ContractError if it is damaged, or of a model that was trained on other sequences
 */
export function decodeParameters(file: CheckpointFile, dataHash: string): TrainedParameters {
  const state = decodeCheckpoint(file, dataHash);
  if (state?.best === undefined) {
    throw new ContractError(
      'parameters.bin is that of a model which was trained on other sequences than those of this run.',
    );
  }
  const { best, epoch: epochs, bestEpoch, step: steps } = state;
  return { parameters: new Map(Object.entries(best)), epochs, bestEpoch, steps };
}
