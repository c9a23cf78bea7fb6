import { storedObject } from '#functions/shared/stored-object.ts';
import { ConflictError, MissingArtefactError, ValidationError } from '#lib/contracts/errors.ts';
import { uploads } from '#lib/contracts/keys.ts';
import { createRangeParser } from '#lib/interactions/range-parser.ts';
import type { RangeReport } from '#lib/interactions/report.ts';
import { contentOf } from '#lib/interactions/upload-content.ts';
import { rowsKey, type UploadPlan } from '#lib/interactions/upload-plan.ts';
import { toJson } from '#platform/json.ts';
import type { Objects } from '#platform/objects.ts';
import { fromServiceError } from '#platform/service-errors.ts';
import { createOutput } from './output.ts';

/**
 * Parses one range of an upload: good rows, quarantine, and last the report that says that the range is done.
 * A range that can never be read is done too; its report says why.
 *
 * @param knownItems the items of `plan.catalogue`; undefined when that is empty
 */
export async function parseRange(
  objects: Objects,
  plan: UploadPlan,
  range: number,
  knownItems: ReadonlySet<string> | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const { upload } = plan;
  const parser = createRangeParser(plan, range, knownItems);
  const rows = createOutput(objects, rowsKey(plan, range));
  const quarantine = createOutput(objects, uploads.quarantine(upload, range));
  let failure: RangeReport['failure'] = null;
  try {
    for await (const chunk of readRange(objects, plan, range, signal)) {
      const parsed = parser.push(chunk);
      await rows.write(parsed.rows);
      await quarantine.write(parsed.quarantine);
    }
    const parsed = parser.end();
    await rows.write(parsed.rows);
    await quarantine.write(parsed.quarantine);
    await rows.end();
    await quarantine.end();
  } catch (error) {
    failure = lastingFailure(error);
    await rows.discard();
    if (failure === null) {
      await quarantine.discard();
      throw error;
    }
    await quarantine.end();
  }
  const report: RangeReport = {
    upload,
    range,
    tally: parser.tally(),
    knownItems: knownItems?.size ?? null,
    failure,
  };
  await objects.putIfAbsent(uploads.rangeReport(upload, range), toJson(report));
}

async function* readRange(
  objects: Objects,
  plan: UploadPlan,
  range: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const { key, etag } = plan;
  const version = { etag, ...(signal && { signal }) };
  try {
    yield* contentOf(storedObject(objects, plan, version, plan.ranges[range]!), plan, true);
  } catch (error) {
    const failure = fromServiceError(error, `reading ${key}`);
    if (failure instanceof ConflictError || failure instanceof MissingArtefactError) {
      throw new ValidationError(
        `it was ${failure instanceof ConflictError ? 'replaced' : 'deleted'} while it was being read. Leave uploaded files in place; give corrected ones a new name.`,
        { cause: failure },
      );
    }
    throw failure;
  }
}

/** What no further try can change about a file. */
function lastingFailure(error: unknown): RangeReport['failure'] {
  return error instanceof ValidationError ? { code: error.code, message: error.message } : null;
}
