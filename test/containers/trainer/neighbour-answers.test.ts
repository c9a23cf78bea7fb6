import { describe, expect, it } from 'vitest';
import { leaPresets } from '#lib/contracts/config/presets.ts';
import { collectRows } from '#lib/recommender/data/training-rows.ts';
import { copyNeighbours } from '../../../containers/trainer/neighbour-answers.ts';
import { smallSequences } from './job-folder.ts';

const { shards, itemTable } = smallSequences();
const parts = shards.map((sequences) => ({ sequences, augmented: undefined }));
const copied = copyNeighbours(parts, { itemTable, baskets: false, excludeHistory: true });
const lea = {
  ...leaPresets.sound,
  state: 'off',
  reward: 'off',
  actions: 'neighbours',
  shareLimit: 1e6,
} as const;

describe('Function: copyNeighbours', () => {
  it('gives every transition an action that is neither the logged one nor in the history', async () => {
    // Act
    const { offsets, items, environment } = await collectRows(copied, lea, itemTable.counts);

    // Assess
    let right = 0;
    let followed = 0;
    let actions = 0;
    for (let row = 0; row + 1 < offsets.length; row++) {
      for (let at = offsets[row]!; at + 1 < offsets[row + 1]!; at++) {
        const action = environment!.actions[at - row]!;
        if (action === 0) continue;
        actions++;
        expect(items.subarray(offsets[row]!, at + 2)).not.toContain(action);
        const later = items.subarray(at + 2, offsets[row + 1]!);
        if (later.length > 0) followed++;
        if (later.includes(action)) right++;
      }
    }
    expect(shards.length).toBeGreaterThan(1);
    expect(actions).toBeGreaterThan(0.9 * (items.length - offsets.length + 1));
    const weights = new Set(environment!.actionWeights.filter((weight) => weight > 0));
    expect([...weights]).toEqual([Math.fround(right / followed)]);
    expect(right / followed).toBeGreaterThan(0.2);
  });

  it('is held to the share of an item, as the environment is', async () => {
    // Act
    const limited = await collectRows(copied, { ...lea, shareLimit: 0.5 }, itemTable.counts);

    // Assess
    const kept = limited.environment!.actions.filter((action) => action !== 0).length;
    expect(kept).toBeLessThan(0.6 * limited.environment!.actions.length);
    expect(kept).toBeGreaterThan(0);
  });
});
