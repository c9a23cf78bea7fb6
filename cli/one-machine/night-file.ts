import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { ValidationError } from '#lib/contracts/errors.ts';
import { explain } from '#lib/contracts/explain.ts';

/** `<out>/night.json`: what the last run in this folder was, so that an interrupted one can go on. */
const night = z.strictObject({
  run: z.string(),
  finished: z.boolean(),
  /** The configuration file's text. */
  config: z.string(),
  /** SHA-256 of each file, or folder of files, that was uploaded, by key prefix. */
  uploaded: z.record(z.string(), z.string()),
  /** Seconds that the stages of the last whole night took, which tells how long the next one will take. */
  took: z.record(z.string(), z.number().min(0)).optional(),
});

export type Night = z.infer<typeof night>;

/** @throws ValidationError when the file is not as `writeNight` leaves it */
export function readNight(out: string): Night | undefined {
  const file = join(out, 'night.json');
  if (!existsSync(file)) return undefined;
  const wrong = (reason: string, cause: unknown) =>
    new ValidationError(
      `${file} cannot be read (${reason}). Without it the next run in this folder is a new one: remove it, or use another --out.`,
      { cause },
    );
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw wrong((cause as Error).message, cause);
  }
  const parsed = night.safeParse(value);
  if (!parsed.success) throw wrong(explain(parsed.error).trim(), parsed.error);
  return parsed.data;
}

/** The same, where there has to be one. @throws ValidationError where no night has begun in the folder */
export function expectNight(out: string): Night {
  const found = readNight(out);
  if (found !== undefined) return found;
  throw new ValidationError(
    `No night has begun in ${out} yet: \`npx lea run --out ${out} ...\` does the first, \`npx lea backfill\` uploads a history for it.`,
  );
}

/** Never leaves half a file behind. */
export function writeNight(out: string, value: Night): void {
  mkdirSync(out, { recursive: true });
  const file = join(out, 'night.json');
  writeFileSync(`${file}.tmp`, `${JSON.stringify(value, null, 2)}\n`);
  renameSync(`${file}.tmp`, file);
}
