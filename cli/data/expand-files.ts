import { globSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ValidationError } from '#lib/contracts/errors.ts';
import { uploads } from '#lib/contracts/keys.ts';
import { endings, formatOf, leftoverOf } from '#lib/interactions/upload-plan.ts';

/** A file of this machine, and the name under which it is uploaded. */
export interface DataFile {
  readonly path: string;
  readonly name: string;
}

/**
 * The data files that a path stands for: a file, a folder with everything below it, or a pattern (`days/*.csv.gz`), in the
 * order of their names. What jobs leave beside data, and files of other kinds, are passed over in folders and patterns.
 *
 * @throws ValidationError when there are none, two have one name, or ingestion would refuse or ignore the one
 */
export function expandFiles(given: string): DataFile[] {
  const there = statSync(given, { throwIfNoEntry: false });
  if (there?.isFile() === true) return [onlyFile(given)];
  const isFolder = there?.isDirectory() === true;
  if (there !== undefined && !isFolder) {
    throw new ValidationError(
      `${given} is neither a file nor a folder, and a pipe can be read only once: write what comes out of it to a file.`,
    );
  }
  const found = isFolder
    ? readdirSync(given, { recursive: true, encoding: 'utf8' }).map((name) => ({
        path: join(given, name),
        name,
      }))
    : globSync(given).map((path) => ({ path, name: basename(path) }));
  const files = found
    .filter(({ path, name }) => isData(name) && statSync(path).isFile())
    .map(({ path, name }) => ({ path, name: name.replaceAll('\\', '/') }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const twice = files.find(({ name }, i) => files[i - 1]?.name === name);
  if (twice !== undefined) {
    throw new ValidationError(
      `Two files of ${given} are called ${twice.name}; uploaded, one would replace the other.`,
    );
  }
  if (files.length > 0) return files;
  throw new ValidationError(
    isFolder ? `There is no data file in the folder ${given}.` : `There is no file ${given}.`,
  );
}

/** Whether a path may stand for several files (`days/*.csv.gz`). */
export const isPattern = (path: string) => /[*?[{]/.test(path);

const isData = (name: string) =>
  formatOf(name) !== undefined && leftoverOf(uploads.logsPrefix + name) === undefined;

function onlyFile(path: string): DataFile {
  const name = basename(path);
  const leftover = leftoverOf(uploads.logsPrefix + name);
  if (leftover !== undefined) {
    throw new ValidationError(`${path}: ingestion ignores it, for ${leftover}. Rename it.`);
  }
  if (formatOf(path) === undefined) {
    throw new ValidationError(
      `${path}: the name must end in ${endings}, so that its format is known.`,
    );
  }
  return { path, name };
}
