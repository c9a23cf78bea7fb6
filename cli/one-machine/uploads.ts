import { createReadStream } from 'node:fs';
import { basename, join } from 'node:path';
import { PipelineError, ValidationError } from '#lib/contracts/errors.ts';
import { uploads } from '#lib/contracts/keys.ts';
import { explainFailure, type UploadReport, uploadReport } from '#lib/interactions/report.ts';
import { uploadId } from '#lib/interactions/upload-plan.ts';
import type { Objects } from '#platform/objects.ts';
import { baseModelFiles, hashBaseModel } from './base-model.ts';
import { hashFile } from './hash-file.ts';
import type { Night } from './night-file.ts';

/** What uploading needs of a night. */
export interface UploadContext {
  readonly objects: Objects;
  /** Knows what this folder's bucket holds already. */
  readonly night: Night;
  /** Keeps `night.uploaded`. */
  readonly save: () => void;
  /** Resolves when ingestion has nothing left to do. */
  readonly drained: (signal: AbortSignal) => Promise<unknown>;
  readonly signal: AbortSignal;
}

/**
 * Uploads a file as a team would, unless this very content was before, and waits until ingestion has reported on it.
 *
 * @throws ValidationError if ingestion refused the upload: the report's reason
 * @throws PipelineError `IngestionFailed` if ingestion gave up without a report
 */
export async function uploadAndWait(
  prefix: string,
  file: string,
  { objects, night, save, drained, signal }: UploadContext,
): Promise<UploadReport> {
  const key = prefix + basename(file);
  const hash = await hashFile(file);
  const isThere = night.uploaded[prefix] === hash && (await objects.head(key)) !== undefined;
  const remember = (value: string | undefined) => {
    if (value === undefined) delete night.uploaded[prefix];
    else night.uploaded[prefix] = value;
    save();
  };
  if (!isThere) {
    await objects.putStream(key, createReadStream(file), { signal });
    remember(hash);
  }
  const { etag, lastModified } = (await objects.head(key))!;
  await drained(signal);
  const report = uploads.report(uploadId({ bucket: objects.bucket, key, etag, lastModified }));
  const found = await objects.getVersion(report, uploadReport);
  if (found?.value.status === 'succeeded') return found.value;
  if (found?.value.status === 'waiting') {
    if (await objects.head(uploads.approval(found.value.upload))) return found.value;
    // The same file again finds it there, approved by then.
    throw new ValidationError(found.value.message);
  }
  // The next time it is uploaded again.
  remember(undefined);
  if (found === undefined) {
    throw new PipelineError(
      'IngestionFailed',
      `Ingestion gave up on ${file} without a report: see what failed above, and the functions' logs in the cloud's folder.`,
    );
  }
  throw new ValidationError(explainFailure(found.value, file));
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
  const files = baseModelFiles(folder, name);
  const hash = await hashBaseModel(folder, files);
  const before = night.uploaded[prefix];
  if (before !== undefined && before !== hash) {
    throw new ValidationError(
      `${folder} is not the base model that this --out was begun with under the name "${name}". Give that one (--base-model), or another name (environment.baseModel), or another --out.`,
    );
  }
  if (before === hash) return;
  await putBaseModel(objects, name, folder, files, signal);
  night.uploaded[prefix] = hash;
  save();
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
