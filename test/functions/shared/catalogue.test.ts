import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepMerged } from '#functions/build-sequences/keep-merged.ts';
import { readCatalogue, readKnownIds, readListed } from '#functions/shared/catalogue.ts';
import { baseOf, knownItemsKeys, listCatalogue } from '#functions/shared/catalogue-objects.ts';
import { catalogues, items, runs, uploads } from '#lib/contracts/keys.ts';
import type { RunManifest } from '#lib/contracts/run.ts';
import { encodeCatalogue } from '#lib/sequences/catalogue-table.ts';
import { hashTitle } from '#lib/sequences/merged-catalogue.ts';
import type { Objects } from '#platform/objects.ts';
import { startBucket } from '../bucket.ts';

let bucket: Awaited<ReturnType<typeof startBucket>>;
beforeEach(async () => {
  bucket = await startBucket();
});
afterEach(() => bucket.stop());

interface Uploaded {
  readonly number: number;
  readonly file: string;
  readonly ids: readonly string[];
}

const name = (number: number) => `u${String(number).padStart(3, '0')}`;
const dateOf = (number: number) => `2026-11-${10 + Math.floor(number / 3)}`;
const arrival = (number: number) => `dt=${dateOf(number)}/${name(number)}`;
const titleOf = (number: number, id: string) => `${id} of ${number % 4}`;

/** Writes what ingestion writes of an upload, but for its report. @param isMarked as this release does it */
async function write(objects: Objects, { number, ids }: Uploaded, isMarked = true): Promise<void> {
  const half = Math.ceil(ids.length / 2);
  for (const [range, part] of [ids.slice(0, half), ids.slice(half)].entries()) {
    if (part.length === 0) continue;
    const rows = part.map((item_id) => ({
      item_id,
      title: titleOf(number, item_id),
      fields: { from: String(number) },
    }));
    const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    await objects.putBytes(items.part(dateOf(number), name(number), range), gzipSync(lines));
  }
  if (isMarked) await objects.putIfAbsent(catalogues.pending(arrival(number)), '');
}

const report = (objects: Objects, { number, file }: Uploaded, status = 'succeeded') =>
  objects.putJson(uploads.report(name(number)), { file, status });

/** The catalogue as all uploads that count say, one after the other. */
function expected(counted: readonly Uploaded[]) {
  const inOrder = counted.toSorted((a, b) => a.number - b.number);
  const newest = new Map(inOrder.map(({ file, number }) => [file, number]));
  const catalogue: Record<string, { title: string; fields: object; hasLeft: boolean }> = {};
  for (const { number, file, ids } of inOrder) {
    for (const id of ids) {
      const hasLeft = newest.get(file) !== number && catalogue[id]?.hasLeft !== false;
      const fields = { from: String(number) };
      catalogue[id] = { title: titleOf(number, id), fields, hasLeft };
    }
  }
  return catalogue;
}

let nights = 0;
/** What BuildSequences does about the catalogue. @returns what it had to read */
async function night(objects: Objects): Promise<readonly { readonly key: string }[]> {
  const found = await listCatalogue(objects);
  const inputs = found.map(({ key, etag, bytes }) => ({ key, etag, size: bytes }));
  const run = `night-${nights++}`;
  const createdAt = new Date(Date.UTC(2026, 10, 24, 0, nights)).toISOString();
  const manifest: RunManifest = {
    run,
    createdAt,
    inputs: { interactions: [], items: inputs },
    attempts: [],
  };
  const merged = await readCatalogue(objects, inputs);
  if (merged.items.size === 0) return found;
  await objects.putBytes(runs.catalogue(run), encodeCatalogue(merged.items));
  await keepMerged(objects, manifest, merged);
  return found;
}

/** Ends in the middle of a night. */
const dying = (objects: Objects, at: 'pointer' | 'marks'): Objects => {
  const die = async () => {
    throw new Error('killed');
  };
  if (at === 'marks') return { ...objects, remove: die };
  return {
    ...objects,
    putIfMatch: die,
    putIfAbsent: (key, body) =>
      key === catalogues.latest ? die() : objects.putIfAbsent(key, body),
  };
};

async function current(objects: Objects) {
  const found = await listCatalogue(objects);
  const merged = await readCatalogue(objects, found);
  const catalogue = Object.fromEntries(
    [...merged.items].map(([id, { title, fields, hasLeft }]) => [id, { title, fields, hasLeft }]),
  );
  const listed = await readListed(objects, found);
  const known = await readKnownIds(objects, knownItemsKeys(found));
  return { catalogue, listed, known };
}

const ids = fc.subarray(['a', 'b', 'c', 'd', 'e', 'f'], { minLength: 1 });
const happening = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant('upload' as const),
      file: fc.constantFrom('x', 'y', 'z'),
      ids,
      /** `late`: its report comes after others, as that of one that waits for approval. */
      ends: fc.constantFrom('now', 'now', 'late', 'failed'),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ what: 'late reports' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant('night' as const),
      killed: fc.constantFrom(undefined, undefined, 'pointer' as const, 'marks' as const),
    }),
  },
);

