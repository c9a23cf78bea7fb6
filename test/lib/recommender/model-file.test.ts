import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeModel, encodeModel, type RecommenderModel } from '#lib/recommender/model-file.ts';

const weights = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 5 })), {
    minLength: 1,
    maxLength: 6,
  })
  .map((shapes) => {
    const entries = shapes.map(([rows, columns], index) => {
      const values = Float32Array.from({ length: rows * columns }, (_, at) => Math.sin(at + index));
      return [`parameter/${index}`, { shape: [rows, columns], values }] as const;
    });
    return new Map(entries);
  });

function modelOf(parameters: RecommenderModel['weights']): RecommenderModel {
  return {
    backbone: 'sasrec',
    shape: {
      items: 3,
      dimension: 4,
      blocks: 1,
      heads: 2,
      window: 5,
      positionsFrom: 'end',
      timeAttention: false,
      baskets: false,
    },
    excludeHistory: true,
    weights: parameters,
  };
}

const written = (parameters: RecommenderModel['weights']) => {
  const { description, weights: bytes } = encodeModel(modelOf(parameters));
  return { json: JSON.parse(JSON.stringify(description)) as Record<string, unknown>, bytes };
};

describe('Functions: encodeModel, decodeModel', () => {
  it('give the same model back, wherever the bytes lie in memory', () => {
    fc.assert(
      fc.property(weights, fc.integer({ min: 0, max: 7 }), (parameters, shift) => {
        // Arrange
        const { json, bytes } = written(parameters);
        const elsewhere = new Uint8Array(bytes.length + shift);
        elsewhere.set(bytes, shift);

        // Act
        const model = decodeModel(json, elsewhere.subarray(shift));

        // Assess
        expect(model).toEqual(modelOf(parameters));
      }),
    );
  });

  it('write little-endian float32 at the offsets that model.json names', () => {
    // Arrange
    const parameters = new Map([
      ['a', { shape: [2], values: Float32Array.of(1, -2.5) }],
      ['b', { shape: [1, 1], values: Float32Array.of(0.1) }],
    ]);

    // Act
    const { description, weights: bytes } = encodeModel(modelOf(parameters));

    // Assess
    expect(description.weights).toEqual([
      { name: 'a', shape: [2], dtype: 'float32', offset: 0 },
      { name: 'b', shape: [1, 1], dtype: 'float32', offset: 8 },
    ]);
    const view = new DataView(bytes.buffer);
    expect(view.getFloat32(4, true)).toBe(-2.5);
    expect(view.getFloat32(8, true)).toBe(Math.fround(0.1));
  });

  it('read a model from before there was a choice of positions', () => {
    // Arrange
    const { json, bytes } = written(new Map([['a', { shape: [1], values: Float32Array.of(1) }]]));
    const { positionsFrom, ...earlier } = json;

    // Act & Assess
    expect(positionsFrom).toBe('end');
    expect(decodeModel(earlier, bytes).shape.positionsFrom).toBe('start');
  });

  it('refuses weights that are cut off', () => {
    // Arrange
    const { json, bytes } = written(
      new Map([['a', { shape: [2], values: Float32Array.of(1, 2) }]]),
    );

    // Act
    const decode = () => decodeModel(json, bytes.subarray(0, 7));

    // Assess
    expect(decode).toThrow('weights.bin has 7 bytes, but "a" lies at 0 to 8');
  });

  it('refuse weights of which a single bit was flipped', () => {
    fc.assert(
      fc.property(weights, fc.nat(), (parameters, place) => {
        // Arrange
        const { json, bytes } = written(parameters);
        const bit = place % (8 * bytes.length);
        bytes[bit >> 3]! ^= 1 << (bit & 7);

        // Assess
        expect(() => decodeModel(json, bytes)).toThrow(
          'weights.bin is not the file that model.json was written with',
        );
      }),
    );
  });

  it('read a model from before its weights were hashed', () => {
    // Arrange
    const { json, bytes } = written(new Map([['a', { shape: [1], values: Float32Array.of(1) }]]));
    const { weightsHash, ...earlier } = json;

    // Assess
    expect(weightsHash).toMatch(/^[0-9a-f]{64}$/);
    expect(decodeModel(earlier, bytes)).toEqual(decodeModel(json, bytes));
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuse weights that are %d', (value) => {
    // Arrange
    const values = Float32Array.of(1, value);
    const whole = written(new Map([['a', { shape: [2], values: Float32Array.of(1, 2) }]]));
    const { weightsHash: _, ...earlier } = whole.json;
    const bytes = new Uint8Array(values.buffer);

    // Assess
    const message = `Weight 1 of "a" is ${value}: the training diverged`;
    expect(() => written(new Map([['a', { shape: [2], values }]]))).toThrow(message);
    expect(() => decodeModel(earlier, bytes)).toThrow(message);
  });

  it.each([
    ['an unknown key', { extra: 1 }],
    ['another format', { format: 'other' }],
    ['a later version', { formatVersion: 2 }],
    ['an unknown backbone', { backbone: 'transformer' }],
  ])('refuses %s', (_, change) => {
    // Arrange
    const { json, bytes } = written(new Map([['a', { shape: [1], values: Float32Array.of(1) }]]));

    // Act
    const decode = () => decodeModel({ ...json, ...change }, bytes);

    // Assess
    expect(decode).toThrow('model.json is not that of a recommender');
  });
});
