import { createReadStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { parseArgs } from 'node:util';
import { createGunzip, gzipSync } from 'node:zlib';
import { parse } from 'csv-parse';

/** One line of an interactions file. */
export interface InteractionRow {
  readonly user_id: string;
  readonly item_id: string;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly event_type: string;
  readonly value: number;
}

/** One line of an items file: any text fields besides these two. */
export interface ItemRow {
  readonly item_id: string;
  readonly title: string;
  readonly [field: string]: string;
}

export interface ConversionOptions {
  /** Folder of the original data. */
  readonly source: string;
  /** Folder to write to. */
  readonly out: string;
  /** Keep only so many users, the first ones that appear. */
  readonly limitUsers: number;
}

/** Reads `--source DIR --out DIR [--limit-users N]`; anything else ends the process with an explanation. */
export function readOptions(): ConversionOptions {
  try {
    const { values } = parseArgs({
      options: {
        source: { type: 'string' },
        out: { type: 'string' },
        'limit-users': { type: 'string', default: 'Infinity' },
      },
    });
    const limitUsers = Number(values['limit-users']);
    const whole = limitUsers === Number.POSITIVE_INFINITY || Number.isInteger(limitUsers);
    if (values.source === undefined || values.out === undefined || !whole || limitUsers < 1) {
      throw new Error('--source and --out are folders, --limit-users is a whole number');
    }
    return { source: values.source, out: values.out, limitUsers };
  } catch (error) {
    console.error(`${(error as Error).message}\nUsage: --source DIR --out DIR [--limit-users N]`);
    process.exit(2);
  }
}

/**
 * The rows of a gzipped CSV file; whatever fails on the way reaches the reader.
 *
 * @typeParam Column the names in its header line
 */
export function readTable<Column extends string>(
  path: string,
): AsyncIterable<Record<Column, string>> {
  return pipeline(createReadStream(path), createGunzip(), parse({ columns: true }), () => {});
}

/** Admits the first so many users that it is asked about. */
export function createUserLimit(limit: number): (user: string) => boolean {
  const users = new Set<string>();
  return (user) => users.has(user) || (users.size < limit && users.add(user).size > 0);
}

/**
 * Writes `interactions.jsonl.gz` and `items.jsonl.gz`; the same rows give the same bytes. When users were left out,
 * so are the items that nobody is left to have used.
 */
export async function writeUpload(
  { out, limitUsers }: ConversionOptions,
  interactions: readonly InteractionRow[],
  items: readonly ItemRow[],
): Promise<void> {
  const used = new Set(interactions.map((row) => row.item_id));
  const kept = Number.isFinite(limitUsers) ? items.filter((item) => used.has(item.item_id)) : items;
  await mkdir(out, { recursive: true });
  await writeFile(join(out, 'interactions.jsonl.gz'), gzipLines(interactions));
  await writeFile(join(out, 'items.jsonl.gz'), gzipLines(kept));
  const users = new Set(interactions.map((row) => row.user_id)).size;
  console.log(
    `${out}: ${interactions.length} interactions of ${users} users with ${used.size} items; ${kept.length} items in the catalogue`,
  );
}

function gzipLines(rows: readonly object[]): Buffer {
  const bytes = gzipSync(rows.map((row) => `${JSON.stringify(row)}\n`).join(''), { level: 9 });
  // RFC 1952: no modification time, unknown operating system.
  bytes.writeUInt32LE(0, 4);
  bytes[9] = 255;
  return bytes;
}
