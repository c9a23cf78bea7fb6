import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContractError } from '#lib/contracts/errors.ts';
import { readStoredRows, storedItem } from '#lib/interactions/stored-rows.ts';
import { chunkSizes, chunksOf } from './arbitraries.ts';

async function readParts(chunks: readonly (Uint8Array | string)[]) {
  const parts: unknown[][] = [];
  const stream = async function* () {
    yield* chunks;
  };
  for await (const rows of readStoredRows(stream(), storedItem, 'items/a')) parts.push(rows);
  return parts;
}

const readAll = async (chunks: readonly Uint8Array[]) => (await readParts(chunks)).flat();

const row = fc.record(
  {
    item_id: fc.string({ unit: 'grapheme', minLength: 1 }),
    title: fc.string(),
    fields: fc.dictionary(
      // A field of this name never gets so far: it is left out where a row is read.
      fc.string({ minLength: 1 }).filter((name) => name !== '__proto__'),
      fc.string(),
      { noNullPrototype: true },
    ),
  },
  { noNullPrototype: true },
);

describe('Function: readStoredRows', () => {
  it('reads back what was written, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row), chunkSizes, fc.boolean(), async (rows, sizes, ended) => {
        const text =
          rows.map((r) => JSON.stringify(r)).join('\n') + (ended && rows.length ? '\n' : '');

        expect(await readAll(chunksOf(Buffer.from(text), sizes))).toStrictEqual(rows);
      }),
    );
  });

  it.each(['{"item_id":"a"}', 'broken'])('names the object and the line of %s', async (line) => {
    const good = '{"item_id":"a","title":"b","fields":{}}';
    const reading = readAll([Buffer.from(`${good}\n${line}\n`)]);

    await expect(reading).rejects.toThrow(ContractError);
    await expect(reading).rejects.toThrow('Line 2 of items/a');
  });

  it('names the object, and how far it was read, where its bytes are no text', async () => {
    const line = Buffer.from('{"item_id":"a","title":"b","fields":{}}\n');
    const reading = readAll([line, Buffer.from([0x7b, 0xff, 0x7d, 0x0a])]);

    await expect(reading).rejects.toThrow(ContractError);
    await expect(reading).rejects.toThrow('A byte after line 1 of items/a');
  });

  it('takes text as it takes bytes, and gives the rows that a chunk ends, if it ends any', async () => {
    const one = { item_id: 'a', title: 'é', fields: {} };
    const line = `${JSON.stringify(one)}\n`;
    const chunks = [line + line, line.slice(0, 9), line.slice(9), line.trimEnd()];

    const parts = [[one, one], [one], [one]];
    expect(await readParts(chunks)).toEqual(parts);
    expect(await readParts(chunks.map((chunk) => Buffer.from(chunk)))).toEqual(parts);
  });

  it('refuses an end inside a character', async () => {
    const line = Buffer.from('{"item_id":"a","title":"b","fields":{}}\n');

    await expect(readAll([line, Buffer.from([0xc3])])).rejects.toThrow(
      'A byte after line 1 of items/a',
    );
  });
});
