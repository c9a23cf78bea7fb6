import { describe, expect, it } from 'vitest';
import {
  type CheckpointState,
  decodeCheckpoint,
  encodeCheckpoint,
  startState,
} from '#lib/recommender/checkpoint.ts';

const variables = new Map<string, Float32Array | Int32Array | Uint8Array>([
  ['main/a', Float32Array.of(1.5, Number.NaN, -0)],
  ['flags', Uint8Array.of(1, 0, 1)],
  ['adam/step', Int32Array.of(7)],
]);

const state: CheckpointState = {
  ...startState(),
  epoch: 3,
  batch: 5,
  step: 65,
  lossSum: 0.1 + 0.2,
  targetSum: 12,
  curve: [{ epoch: 1, step: 20, loss: 2.25, 'validation_hr@10': 0.5, 'validation_ndcg@10': 0.25 }],
  bestEpoch: 1,
  bestNdcg: 0.25,
  best: { 'main/a': Float32Array.of(1, 2, 3) },
  variables: {
    specs: {
      'main/a': { dtype: 'float32', length: 3 },
      flags: { dtype: 'bool', length: 3 },
      'adam/step': { dtype: 'int32', length: 1 },
    },
    read: (name) => variables.get(name)!,
  },
};

function fileOf(bytes: Uint8Array) {
  return {
    size: bytes.length,
    read: (offset: number, length: number) => bytes.slice(offset, offset + length),
  };
}

describe('Functions: encodeCheckpoint, decodeCheckpoint', () => {
  const bytes = Buffer.concat([...encodeCheckpoint(state, 'mine')]);

  it('give the same state back to the bit', () => {
    // Act
    const decoded = decodeCheckpoint(fileOf(bytes), 'mine')!;

    // Assess
    const { variables: stored, ...rest } = decoded;
    const { variables: _, ...expected } = state;
    expect(rest).toEqual(expected);
    expect(stored!.specs).toEqual(state.variables!.specs);
    for (const [name, values] of variables) expect(stored!.read(name)).toEqual(values);
  });

  it('do not go on from what belongs to another model or other data', () => {
    expect(decodeCheckpoint(fileOf(bytes), 'another')).toBeUndefined();
  });

  it.each([0, 3, 40, bytes.length - 1])('refuse a file of only %d bytes', (length) => {
    expect(() => decodeCheckpoint(fileOf(bytes.subarray(0, length)), 'mine')).toThrow(
      /damaged|cut off/,
    );
  });

  it('keep the start, where nothing is known yet', () => {
    // Act
    const start = Buffer.concat([...encodeCheckpoint(startState(), 'mine')]);
    const decoded = decodeCheckpoint(fileOf(start), 'mine')!;

    // Assess
    expect(decoded).toMatchObject({ epoch: 0, step: 0, best: undefined });
    expect(decoded.variables!.specs).toEqual({});
  });
});
