import { createReadStream, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MissingArtefactError, UnavailableError, ValidationError } from '#lib/contracts/errors.ts';
import { uploads } from '#lib/contracts/keys.ts';
import { uploadId } from '#lib/interactions/plan.ts';
import { type UploadReport, uploadReport } from '#lib/interactions/report.ts';
import type { Objects } from '#platform/objects.ts';

const POLL_MILLISECONDS = 100;

/**
 * Uploads a file as a team would and waits until ingestion has reported on it.
 *
 * @param isThere true if this very content was uploaded before: then only its report is waited for
 * @throws ValidationError if ingestion refused the upload: the report's reason
 * @throws UnavailableError if no report comes
 */
export async function uploadAndWait(
  objects: Objects,
  prefix: string,
  file: string,
  isThere: boolean,
  limitSeconds = 600,
): Promise<UploadReport> {
  const key = prefix + basename(file);
  const before = isThere ? await objects.head(key) : undefined;
  if (before === undefined) await objects.putStream(key, createReadStream(file));
  const { etag, lastModified } = (await objects.head(key))!;
  const report = uploads.report(uploadId({ bucket: objects.bucket, key, etag, lastModified }));
  const until = Date.now() + limitSeconds * 1000;
  while (Date.now() < until) {
    const found = await objects.getVersion(report, uploadReport);
    if (found?.value.status === 'succeeded') return found.value;
    if (found !== undefined) throw new ValidationError(explain(found.value, file));
    await sleep(POLL_MILLISECONDS);
  }
  throw new UnavailableError(
    `Ingestion has not reported on ${file} within ${limitSeconds} s; the functions' logs are in the cloud's folder.`,
  );
}

function explain(report: UploadReport, file: string): string {
  const reasons = report.reasons.map(
    ({ reason, count, meaning, advice }) => `  ${reason}: ${count} rows. ${meaning} ${advice}`,
  );
  return [`${file} was refused: ${report.message}`, ...reasons].join('\n');
}

/** Puts a Hugging Face folder where the environment's training job looks for it, unless it is there already. */
export async function uploadBaseModel(
  objects: Objects,
  name: string,
  folder: string,
): Promise<void> {
  const prefix = uploads.baseModelPrefix(name);
  let files: string[];
  try {
    files = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => entry.name);
  } catch (cause) {
    throw new MissingArtefactError(
      `There is no base model "${name}" at ${folder}. Put a Hugging Face-format causal language model there, or give its folder with --base-model.`,
      { cause },
    );
  }
  // config.json goes last: its presence says that the rest is there.
  for (const file of files.toSorted(
    (a, b) => Number(a === 'config.json') - Number(b === 'config.json'),
  )) {
    if ((await objects.head(prefix + file)) !== undefined) continue;
    await objects.putStream(prefix + file, createReadStream(join(folder, file)));
  }
}
