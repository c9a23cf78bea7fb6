import { describe, expect, it } from 'vitest';
import { MissingArtefactError, ValidationError } from '#lib/contracts/errors.ts';
import { runs } from '#lib/contracts/keys.ts';
import type { RecentHistories } from '#lib/sequences/everybody.ts';
import { encodeAllItems } from '#lib/sequences/everybody-files.ts';
import { indexFields } from '#lib/sequences/field-index.ts';
import { writeEverybody } from '#lib/sequences/write.ts';
import { openDirectory } from '#lib/serving/directory.ts';

const allItems = {
  itemIds: ['a', 'b'],
  titles: ['Alien', 'Brazil'],
  counts: Int32Array.of(3, 1),
  isListed: Uint8Array.of(1, 1),
};
const items = encodeAllItems(allItems);

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

describe('Function: openDirectory, of a run that kept everybody', () => {
  const people: RecentHistories = {
    users: ['ann', 'bob'],
    offsets: Int32Array.of(0, 2, 3),
    items: Int32Array.of(1, 2, 1),
    times: Float64Array.of(10, 20, 30),
    earlierOffsets: Int32Array.of(0, 0, 1),
    earlierItems: Int32Array.of(2),
  };

  /** The run's files, written as a night writes them; what is read is counted by `reads`. */
  async function written(fields: Record<string, Record<string, string>>) {
    const catalogue = new Map(
      Object.entries(fields).map(([id, own]) => [id, { title: id, fields: own }]),
    );
    const stored = new Map<string, Uint8Array>();
    const putBytes = async (key: string, bytes: Uint8Array) => void stored.set(key, bytes);
    await writeEverybody(
      {
        putBytes,
        putJson: (key, value) => putBytes(key, Buffer.from(JSON.stringify(value))),
      } as Parameters<typeof writeEverybody>[0],
      'r',
      {
        items: allItems,
        fields: indexFields(catalogue, allItems.itemIds),
        actions: { items: new Int32Array(), times: new Float64Array() },
        parts: [people],
      },
    );
    const ranges: string[] = [];
    let fails = false;
    const objects = {
      getBytes: async (key: string, { range }: { range?: { start: number; end: number } } = {}) => {
        if (range !== undefined) ranges.push(`${key} ${range.start}`);
        if (fails && range !== undefined) throw new Error('The connection was reset.');
        return stored.get(key)!.subarray(range?.start, range?.end);
      },
      getJson: async (key: string, schema: { parse(value: unknown): unknown }) =>
        schema.parse(JSON.parse(Buffer.from(stored.get(key)!).toString())),
      head: async (key: string) => (stored.has(key) ? {} : undefined),
    } as unknown as Parameters<typeof openDirectory>[0];
    const failing = async (work: () => Promise<unknown>) => {
      fails = true;
      await expect(work()).rejects.toThrow('The connection was reset.');
      fails = false;
    };
    return { directory: await openDirectory(objects, 'r'), ranges, failing };
  }

  it('finds a user in two ranged reads, and in one once her part is known', async () => {
    // Arrange
    const { directory, ranges } = await written({});

    // Act
    const ann = await directory.findUser('ann');
    const readForOne = ranges.length;
    const bob = await directory.findUser('bob');

    // Assess
    expect(ann).toEqual({ user_id: 'ann', items: ['a', 'b'], timestamps: [10, 20], earlier: [] });
    expect(bob).toEqual({ user_id: 'bob', items: ['a'], timestamps: [30], earlier: ['b'] });
    expect([readForOne, ranges.length]).toEqual([2, 3]);
    expect(await directory.findUser('aaron')).toBeUndefined();
    expect(await directory.findUser('zoe')).toBeUndefined();
  });

  it('reads again what could not be read', async () => {
    const { directory, failing } = await written({});
    await failing(() => directory.findUser('ann'));
    expect((await directory.findUser('ann'))?.items).toEqual(['a', 'b']);
  });

  it('finds items by all fields that are asked for, any of the values of each', async () => {
    const { directory } = await written({
      a: { genre: 'Horror|Sci-Fi', year: '1979' },
      b: { genre: 'Sci-Fi', year: '1985' },
    });
    expect(await directory.matching({ genre: 'sci-fi' })).toEqual(['a', 'b']);
    expect(await directory.matching({ genre: 'sci-fi', year: 1985 })).toEqual(['b']);
    expect(await directory.matching({ year: [1979, 1985], genre: 'Horror' })).toEqual(['a']);
    expect(await directory.matching({ genre: 'Western' })).toEqual([]);
  });

  it('names the fields there are, at most twenty, and the one that was meant', async () => {
    // Arrange
    const many = Object.fromEntries(Array.from({ length: 25 }, (_, n) => [`f${n + 10}`, 'x']));
    const { directory } = await written({ a: { ...many, genre: 'Horror' } });
    const asked = (field: string) => directory.matching({ [field]: 'x' }).catch(String);

    // Act
    const misspelt = await asked('gener');
    const unknown = await asked('colour');

    // Assess
    expect(misspelt).toContain('by the field "gener". Did you mean "genre"?');
    expect(unknown).toContain('by the field "colour". There are: f10, f11, ');
    expect(unknown).toContain('f29, ...');
    expect(unknown).not.toContain('f30');
  });
});
