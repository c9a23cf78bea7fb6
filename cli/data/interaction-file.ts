import { existsSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { SequencesConfig } from '#lib/contracts/config/sequences.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import { holdsInteractions } from '#lib/interactions/content.ts';
import { readId } from '#lib/interactions/ids.ts';
import { createRecordSplitter } from '#lib/interactions/records.ts';
import type { UploadReport } from '#lib/interactions/report.ts';
import type { Interaction, Item } from '#lib/interactions/rows.ts';
import {
  type CatalogueItem,
  InteractionLog,
  type InteractionLogOptions,
} from '#lib/sequences/interaction-log.ts';
import { expandFiles, isPattern } from './expand-files.ts';
import { type LocalFile, openLocal, readUploadFile } from './upload-file.ts';

/** `sequences`: one user a line, `user item item ...` in time order. `interactions`: as teams upload them. */
export const fileFormats = ['sequences', 'interactions'] as const;
export type InteractionFileFormat = (typeof fileFormats)[number];

/** A file of interactions and how it is read. */
export interface InteractionSource {
  readonly interactions: string;
  readonly format: InteractionFileFormat;
  /** A catalogue: with it, interactions with other items are refused as ingestion refuses them. */
  readonly items?: string;
}

/**
 * How a file can be split. Sequences have no times, only places in a line, which every user begins anew: where a split
 * by time is asked for, each user's last action is held out instead.
 */
export function splitFor(
  format: InteractionFileFormat,
  split: SequencesConfig['split'],
): SequencesConfig['split'] {
  return format === 'sequences' && split === 'global-time' ? 'leave-one-out' : split;
}

/** The longest line of sequences: users are not cut. */
const LONGEST_LINE = 256 * 1024 * 1024;

/**
 * Reads a data set into a log, by the rules of ingestion.
 *
 * @param config its section `interactions` says which rows are taken and what they count for
 * @param onReport gets the report that each file would get as an upload
 * @throws ValidationError when a file is refused, with the reasons; naming the line of what is no sequence
 */
export async function readInteractions(
  source: InteractionSource,
  config: Pick<PipelineConfig, 'interactions'>,
  onReport: (report: UploadReport) => void = () => undefined,
): Promise<InteractionLog> {
  const catalogue =
    source.items === undefined ? undefined : await readCatalogue(source.items, config, onReport);
  const options: InteractionLogOptions = {
    ...config.interactions,
    ...(catalogue && { catalogue }),
  };
  const log = new InteractionLog(options);
  if (source.format === 'sequences') {
    const part = log.part(basename(source.interactions));
    await readSequences(source.interactions, config, log, part);
    return log;
  }
  const known = catalogue && new Set(catalogue.keys());
  for (const { path, name } of dataFiles(source.interactions)) {
    const part = log.part(name);
    const take = (row: Interaction) => log.add(row, part);
    onReport(await readUploadFile(path, 'logs', config.interactions, known, take));
  }
  log.takeBack();
  return log;
}

async function readCatalogue(
  path: string,
  config: Pick<PipelineConfig, 'interactions'>,
  onReport: (report: UploadReport) => void,
): Promise<Map<string, CatalogueItem>> {
  const catalogue = new Map<string, CatalogueItem>();
  const take = ({ item_id, title, fields }: Item) => catalogue.set(item_id, { title, fields });
  for (const file of dataFiles(path)) {
    onReport(await readUploadFile(file.path, 'catalog', config.interactions, undefined, take));
  }
  return catalogue;
}

/** A file may be named in any way that its content bears out; a folder or a pattern stands for its data files. */
const dataFiles = (path: string) =>
  statSync(path, { throwIfNoEntry: false })?.isFile() === true ||
  (!isPattern(path) && !existsSync(path))
    ? [{ path, name: basename(path) }]
    : expandFiles(path);

async function readSequences(
  path: string,
  { interactions: config }: Pick<PipelineConfig, 'interactions'>,
  log: InteractionLog,
  part: number,
): Promise<void> {
  const { maximumIdLength } = config;
  const file = await openLocal(path, 'logs', 'jsonl', config);
  refuseInteractions(path, file);
  const options = { quotes: false, maximumLineBytes: LONGEST_LINE, firstLine: 1 };
  const splitter = createRecordSplitter(options, ({ bytes, start, end, line }) => {
    const text = bytes.toString('utf8', start, end).replace(/^\uFEFF/, '');
    if (text.trim() !== '') addSequence(text, line);
  });
  for await (const chunk of file.content()) splitter.push(chunk);
  splitter.end();

  /** The place in the line stands for the time. */
  function addSequence(text: string, line: number) {
    const [user, ...items] = text.trim().split(/[\s,]+/);
    if (user === undefined || items.length === 0) {
      throw new ValidationError(
        `${path}, line ${line}: expected a user and at least one item, separated by blanks.`,
      );
    }
    const user_id = idOf('user_id', user, line);
    items.forEach((item, place) => {
      const item_id = idOf('item_id', item, line);
      log.add({ user_id, item_id, timestamp: place, event_type: null, line: place }, part);
    });
  }

  function idOf(name: string, text: string, line: number): string {
    const id = readId(name, text, maximumIdLength);
    if (typeof id === 'string') return id;
    throw new ValidationError(`${path}, line ${line}: ${id.detail}.`);
  }
}

/** JSON or a CSV header would make users and items out of braces and column names. */
function refuseInteractions(path: string, { head }: LocalFile): void {
  const held = holdsInteractions(head);
  if (held === undefined) return;
  throw new ValidationError(
    `${path} holds ${held}, not sequences (one user a line, "user item item ..."). Read it with --format interactions.`,
  );
}
