import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { reasons } from '#lib/interactions/reasons.ts';

const guide = readFileSync(join(import.meta.dirname, '../../../docs/data.md'), 'utf8');
const source = readFileSync(
  join(import.meta.dirname, '../../../lib/interactions/insights.ts'),
  'utf8',
);

describe('Guide: docs/data.md', () => {
  it.each(Object.keys(reasons))('explains the reason %s', (reason) => {
    expect(guide).toContain(`| \`${reason}\` |`);
  });

  it('explains every remark', () => {
    const codes = [...source.matchAll(/^ +'([a-z]+(?:-[a-z]+)+)',$/gm)].map(([, code]) => code);

    expect(codes.length).toBeGreaterThan(12);
    for (const code of codes) expect(guide).toContain(`\`${code}\``);
  });
});
