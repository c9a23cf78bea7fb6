import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import { runs } from '#lib/contracts/keys.ts';
import { parseJsonRow } from '#lib/interactions/file-rows.ts';
import { isRejection } from '#lib/interactions/reasons.ts';
import { checkItem } from '#lib/interactions/rows.ts';
import { type BuiltSequences, buildSequences } from '#lib/sequences/build.ts';
import type { CatalogueItem } from '#lib/sequences/interaction-log.ts';
import { writeSequences } from '#lib/sequences/write.ts';
import { linesOf, readInteractions } from '../interaction-file.ts';

/** The run whose folders a study lays out. */
const run = 'study';

/**
 * Builds the sequences as a run does and writes them as a run's `sequences/` folder.
 *
 * @returns the sequences and their folder
 * @throws ValidationError naming the file and line of what cannot be used
 */
export async function prepareSequences(
  files: { readonly interactions: string; readonly items: string },
  config: PipelineConfig,
  out: string,
): Promise<{ readonly built: BuiltSequences; readonly folder: string }> {
  const log = await readInteractions(files.interactions, 'interactions', {
    ...config.interactions,
    catalogue: await readCatalogue(files.items, config),
  });
  const built = buildSequences(log, config.sequences);
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
  return { built, folder: join(out, runs.sequencesPrefix(run)) };
}

async function readCatalogue(
  path: string,
  config: PipelineConfig,
): Promise<Map<string, CatalogueItem>> {
  const rules = {
    maximumIdLength: config.interactions.maximumIdLength,
    latestTimestamp: Number.POSITIVE_INFINITY,
    knownItems: undefined,
  };
  const catalogue = new Map<string, CatalogueItem>();
  let line = 0;
  for await (const text of linesOf(path)) {
    line++;
    if (text.trim() === '') continue;
    const parsed = parseJsonRow(text);
    const checked = isRejection(parsed) ? parsed : checkItem(parsed.row, rules);
    if (isRejection(checked)) {
      throw new ValidationError(`${path}, line ${line}: ${checked.detail}.`);
    }
    const { item_id, title, fields } = checked.row;
    catalogue.set(item_id, { title, fields });
  }
  return catalogue;
}
