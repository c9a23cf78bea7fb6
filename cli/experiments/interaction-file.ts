import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import * as z from 'zod';
import { ValidationError } from '#lib/contracts/errors.ts';
import { InteractionLog, type InteractionLogOptions } from '#lib/sequences/interaction-log.ts';

const interaction = z.object({
  user_id: z.coerce.string().min(1),
  item_id: z.coerce.string().min(1),
  timestamp: z.union([z.number(), z.iso.datetime({ offset: true })]),
  event_type: z.string().nullish(),
});

/**
 * Reads a data set into a log.
 *
 * @param options what counts as an action; by default every line
 * @throws ValidationError naming the line of anything that is not as the format says
 */
export async function readInteractions(
  path: string,
  format: 'sequences' | 'interactions',
  options: InteractionLogOptions = { eventRewards: {}, defaultReward: 1 },
): Promise<InteractionLog> {
  const log = new InteractionLog(options);
  const part = log.part(basename(path));
  let line = 0;
  for await (const text of linesOf(path)) {
    line++;
    if (text.trim() === '') continue;
    if (format === 'sequences') addSequence(log, part, text, line, path);
    else addInteraction(log, part, text, line, path);
  }
  return log;
}

/** `user item item ...`: the place in the line stands for the time. */
function addSequence(
  log: InteractionLog,
  part: number,
  text: string,
  line: number,
  path: string,
): void {
  const [user, ...items] = text.trim().split(/[\s,]+/);
  if (user === undefined || items.length === 0) {
    throw new ValidationError(
      `${path}, line ${line}: expected a user and at least one item, separated by spaces.`,
    );
  }
  items.forEach((item, place) => {
    const row = { user_id: user, item_id: item, timestamp: place, event_type: null };
    log.add({ ...row, line: place }, part);
  });
}

function addInteraction(
  log: InteractionLog,
  part: number,
  text: string,
  line: number,
  path: string,
): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ValidationError(`${path}, line ${line} is not JSON.`, { cause });
  }
  const result = interaction.safeParse(value);
  if (!result.success) {
    throw new ValidationError(`${path}, line ${line}: ${z.prettifyError(result.error)}`);
  }
  const { timestamp, event_type, ...ids } = result.data;
  const seconds = typeof timestamp === 'number' ? timestamp : Date.parse(timestamp) / 1000;
  log.add({ ...ids, timestamp: seconds, event_type: event_type ?? null, line }, part);
}

/**
 * The lines of a text file, gzipped if its name ends in `.gz`.
 *
 * @throws ValidationError if it cannot be read
 */
export async function* linesOf(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  const opened = new Promise<void>((resolve, reject) => {
    file.once('open', () => resolve());
    file.once('error', reject);
  });
  try {
    await opened;
  } catch (cause) {
    throw new ValidationError(`${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  const text = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  yield* createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY });
}
