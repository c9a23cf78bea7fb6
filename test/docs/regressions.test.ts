import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const rows = [
  ...readFileSync(join(root, 'docs/regressions.md'), 'utf8').matchAll(
    /^\| (?<fault>.*) \| `(?<file>test\/[^`]*)`: (?<name>.*) \|$/gm,
  ),
].map(({ groups }) => groups as { fault: string; file: string; name: string });

describe('docs/regressions.md', () => {
  it('has a test for every fault', () => {
    const written = readFileSync(join(root, 'docs/regressions.md'), 'utf8').match(
      /^\| (?!what went wrong)/gm,
    );

    expect(rows.length).toBeGreaterThan(50);
    expect(rows.length).toBe(written?.length);
  });

  it.each(rows)('$fault: its test is there', ({ file, name }) => {
    expect(existsSync(join(root, file)), file).toBe(true);
    expect(readFileSync(join(root, file), 'utf8')).toContain(name);
  });
});
