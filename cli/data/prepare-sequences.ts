import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { runs } from '#lib/contracts/keys.ts';
import type { UploadReport } from '#lib/interactions/report.ts';
import { type BuiltSequences, buildSequences } from '#lib/sequences/build.ts';
import { writeSequences } from '#lib/sequences/write.ts';
import { type InteractionSource, readInteractions, splitFor } from './interaction-file.ts';

/** The run whose folders are laid out. */
const run = 'by-hand';

/**
 * Builds the sequences of a data set as a run does and writes them as a run's `sequences/` folder.
 *
 * @param out folder below which that folder goes
 * @param onReport gets the report that each file would get as an upload
 * @returns the sequences and their folder
 * @throws ValidationError when a file is refused, or too little is left
 */
export async function prepareSequences(
  source: InteractionSource,
  config: Pick<PipelineConfig, 'interactions' | 'sequences'>,
  out: string,
  onReport?: (report: UploadReport) => void,
): Promise<{ readonly built: BuiltSequences; readonly folder: string }> {
  const log = await readInteractions(source, config, onReport);
  const split = splitFor(source.format, config.sequences.split);
  const built = buildSequences(log, { ...config.sequences, split });
  const put = async (key: string, content: string | Uint8Array) => {
    const path = join(out, key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  };
  await writeSequences(
    { putBytes: put, putJson: (key, value) => put(key, JSON.stringify(value)) },
    run,
    built,
  );
  return { built, folder: sequencesFolder(out) };
}

/** Where `prepareSequences` writes them. */
export const sequencesFolder = (out: string) => join(out, runs.sequencesPrefix(run));
