import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inGroups } from '#lib/graph/specification.ts';

describe('Function: inGroups', () => {
  it('keeps the order, and puts together what has no more than 4,194,304 values; what is larger is alone', () => {
    const most = 2 ** 22;
    const size = fc.oneof(fc.nat(20), fc.integer({ min: most / 4, max: 2 * most }));
    fc.assert(
      fc.property(fc.array(size, { maxLength: 12 }), (sizes) => {
        // Arrange
        const names = sizes.map((_, at) => `v${at}`);
        const specs = Object.fromEntries(
          names.map((name, at) => [name, { shape: [1, sizes[at]!], dtype: 'float32' as const }]),
        );

        // Act
        const groups = inGroups(specs);

        // Assess
        const sizeOf = (group: readonly string[]) =>
          group.reduce((sum, name) => sum + sizes[names.indexOf(name)]!, 0);
        expect(groups.flat()).toEqual(names);
        for (const group of groups) {
          expect(group.length === 1 || sizeOf(group) <= most).toBe(true);
        }
        // None is begun before the last one is full.
        groups.slice(1).forEach((group, at) => {
          expect(sizeOf([...groups[at]!, group[0]!])).toBeGreaterThan(most);
        });
      }),
    );
  });
});
