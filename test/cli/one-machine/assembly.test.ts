import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { removeUnused } from '#cli/one-machine/assembly.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

it('removes assemblies that nobody has asked for in a week', () => {
  // Arrange
  const folder = temporaryFolder('assemblies');
  const now = new Date('2026-03-10T12:00:00Z');
  const used = { today: '2026-03-10', lately: '2026-03-04', long_ago: '2026-03-02' };
  for (const [name, day] of Object.entries(used)) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'manifest.json'), '{}');
    utimesSync(join(folder, name), new Date(day), new Date(day));
  }

  // Act
  removeUnused(folder, now);

  // Assess
  expect(readdirSync(folder).sort()).toEqual(['lately', 'today']);
});
