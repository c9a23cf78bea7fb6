import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

it('docs/data.md explains every remark of a report', () => {
  const source = globSync('lib/interactions/*insights.ts', { cwd: root }).map(read).join('\n');
  const codes = [...source.matchAll(/^ +'([a-z]+(?:-[a-z]+)+)',$/gm)].map(([, code]) => code);

  expect(codes.length).toBeGreaterThan(12);
  for (const code of codes) expect(read('docs/data.md')).toContain(`\`${code}\``);
});
