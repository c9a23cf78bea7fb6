import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MissingArtefactError } from '#lib/contracts/errors.ts';
import { hashFile } from './hash-file.ts';

/** What a Hugging Face folder must have, and what of it is looked for. */
const needed: Readonly<Record<string, RegExp>> = {
  'config.json': /^config\.json$/,
  'weights (*.safetensors)': /\.safetensors$/,
  'a tokenizer (tokenizer.json, tokenizer.model or vocab.json)':
    /^(tokenizer\.json|tokenizer\.model|vocab\.json)$/,
};

const weightsIndex = 'model.safetensors.index.json';

/**
 * The files of a Hugging Face folder, `config.json` last: once that is uploaded all is.
 *
 * @throws MissingArtefactError for a folder that is not there or lacks a part of the model
 */
export function baseModelFiles(folder: string, name: string): string[] {
  if (!existsSync(folder)) {
    throw new MissingArtefactError(
      `There is no base model "${name}" at ${folder}. Put a Hugging Face-format causal language model there, or give its folder with --base-model.`,
    );
  }
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => entry.name);
  const missing = Object.entries(needed)
    .filter(([, pattern]) => !files.some((file) => pattern.test(file)))
    .map(([what]) => what)
    .concat(weightsOf(folder).filter((file) => !files.includes(file)));
  if (missing.length > 0) {
    throw new MissingArtefactError(
      `The base model at ${folder} lacks ${missing.join(', ')}: give the folder of a complete Hugging Face-format causal language model.`,
    );
  }
  const isLast = (file: string) => Number(file === 'config.json');
  return files.toSorted((a, b) => isLast(a) - isLast(b) || (a < b ? -1 : 1));
}

/** The files that an index of weights names; empty where all weights are in one file. */
function weightsOf(folder: string): string[] {
  if (!existsSync(join(folder, weightsIndex))) return [];
  const text = readFileSync(join(folder, weightsIndex), 'utf8');
  const { weight_map: files = {} } = JSON.parse(text) as { weight_map?: Record<string, string> };
  return [...new Set(Object.values(files))];
}

/** SHA-256 of the folder's files with their names. */
export async function hashBaseModel(folder: string, files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file} ${await hashFile(join(folder, file))}\n`);
  return hash.digest('hex');
}
