import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeEventBatches,
  encodeInteractionEvents,
  sortEvents,
} from '#lib/sequences/interaction-events.ts';

const plainEvents = fc.array(
  fc.record({
    item: fc.integer({ min: 1, max: 5 }),
    time: fc.integer({ min: 0, max: 6 }),
    isHeldOut: fc.nat({ max: 1 }),
  }),
);

const columnsOf = (
  plain: readonly { readonly item: number; readonly time: number; readonly isHeldOut: number }[],
) => ({
  items: Int32Array.from(plain, ({ item }) => item),
  times: Float64Array.from(plain, ({ time }) => time),
  isHeldOut: Uint8Array.from(plain, ({ isHeldOut }) => isHeldOut),
});

/** All events, which are few enough to be one batch. */
async function read(bytes: Uint8Array) {
  async function* stream() {
    yield bytes;
  }
  const batches = [];
  for await (const batch of decodeEventBatches(stream())) batches.push(batch);
  return batches.length === 0 ? columnsOf([]) : batches[0]!;
}

describe('Function: sortEvents', () => {
  it('gives the same whatever the order, and it can be written and read', async () => {
    await fc.assert(
      fc.asyncProperty(plainEvents, async (plain) => {
        // Act
        const sorted = sortEvents(columnsOf(plain));

        // Assess
        expect(sortEvents(columnsOf(plain.toReversed()))).toEqual(sorted);
        expect(await read(encodeInteractionEvents(sorted))).toEqual(sorted);
      }),
    );
  });
});

describe('Function: decodeEventBatches', () => {
  it.each([
    [
      'go back in time',
      { item: 1, time: 4, isHeldOut: 0 },
      'row 1, column "timestamp": 4 comes after 5',
    ],
    ['are of no item', { item: 0, time: 6, isHeldOut: 0 }, 'row 1, column "item": 0 is no item'],
  ])('refuses events that %s', async (_, second, message) => {
    // Arrange
    const bytes = encodeInteractionEvents(columnsOf([{ item: 1, time: 5, isHeldOut: 0 }, second]));

    // Act and assess
    await expect(read(bytes)).rejects.toThrow(message);
  });
});
