import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commands } from '#cli/commands/index.ts';

test('docs/commands.md lists every command, and which of them need the set-up', async () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/commands.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `lea (\w+)[^|]*\|[^|]*\|([^|]*)\|$/gm)];
  const listed = new Map(rows.map(([, name, needs]) => [name!, needs!.trim() === 'yes']));

  const told = Object.entries(commands).map(
    async ([name, { load }]) => [name, (await load()).needs.length > 0] as const,
  );

  expect(listed).toStrictEqual(new Map((await Promise.all(told)).toSorted(inOrderOf(listed))));
});

/** Maps are compared in whatever order the page has. */
const inOrderOf =
  (page: ReadonlyMap<string, unknown>) =>
  ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) =>
    [...page.keys()].indexOf(a) - [...page.keys()].indexOf(b);
