import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { removeFolder, sweepFolders } from '#local/sagemaker/folders.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

let dir: string;
let warnings: string[];

beforeEach(() => {
  dir = temporaryFolder('folders');
  warnings = [];
});

const options = (keepFolders = false) => ({
  dir: join(dir, 'containers'),
  keepFolders,
  onWarning: (message: string) => warnings.push(message),
});

describe('Function: removeFolder', () => {
  it('warns of one that cannot be removed, and is no failure', async () => {
    writeFileSync(join(dir, 'file'), '');

    await removeFolder(join(dir, 'file/inside'), options());

    expect(warnings).toEqual([expect.stringContaining('could not be removed: ENOTDIR')]);
  });
});

describe('Function: sweepFolders', () => {
  it.each([
    ['removes what a killed process left', false],
    ['leaves what is to be kept', true],
  ])('%s', (_case, isKept) => {
    mkdirSync(join(dir, 'containers/training-jobs/fit/model'), { recursive: true });

    sweepFolders(options(isKept));

    expect(existsSync(join(dir, 'containers'))).toBe(isKept);
  });
});
