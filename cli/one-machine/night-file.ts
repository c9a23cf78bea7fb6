import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

/** `<out>/night.json`: what the last run in this folder was, so that an interrupted one can go on. */
const night = z.strictObject({
  run: z.string(),
  finished: z.boolean(),
  /** The configuration file's text. */
  config: z.string(),
  /** SHA-256 of each file that was uploaded, by key prefix. */
  uploaded: z.record(z.string(), z.string()),
});

export type Night = z.infer<typeof night>;

export function readNight(out: string): Night | undefined {
  const file = join(out, 'night.json');
  return existsSync(file) ? night.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
}

/** Never leaves half a file behind. */
export function writeNight(out: string, value: Night): void {
  mkdirSync(out, { recursive: true });
  const file = join(out, 'night.json');
  writeFileSync(`${file}.tmp`, `${JSON.stringify(value, null, 2)}\n`);
  renameSync(`${file}.tmp`, file);
}