describe('The catalogue', () => {
  it('is the same whenever nights merged it, were killed, or uploads were read late: as if all uploads were read in order', async () => {
    let merges = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(happening, { minLength: 4, maxLength: 14 }),
        fc.nat({ max: 3 }),
        async (all, unmarked) => {
          const { objects } = bucket;
          const keys: string[] = [];
          for await (const { key } of objects.list('')) keys.push(key);
          if (keys.length > 0) await objects.remove(keys);
          const counted: Uploaded[] = [];
          let late: Uploaded[] = [];
          let number = 0;
          let isOld = true; // of an earlier release, until the first night
          for (const one of all) {
            if (one.what === 'night') {
              const on = one.killed === undefined ? objects : dying(objects, one.killed);
              await night(on).catch((error: Error) => expect(error.message).toBe('killed'));
              isOld = false;
            } else if (one.what === 'late reports') {
              for (const upload of late) await report(objects, upload);
              counted.push(...late);
              late = [];
            } else {
              const upload = { number: number++, file: one.file, ids: one.ids };
              await write(objects, upload, !isOld || upload.number >= unmarked);
              if (one.ends === 'late') late.push(upload);
              else await report(objects, upload, one.ends === 'now' ? 'succeeded' : 'failed');
              if (one.ends === 'now') counted.push(upload);
            }

            const { catalogue, listed, known } = await current(objects);
            expect(catalogue).toStrictEqual(expected(counted));
            expect(
              [...listed.items].map(([id, { title, hasLeft }]) => [id, title, hasLeft]).sort(),
            ).toStrictEqual(
              Object.entries(catalogue)
                .map(([id, { title, hasLeft }]) => [id, hashTitle(title), hasLeft])
                .sort(),
            );
            expect([...known].sort()).toStrictEqual(Object.keys(catalogue).sort());
          }
          if (baseOf(await listCatalogue(objects)) !== undefined) merges++;
        },
      ),
      { numRuns: 20 },
    );
    expect(merges).toBeGreaterThan(4);
  });

  it('costs what its items cost, however many uploads there were', async () => {
    // Arrange
    const counting = () => {
      const asked: string[] = [];
      const { objects } = bucket;
      const note = (key: string) => {
        asked.push(key);
        return objects;
      };
      const counted: Objects = {
        ...objects,
        getBytes: (key, options) => note(key).getBytes(key, options),
        getStream: (key, options) => note(key).getStream(key, options),
        getVersion: (key, schema) => note(key).getVersion(key, schema),
        head: (key) => note(key).head(key),
        async *list(prefix) {
          for await (const object of objects.list(prefix)) {
            asked.push(object.key);
            yield object;
          }
        },
      };
      return { counted, asked };
    };
    const askedWhen = async (from: number, to: number) => {
      for (let number = from; number < to; number++) {
        const upload = { number, file: `file ${number % 2}`, ids: ['a', 'b', `c${number % 3}`] };
        await write(bucket.objects, upload);
        await report(bucket.objects, upload);
      }
      await night(bucket.objects);
      const { counted, asked } = counting();
      const found = await listCatalogue(counted);
      await readKnownIds(counted, knownItemsKeys(found));
      return { asked: asked.length, found };
    };

    // Act
    const few = await askedWhen(0, 3);
    const many = await askedWhen(3, 30);

    // Assess
    expect(many.asked).toBe(few.asked);
    const run = baseOf(many.found)!;
    expect(many.found.map(({ key }) => key)).toEqual([runs.catalogue(run), runs.listedItems(run)]);
    expect(knownItemsKeys(many.found)).toEqual([runs.listedItems(run)]);
  });

  it('is read from the uploads again where somebody has deleted the run that merged it', async () => {
    const { objects } = bucket;
    const all = [0, 1, 2].map((number) => ({ number, file: `${number}`, ids: ['a', `${number}`] }));
    for (const upload of all) {
      await write(objects, upload);
      await report(objects, upload);
    }
    await night(objects);
    const run = baseOf(await listCatalogue(objects))!;
    await objects.remove([runs.catalogue(run)]);

    expect((await current(objects)).catalogue).toStrictEqual(expected(all));
    await night(objects);
    expect(baseOf(await listCatalogue(objects))).not.toBe(run);
    expect((await current(objects)).catalogue).toStrictEqual(expected(all));
  });

  it('gets what an earlier release had left waiting when the first night merged it', async () => {
    const { objects } = bucket;
    const [counted, waiting] = [
      { number: 0, file: 'x', ids: ['a', 'b'] },
      { number: 1, file: 'x', ids: ['a', 'c'] },
    ];
    for (const upload of [counted!, waiting!]) await write(objects, upload, false);
    await report(objects, counted!);
    await report(objects, waiting!, 'waiting');
    await night(objects);
    expect((await current(objects)).catalogue).toStrictEqual(expected([counted!]));

    await objects.putJson(uploads.approval(name(1)), {});
    expect((await current(objects)).catalogue).toStrictEqual(expected([counted!, waiting!]));
    await night(objects);
    expect((await current(objects)).catalogue).toStrictEqual(expected([counted!, waiting!]));
    expect(await listCatalogue(objects)).toHaveLength(2);
  });

  it('is not put back by a run that looked earlier', async () => {
    // Arrange: a run begins, and another one merges more before it gets there.
    const { objects } = bucket;
    const first = { number: 0, file: 'x', ids: ['a'] };
    await write(objects, first);
    await report(objects, first);
    const looked = (await listCatalogue(objects)).map(({ key, etag, bytes }) => {
      return { key, etag, size: bytes };
    });
    const slow = { run: 'slow', createdAt: '2026-11-01T00:00:00.000Z' };
    const second = { number: 1, file: 'y', ids: ['b'] };
    await write(objects, second);
    await report(objects, second);
    await night(objects);
    // Act
    const inputs = { interactions: [], items: looked };
    const merged = await readCatalogue(objects, looked);
    await objects.putBytes(runs.catalogue('slow'), encodeCatalogue(merged.items));
    await keepMerged(objects, { ...slow, inputs }, merged);
    // Assess
    expect(baseOf(await listCatalogue(objects))).not.toBe('slow');
    expect((await current(objects)).catalogue).toStrictEqual(expected([first, second]));
  });
});
