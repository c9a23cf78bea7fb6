import { SageMakerError } from './errors.ts';
import { listRequest, parseRequest } from './requests.ts';

/** What a listing says of a training job, model, endpoint configuration or endpoint; times in Unix milliseconds. */
export interface Listed {
  readonly name: string;
  readonly arn: string;
  readonly status?: string;
  readonly createdAt: number;
  readonly modifiedAt?: number;
}

/**
 * Answers ListEndpoints and its kin: filtered, sorted, in pages.
 *
 * @param kind `Endpoint`, `EndpointConfig`, `Model` or `TrainingJob`; prefix of the answer's fields
 * @param field the answer's field with what was found
 */
export function list(
  kind: string,
  args: unknown,
  all: readonly Listed[],
  field = `${kind}s`,
): Record<string, unknown> {
  const request = parseRequest(listRequest, `List${kind}s`, args);
  const keys = { Name: 'name', CreationTime: 'createdAt', Status: 'status' } as const;
  const key = keys[request.SortBy];
  const sign = request.SortOrder === 'Ascending' ? 1 : -1;
  const found = all
    .filter(({ name }) => name.includes(request.NameContains))
    .filter(({ status }) => (request.StatusEquals ?? status) === status)
    .filter(({ createdAt }) => createdAt < request.CreationTimeBefore)
    .filter(({ createdAt }) => createdAt > request.CreationTimeAfter)
    .toSorted((a, b) => sign * compare(a[key], b[key]) || compare(a.name, b.name));
  const start = Number(request.NextToken ?? 0);
  if (!Number.isInteger(start)) throw new SageMakerError('ValidationException', 'Bad NextToken.');
  const end = start + request.MaxResults;
  return {
    [field]: found.slice(start, end).map(({ name, arn, status, createdAt, modifiedAt }) => ({
      [`${kind}Name`]: name,
      [`${kind}Arn`]: arn,
      CreationTime: createdAt,
      ...(modifiedAt === undefined ? {} : { LastModifiedTime: modifiedAt }),
      ...(status === undefined ? {} : { [`${kind}Status`]: status }),
    })),
    ...(end < found.length ? { NextToken: String(end) } : {}),
  };
}

function compare(a: string | number | undefined, b: string | number | undefined): number {
  if (a === b) return 0;
  return (a ?? '') < (b ?? '') ? -1 : 1;
}
