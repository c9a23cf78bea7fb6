import { describe, expect, it } from 'vitest';
import { ValidationError } from '#lib/contracts/errors.ts';
import { asUtf8, decodeText } from '#lib/interactions/encoding.ts';

const text = 'user_id;naïve 木\n';
const littleEndian = Buffer.from(text, 'utf16le');
const bigEndian = Buffer.from(littleEndian).swap16();
const marked = (mark: number[], bytes: Uint8Array) => Buffer.concat([Buffer.from(mark), bytes]);

async function* inPieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(bytes: Uint8Array, size: number): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of asUtf8(inPieces(bytes, size), 'utf-16', 'log.csv')) parts.push(part);
  return Buffer.concat(parts)
    .toString('utf8')
    .replace(/^\ufeff/, '');
}

describe('Function: asUtf8', () => {
  it.each([
    ['little-endian', littleEndian],
    ['little-endian with its mark', marked([0xff, 0xfe], littleEndian)],
    ['big-endian', bigEndian],
    ['big-endian with its mark', marked([0xfe, 0xff], bigEndian)],
  ])('reads UTF-16, %s, however it is cut', async (_, bytes) => {
    for (const size of [1, 3, 1000]) expect(await read(bytes, size)).toBe(text);
  });

  it('reads a single letter, and one that begins with half a mark', async () => {
    for (const letters of ['a', 'þa']) {
      for (const size of [1, 2, 1000]) {
        expect(await read(Buffer.from(letters, 'utf16le'), size)).toBe(letters);
      }
    }
  });

  it('passes on what storage fails with', async () => {
    const failure = new Error('storage is gone');
    async function* failing() {
      yield littleEndian;
      throw failure;
    }
    const reading = (async () => {
      for await (const _ of asUtf8(failing(), 'utf-16', 'log.csv'));
    })();

    await expect(reading).rejects.toBe(failure);
  });

  it('has nothing to say of an empty file', async () => {
    expect(await read(new Uint8Array(0), 1)).toBe('');
  });

  it('refuses what is not UTF-16, naming the file', async () => {
    const half = littleEndian.subarray(0, littleEndian.length - 1);
    await expect(read(half, 1000)).rejects.toThrow(ValidationError);
    await expect(read(half, 1000)).rejects.toThrow('log.csv');
    await expect(read(half, 1000)).rejects.toMatchObject({ cause: expect.any(TypeError) });
  });

  it('passes on what has its line breaks at the same bytes', async () => {
    const bytes = Buffer.from('caf\u00e9\n', 'latin1');
    const parts: Uint8Array[] = [];
    for await (const part of asUtf8(inPieces(bytes, 2), 'latin-1', 'x')) parts.push(part);
    expect(Buffer.concat(parts)).toEqual(bytes);
    expect(decodeText(bytes, 'latin-1')).toBe('café\n');
    expect(decodeText(Buffer.from('café\n'), 'utf-8')).toBe('café\n');
  });
});
