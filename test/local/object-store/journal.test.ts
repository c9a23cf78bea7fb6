import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { DamagedStore } from '#local/errors.ts';
import { Journal } from '#local/object-store/journal.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

let dir: string;
let path: string;

beforeEach(() => {
  dir = temporaryFolder('journal');
  path = join(dir, 'journal.jsonl');
});

function open(): { journal: Journal<string>; entries: string[] } {
  const entries: string[] = [];
  return { journal: new Journal<string>(path, (entry) => entries.push(entry)), entries };
}

describe('Class: Journal', () => {
  it('cuts off half a line before it appends', () => {
    // Arrange
    const first = open().journal;
    first.append('whole');
    first.close();
    appendFileSync(path, '"ha');

    // Act
    const second = open();
    second.journal.append('after');
    second.journal.close();

    // Assess
    expect(second.entries).toEqual(['whole']);
    expect(readFileSync(path, 'utf8')).toBe('"whole"\n"after"\n');
  });

  it.each([
    ['replaces all of it in one step', false, '"both"\n"three"\n'],
    ['stays as it is where that is not possible', true, '"one"\n"two"\n"three"\n'],
  ])('compacted, %s', (_case, isBlocked, expected) => {
    // Arrange
    const { journal } = open();
    journal.append('one');
    journal.append('two');
    if (isBlocked) mkdirSync(`${path}.tmp`);

    // Act
    journal.compact(['both']);
    journal.append('three');
    journal.close();

    // Assess
    expect(readFileSync(path, 'utf8')).toBe(expected);
  });

  it('names the line that was damaged', () => {
    writeFileSync(path, '"one"\n"tw"o"\n"three"\n');

    expect(open).toThrow(DamagedStore);
    expect(open).toThrow(`${path}, line 2`);
  });
});
