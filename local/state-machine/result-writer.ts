import * as z from 'zod';
import type { ResultWriter } from './definition-schema.ts';
import { StateError } from './errors.ts';
import type { ChildExecution, MapRun } from './map-run.ts';
import type { Json } from './payload.ts';
import type { Visit } from './visit.ts';

export const PUT_OBJECT = 'arn:aws:states:::s3:putObject';

/** A result file is closed once it has this many characters, and another begun. */
const FILE_CHARACTERS = 64 * 1024 * 1024;

type Transformation = 'NONE' | 'COMPACT' | 'FLATTEN';
type OutputType = 'JSON' | 'JSONL';

const writerArguments = z.strictObject({
  Bucket: z.string().min(1),
  Prefix: z.string().optional(),
});

/**
 * The result of a distributed Map state that does not write to S3: the outputs in the order of the items. Without
 * a writer they are COMPACT.
 */
export function presentResults(
  writer: ResultWriter | undefined,
  children: readonly ChildExecution[],
): Json[] {
  return transform(children, writer?.WriterConfig?.Transformation ?? 'COMPACT');
}

/**
 * Writes `SUCCEEDED_n`, `FAILED_n` and `PENDING_n` files and `manifest.json` under `<Prefix>/<map run>/`.
 * https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
 *
 * @returns `{MapRunArn, ResultWriterDetails: {Bucket, Key}}`, the key being that of the manifest
 * @throws StateError `States.ResultWriterFailed`
 */
export async function writeResults(
  writer: ResultWriter,
  children: readonly ChildExecution[],
  run: MapRun,
  visit: Visit,
): Promise<Json> {
  const parsed = writerArguments.safeParse(
    await visit.evaluate(writer.Arguments!, 'ResultWriter.Arguments'),
  );
  if (!parsed.success) throw writerError(visit, z.prettifyError(parsed.error));
  const { Bucket, Prefix = '' } = parsed.data;
  const folder = `${Prefix === '' || Prefix.endsWith('/') ? Prefix : `${Prefix}/`}${run.id}`;
  const outputType = writer.WriterConfig?.OutputType ?? 'JSON';
  const transformation = writer.WriterConfig?.Transformation ?? 'NONE';
  const put = async (key: string, text: string, contentType: string) => {
    const body = Buffer.from(text, 'utf8');
    try {
      await visit.frame.services.objects.put(Bucket, key, body, contentType);
    } catch (error) {
      throw writerError(visit, `s3://${Bucket}/${key}: ${(error as Error).message}`, error);
    }
    return { Key: key, Size: body.byteLength };
  };

  const resultFiles: Record<string, Json> = {};
  for (const status of ['FAILED', 'PENDING', 'SUCCEEDED'] as const) {
    const results = transform(
      children.filter((child) => child.status === status),
      transformation,
    );
    const files: Json[] = [];
    for (const [number, text] of renderFiles(results, outputType).entries()) {
      const key = `${folder}/${status}_${number}.${outputType === 'JSONL' ? 'jsonl' : 'json'}`;
      const contentType = outputType === 'JSONL' ? 'application/jsonl' : 'application/json';
      files.push(await put(key, text, contentType));
    }
    resultFiles[status] = files;
  }
  const manifest = { DestinationBucket: Bucket, MapRunArn: run.arn, ResultFiles: resultFiles };
  const { Key } = await put(
    `${folder}/manifest.json`,
    JSON.stringify(manifest),
    'application/json',
  );
  return { MapRunArn: run.arn, ResultWriterDetails: { Bucket, Key } };
}

function writerError(visit: Visit, problem: string, cause?: unknown): StateError {
  return new StateError(
    'States.ResultWriterFailed',
    `The ResultWriter of the state '${visit.path}' failed: ${problem}`,
    { cause },
  );
}

/** Results as a transformation shows them; failed and pending children always with all that is known of them. */
function transform(children: readonly ChildExecution[], transformation: Transformation): Json[] {
  return children.flatMap((child): Json[] => {
    if (transformation === 'NONE' || child.status !== 'SUCCEEDED') return [describe(child)];
    const output = child.output ?? null;
    return transformation === 'FLATTEN' && Array.isArray(output) ? output : [output];
  });
}

/** A child as `DescribeExecution` would show it: input and output are JSON texts. */
function describe(child: ChildExecution): Json {
  const input = { Input: JSON.stringify(child.input), InputDetails: { Included: true } };
  if (child.startDate === undefined) return { ...input, Status: child.status };
  return {
    ...(child.error?.causeText === undefined ? {} : { Cause: child.error.causeText }),
    ...(child.error?.error === undefined ? {} : { Error: child.error.error }),
    ExecutionArn: child.arn,
    ...input,
    Name: child.name,
    ...(child.output === undefined
      ? {}
      : { Output: JSON.stringify(child.output), OutputDetails: { Included: true } }),
    RedriveCount: 0,
    StartDate: child.startDate,
    StateMachineArn: child.stateMachineArn,
    Status: child.status,
    ...(child.stopDate === undefined ? {} : { StopDate: child.stopDate }),
  };
}

/** The texts of as many files as the results need; none for no results. */
export function renderFiles(
  results: readonly Json[],
  outputType: OutputType,
  fileCharacters = FILE_CHARACTERS,
): string[] {
  const files: string[] = [];
  let lines: string[] = [];
  let characters = 0;
  const close = () => {
    if (lines.length > 0) {
      files.push(outputType === 'JSONL' ? `${lines.join('\n')}\n` : `[${lines.join(',')}]`);
    }
    lines = [];
    characters = 0;
  };
  for (const result of results) {
    const line = JSON.stringify(result);
    if (characters + line.length > fileCharacters) close();
    lines.push(line);
    characters += line.length + 1;
  }
  close();
  return files;
}
