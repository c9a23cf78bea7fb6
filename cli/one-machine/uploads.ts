import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { PipelineError, ValidationError } from '#lib/contracts/errors.ts';
import { uploads } from '#lib/contracts/keys.ts';
import { explainFailure, type UploadReport, uploadReport } from '#lib/interactions/report.ts';
import { uploadId } from '#lib/interactions/upload-plan.ts';
import type { Objects } from '#platform/objects.ts';
import type { DataFile } from '../data/expand-files.ts';
import { baseModelFiles, hashBaseModel } from './base-model.ts';
import { hashFile } from './hash-file.ts';
import type { Night } from './night-file.ts';

/** What uploading needs of a night. */
export interface UploadContext {
  readonly objects: Objects;
  /** Knows what the bucket holds already. */
  readonly night: Pick<Night, 'uploaded'>;
  /** Keeps `night.uploaded`. */
  readonly save: () => void;
  /** Resolves when ingestion has nothing left to do. */
  readonly drained: (signal: AbortSignal) => Promise<unknown>;
  readonly signal: AbortSignal;
  /** Told of every file that is in place, of so many. */
  readonly onFile?: (file: number, files: number) => void;
}

/**
 * Uploads files as a team would, those whose very content was before left out, and waits until ingestion has reported on
 * them.
 *
 * @returns their reports
 * @throws ValidationError if ingestion refused an upload: the report's reason
 * @throws PipelineError `IngestionFailed` if ingestion gave up without a report, and the signal's reason between two files
 */
export async function uploadAndWait(
  prefix: string,
  files: readonly DataFile[],
  { objects, night, save, drained, signal, onFile }: UploadContext,
): Promise<UploadReport[]> {
  for (const [at, { path, name }] of files.entries()) {
    signal.throwIfAborted();
    onFile?.(at + 1, files.length);
    const key = prefix + name;
    const hash = await hashFile(path);
    if (night.uploaded[key] === hash && (await objects.head(key)) !== undefined) continue;
    await objects.putStream(key, createReadStream(path), { signal });
    night.uploaded[key] = hash;
    save();
  }
  await drained(signal);
  const reports: UploadReport[] = [];
  for (const { path, name } of files) {
    const key = prefix + name;
    const { etag, lastModified } = (await objects.head(key))!;
    const report = uploads.report(uploadId({ bucket: objects.bucket, key, etag, lastModified }));
    const found = await objects.getVersion(report, uploadReport);
    if (found?.value.status === 'succeeded') {
      reports.push(found.value);
      continue;
    }
    if (found?.value.status === 'waiting') {
      // The same file again finds it there, approved by then.
      if (!(await objects.head(uploads.approval(found.value.upload)))) {
        throw new ValidationError(found.value.message);
      }
      reports.push(found.value);
      continue;
    }
    // The next time it is uploaded again.
    delete night.uploaded[key];
    save();
    if (found === undefined) {
      throw new PipelineError(
        'IngestionFailed',
        `Ingestion gave up on ${path} without a report: see what failed above, and the functions' logs in the cloud's folder.`,
      );
    }
    throw new ValidationError(explainFailure(found.value, path));
  }
  return reports;
}

/**
 * Puts a Hugging Face folder where the environment's training job looks for it, unless it is there already.
 *
 * @throws ValidationError when another model is there under this name: environments are known by it
 */
export async function uploadBaseModel(
  name: string,
  folder: string,
  { objects, night, save, signal }: UploadContext,
): Promise<void> {
  const prefix = uploads.baseModelPrefix(name);
  const { files, hash } = await expectSameBaseModel(night, name, folder);
  if (night.uploaded[prefix] === hash) return;
  await putBaseModel(objects, name, folder, files, signal);
  night.uploaded[prefix] = hash;
  save();
}

/**
 * The files of a base model and their hash, for a folder of nights.
 *
 * @param before what is known of the folder's nights; undefined where there were none
 * @throws MissingArtefactError for an incomplete model, ValidationError when another one is there under this name
 */
export async function expectSameBaseModel(
  before: Pick<Night, 'uploaded'> | undefined,
  name: string,
  folder: string,
): Promise<{ files: string[]; hash: string }> {
  const files = baseModelFiles(folder, name);
  const hash = await hashBaseModel(folder, files);
  const known = before?.uploaded[uploads.baseModelPrefix(name)];
  if (known === undefined || known === hash) return { files, hash };
  throw new ValidationError(
    `${folder} is not the base model that this --out was begun with under the name "${name}". Give that one (--base-model), or another name (environment.baseModel), or another --out.`,
  );
}

/** @param files of `baseModelFiles` */
export async function putBaseModel(
  objects: Objects,
  name: string,
  folder: string,
  files: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  for (const file of files) {
    const body = createReadStream(join(folder, file));
    await objects.putStream(uploads.baseModelPrefix(name) + file, body, options);
  }
}
