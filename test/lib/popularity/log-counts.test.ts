import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecayedCounts } from '#lib/popularity/decayed-counts.ts';
import { LogCounts } from '#lib/popularity/log-counts.ts';

describe('Class: LogCounts', () => {
  it('is log(count + epsilon), log(epsilon) for an item that nobody took', () => {
    // Arrange
    const counts = new DecayedCounts(3, [10]);
    counts.add(1, 0);
    counts.add(2, 5);
    counts.add(2, 10);
    const logs = new LogCounts(3, 0.5);

    // Act
    logs.write(counts, 0, 10);

    // Assess
    expect(logs.row[0]).toBe(0);
    expect(logs.row[1]).toBeCloseTo(Math.log(0.5 + 0.5), 12);
    expect(logs.row[2]).toBeCloseTo(Math.log(1 + 2 ** -0.5 + 0.5), 12);
    expect(logs.row[3]).toBe(Math.log(0.5));
  });

  it('is the same to the bit whenever it is written, however often it was before', () => {
    const steps = fc.array(
      fc.record({
        item: fc.integer({ min: 1, max: 4 }),
        later: fc.integer({ min: 0, max: 3 }),
        isRead: fc.boolean(),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(steps, (taken) => {
        // Arrange
        const halfLives = [Number.POSITIVE_INFINITY, 2];
        const counts = new DecayedCounts(4, halfLives);
        const kept = halfLives.map(() => new LogCounts(4, 0.5));
        let time = 0;
        for (const { item, later, isRead } of taken) {
          time += later;
          counts.add(item, time);
          if (!isRead) continue;
          halfLives.forEach((_, which) => {
            // Act
            const fresh = new LogCounts(4, 0.5);
            fresh.write(counts, which, time);
            kept[which]!.write(counts, which, time);
            // Assess
            expect(kept[which]!.row).toEqual(fresh.row);
          });
        }
      }),
    );
  });
});
