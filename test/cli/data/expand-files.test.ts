import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { expandFiles } from '#cli/data/expand-files.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

let dir: string;
beforeAll(() => {
  dir = temporaryFolder('expand');
  mkdirSync(join(dir, 'days/day=1'), { recursive: true });
  mkdirSync(join(dir, 'days/_temporary'), { recursive: true });
  for (const name of [
    'b.csv',
    'a.csv',
    'day=1/part-0.parquet',
    '_SUCCESS',
    '.a.csv.crc',
    'a.md',
    '_temporary/x.csv',
  ]) {
    writeFileSync(join(dir, 'days', name), '');
  }
});

describe('Function: expandFiles', () => {
  it('takes a file as it is given', () => {
    const path = join(dir, 'days/a.csv');

    expect(expandFiles(path)).toEqual([{ path, name: 'a.csv' }]);
  });

  it('takes the data files of a folder by name, and nothing that jobs leave there', () => {
    const files = expandFiles(join(dir, 'days'));

    expect(files.map(({ name }) => name)).toEqual(['a.csv', 'b.csv', 'day=1/part-0.parquet']);
    expect(files[2]!.path).toBe(join(dir, 'days/day=1/part-0.parquet'));
  });

  it('takes what a pattern stands for', () => {
    expect(expandFiles(join(dir, 'days/*.csv')).map(({ name }) => name)).toEqual([
      'a.csv',
      'b.csv',
    ]);
  });

  it('asks for a file in place of a pipe, which could be read only once', () => {
    expect(() => expandFiles(devNull)).toThrow(`${devNull} is neither a file nor a folder`);
  });

  it.each([
    ['days/none.csv', 'There is no file'],
    ['days/*.tsv', 'There is no file'],
    ['days/_temporary', 'There is no file'],
    ['days/a.md', 'the name must end in'],
  ])('says that %s is nothing to read', (path, message) => {
    if (path.endsWith('_temporary')) rmSync(join(dir, path), { recursive: true });
    expect(() => expandFiles(join(dir, path))).toThrow(message);
  });
});
