import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillBatches } from '#local/state-machine/item-batcher.ts';
import { type Json, jsonBytes, PAYLOAD_LIMIT } from '#local/state-machine/payload.ts';

describe('Function: fillBatches', () => {
  it('fills batches up to the number of items', () => {
    expect(fillBatches([1, 2, 3, 4, 5], { maxItems: 2 })).toEqual([[1, 2], [3, 4], [5]]);
    expect(fillBatches([], { maxItems: 2 })).toEqual([]);
  });

  it('fills batches up to the bytes of the whole input', () => {
    const bytes = jsonBytes({ Items: ['aa', 'bb'] });
    expect(fillBatches(['aa', 'bb', 'cc'], { maxBytes: bytes })).toEqual([['aa', 'bb'], ['cc']]);
    expect(fillBatches(['aa', 'bb', 'cc'], { maxBytes: bytes - 1 })).toEqual([
      ['aa'],
      ['bb'],
      ['cc'],
    ]);
    // {"BatchInput":"x","Items":["aa"]} leaves no room for the other.
    expect(fillBatches(['aa', 'bb'], { maxBytes: 35 }, 'x')).toEqual([['aa'], ['bb']]);
  });

  it('never fills one beyond 256 KiB', () => {
    const item = 'x'.repeat(PAYLOAD_LIMIT / 3);
    expect(fillBatches([item, item, item], { maxItems: 9 }).map((batch) => batch.length)).toEqual([
      2, 1,
    ]);
  });

  it('names an item that is too large for any batch', () => {
    expect(() => fillBatches(['a', 'b'.repeat(50)], { maxBytes: 40 })).toThrow(
      expect.objectContaining({
        error: 'States.DataLimitExceeded',
        causeText: expect.stringMatching(/^Item 1 has 52 bytes; .* more than the 40 allowed/),
      }),
    );
  });

  it('loses and moves nothing, and keeps both limits', () => {
    const item = fc.oneof(fc.integer(), fc.string({ maxLength: 20 }), fc.constant(null));
    fc.assert(
      fc.property(
        fc.array(item as fc.Arbitrary<Json>),
        fc.option(fc.integer({ min: 1, max: 7 }), { nil: undefined }),
        fc.option(fc.integer({ min: 250, max: 400 }), { nil: undefined }),
        fc.option(fc.string({ maxLength: 10 }), { nil: undefined }),
        (items, maxItems, maxBytes, batchInput) => {
          const batches = fillBatches(items, { maxItems, maxBytes }, batchInput);
          expect(batches.flat()).toEqual(items);
          for (const batch of batches) {
            const input =
              batchInput === undefined
                ? { Items: batch }
                : { BatchInput: batchInput, Items: batch };
            expect(batch.length).toBeGreaterThan(0);
            expect(batch.length).toBeLessThanOrEqual(maxItems ?? items.length);
            expect(jsonBytes(input)).toBeLessThanOrEqual(maxBytes ?? PAYLOAD_LIMIT);
          }
        },
      ),
    );
  });
});
