import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '#cli/commands/run.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

let dir: string;

beforeAll(() => {
  dir = temporaryFolder('run');
  mkdirSync(join(dir, 'empty'));
  for (const name of ['log.jsonl', 'items.csv.gz', '_hidden.jsonl', '.hidden.csv', 'log.orc']) {
    writeFileSync(join(dir, name), '');
  }
});

const prepare = (interactions: string, ...more: string[]) =>
  run.prepare([
    ...['--interactions', join(dir, interactions), '--items', join(dir, 'items.csv.gz')],
    ...['--out', join(dir, 'out'), ...more],
  ]);

describe('Command: run, before any work', () => {
  it('accepts what ingestion reads', () => {
    expect(prepare('log.jsonl')).toBeTypeOf('function');
    expect(prepare('log.jsonl', '--run', 'monday-2')).toBeTypeOf('function');
    expect(prepare('*.jsonl')).toBeTypeOf('function');
    expect(prepare('')).toBeTypeOf('function');
  });

  it.each([
    ['a file that is not there', 'nowhere.jsonl', 'There is no file'],
    ['an empty folder', 'empty', 'There is no data file in the folder'],
    ['a pattern of nothing', '*.tsv', 'There is no file'],
    ['a name that ingestion ignores', '_hidden.jsonl', 'begins with _ or .'],
    ['a hidden file', '.hidden.csv', 'begins with _ or .'],
    ['an ending that ingestion does not know', 'log.orc', 'the name must end in'],
  ])('refuses %s', (_case, name, message) => {
    expect(() => prepare(name)).toThrow(message);
    expect(() => prepare(name)).toThrow(join(dir, name));
  });

  it.each(['with blanks in it', 'ä', '-', 'a-name-that-is-much-too-long'])(
    'refuses the run name "%s"',
    (name) => {
      expect(() => prepare('log.jsonl', `--run=${name}`)).toThrow(
        `The run name "${name}" cannot be used`,
      );
    },
  );
});
