import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { readNight, writeNight } from '#cli/one-machine/night-file.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

let out: string;

beforeEach(() => {
  out = temporaryFolder('night-file');
});

describe('Function: readNight', () => {
  it('gives what was written, and nothing before that', () => {
    const night = { run: 'a', finished: false, config: '{}', uploaded: { 'logs/': 'hash' } };

    expect(readNight(out)).toBeUndefined();
    writeNight(out, night);
    expect(readNight(out)).toEqual(night);
  });

  it.each([
    ['half a file', '{"run": "a", "fin'],
    ['another kind of file', '{"run": "a"}'],
    ['an empty file', ''],
  ])('says which file is %s, and what to do', (_case, text) => {
    const file = join(out, 'night.json');
    writeFileSync(file, text);

    expect(() => readNight(out)).toThrow(ValidationError);
    expect(() => readNight(out)).toThrow(`${file} cannot be read`);
    expect(() => readNight(out)).toThrow('remove it');
  });
});
