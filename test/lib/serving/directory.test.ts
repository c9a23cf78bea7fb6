import { describe, expect, it } from 'vitest';
import { MissingArtefactError, ValidationError } from '#lib/contracts/errors.ts';
import { runs } from '#lib/contracts/keys.ts';
import { encodeAllItems } from '#lib/sequences/everybody-files.ts';
import { openDirectory } from '#lib/serving/directory.ts';

const items = encodeAllItems({
  itemIds: ['a', 'b'],
  titles: ['Alien', 'Brazil'],
  counts: Int32Array.of(3, 1),
  isListed: Uint8Array.of(1, 1),
});

/** A run of a release that kept the items alone: neither fields nor users. */
const earlier = {
  getBytes: async (key: string) => {
    expect(key).toBe(runs.allItems('r'));
    return items;
  },
  getJson: async () => {
    throw new Error('Nothing else is there.');
  },
  head: async () => undefined,
};

describe('Function: openDirectory', () => {
  it('gives titles, and the id of what no catalogue names', async () => {
    const directory = await openDirectory(earlier, 'r');
    expect(['a', 'b', 'c'].map(directory.titleOf)).toEqual(['Alien', 'Brazil', 'c']);
  });

  it('says what to do where a run has kept no users', async () => {
    const directory = await openDirectory(earlier, 'r');
    await expect(directory.findUser('u')).rejects.toThrow(MissingArtefactError);
    await expect(directory.findUser('u')).rejects.toThrow('give `history` in place of `user_id`');
  });

  it('says that there is no field to find items by', async () => {
    const directory = await openDirectory(earlier, 'r');
    await expect(directory.matching({ genre: 'Drama' })).rejects.toThrow(ValidationError);
    await expect(directory.matching({ genre: 'Drama' })).rejects.toThrow(
      'items cannot be found by the field "genre". The catalogue has no fields besides titles.',
    );
  });
});
