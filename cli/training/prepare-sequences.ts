import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { SequencesConfig } from '#lib/contracts/config/sequences.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import { partFile } from '#lib/contracts/keys.ts';
import { buildSequences } from '#lib/sequences/build.ts';
import { encodeEvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import { encodeInteractionEvents } from '#lib/sequences/interaction-events.ts';
import { encodeItemTable } from '#lib/sequences/item-table.ts';
import { encodeSequenceShard } from '#lib/sequences/shard.ts';
import { readInteractions } from '../experiments/interaction-file.ts';

/**
 * Builds training and evaluation sequences of a file and writes them as a run has them below `sequences/`.
 *
 * @param format `sequences` or `interactions`, see `lea experiment`
 * @param folder where they go
 * @returns `folder`
 * @throws ValidationError if the format is another or the file is not as it says
 */
export async function prepareSequences(
  file: string,
  format: string,
  config: SequencesConfig,
  folder: string,
): Promise<string> {
  if (format !== 'sequences' && format !== 'interactions') {
    throw new ValidationError(`--format is "${format}"; it must be sequences or interactions.`);
  }
  const built = buildSequences(await readInteractions(file, format), config);
  const put = (path: string, content: string | Uint8Array) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  put('manifest.json', JSON.stringify(built.manifest));
  put('items.arrow', encodeItemTable(built.itemTable));
  put('evaluation/validation.arrow', encodeEvaluationCases(built.validation));
  put('evaluation/test.arrow', encodeEvaluationCases(built.test));
  put('events.arrow', encodeInteractionEvents(built.events));
  built.shards.forEach((shard, part) => {
    put(`train/${partFile(part)}`, encodeSequenceShard(shard));
  });
  return folder;
}
