import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCsvHeader, parseCsvRow } from '#lib/interactions/file-rows.ts';
import { reasons } from '#lib/interactions/reasons.ts';
import {
  checkInteraction,
  checkItem,
  type FileRow,
  interactionFields,
} from '#lib/interactions/rows.ts';

const guide = readFileSync(join(import.meta.dirname, '../../../docs/data.md'), 'utf8');

describe('Guide: docs/data.md', () => {
  it.each(Object.keys(reasons))('explains the reason %s', (reason) => {
    expect(guide).toMatch(new RegExp(`^\\| \`${reason}\` +\\|`, 'm'));
  });

  it('shows rows that are taken', () => {
    const rules = { maximumIdLength: 256, latestTimestamp: 2e9, knownItems: undefined };
    const [first, second] = [...guide.matchAll(/```jsonl\n(.*)\n```/g)].map(([, row]) => row!);
    const [csv] = [...guide.matchAll(/```csv\n(.*)\n(.*)\n```/g)];

    const json = checkInteraction(JSON.parse(first!), rules, 1);
    const fields = parseCsvRow(csv![2]!, parseCsvHeader(csv![1]!, interactionFields));

    expect(json).toHaveProperty('row');
    expect(checkInteraction((fields as { row: object }).row as FileRow, rules, 1)).toStrictEqual(
      json,
    );
    expect(checkItem(JSON.parse(second!), rules)).toHaveProperty('row');
  });
});
