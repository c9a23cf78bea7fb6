import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gatherLists } from '#functions/publish-report/lists.ts';
import { runs } from '#lib/contracts/keys.ts';
import { gatherEverybody } from '#lib/sequences/everybody.ts';
import { orderHistories } from '#lib/sequences/histories.ts';
import { writeEverybody } from '#lib/sequences/write.ts';
import { histories, logOf } from '../../lib/sequences/arbitraries.ts';
import { startBucket } from '../bucket.ts';
import { itemIds, promoteSmallModel } from '../champion.ts';

let bucket: Awaited<ReturnType<typeof startBucket>>;
beforeEach(async () => {
  bucket = await startBucket();
  const users = Object.fromEntries(
    Array.from({ length: 15 }, (_, user) => [
      `u${user}`,
      [0, 1, 2, 3, 4, 5].map((at) => itemIds[(user * 3 + at) % 40]).join(' '),
    ]),
  );
  const catalogue = new Map(itemIds.map((id) => [id, { title: `Title of ${id}`, fields: {} }]));
  const log = logOf(histories(users), { catalogue });
  const ordered = orderHistories(log, { policy: 'upload-order', seed: 1 });
  const everybody = gatherEverybody(log, ordered, { window: 5 });
  await writeEverybody(bucket.objects, 'tonight', everybody);
});
afterEach(() => bucket.stop());

describe('Function: gatherLists', () => {
  it('shows ten users’ lists by the champion before and the one after, with titles', async () => {
    // Arrange
    const before = await promoteSmallModel(bucket.objects, 'yesterday', 1);
    await bucket.objects.putJson(runs.champion('tonight'), { inService: before, unusable: null });
    await promoteSmallModel(bucket.objects, 'tonight', 2);
    // Act
    const found = await gatherLists(bucket.objects, 'tonight');
    // Assess
    const { lists, served } = found!;
    expect(lists).toMatchObject({
      before: 'small of run yesterday',
      after: 'small of run tonight',
    });
    expect(lists.users).toHaveLength(10);
    for (const user of lists.users) {
      expect(user.history).toHaveLength(4);
      for (const list of [user.before!, user.after]) {
        expect(new Set(list).size).toBe(5);
        for (const title of list) expect(title).toMatch(/^Title of item-\d+$/);
      }
    }
    expect(lists.users.map(({ before }) => before)).not.toEqual(
      lists.users.map(({ after }) => after),
    );
    expect(served).toStrictEqual({ users: 15, knownUsers: 15, items: 40, knownItems: 40 });
  });

  it('shows one list where the champion stays, and nothing where there is none', async () => {
    // Arrange
    const none = await gatherLists(bucket.objects, 'tonight');
    const stays = await promoteSmallModel(bucket.objects, 'yesterday', 1);
    await bucket.objects.putJson(runs.champion('tonight'), { inService: stays, unusable: null });
    // Act
    const found = await gatherLists(bucket.objects, 'tonight');
    // Assess
    expect(none).toBeUndefined();
    expect(found!.lists.before).toBeUndefined();
    expect(found!.lists.users.every(({ before }) => before === undefined)).toBe(true);
  });
});
