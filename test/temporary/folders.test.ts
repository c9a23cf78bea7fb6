import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { removeEmptied, removeTemporaryFolders, temporaryFolder } from './folders.ts';

it('folders that tests asked for are removed, with what is in them', () => {
  const folder = temporaryFolder('asked');
  writeFileSync(join(folder, 'file'), '');

  removeTemporaryFolders();

  expect(existsSync(folder)).toBe(false);
});

it('whatever else is in the temporary folder is named, and removed', () => {
  const folder = temporaryFolder('system');
  writeFileSync(join(folder, 'cdk.out123'), '');

  const check = () => removeEmptied(folder);

  expect(check).toThrow('Left behind in the temporary folder: cdk.out123.');
  expect(existsSync(folder)).toBe(false);
});
