import { SageMakerError } from './errors.ts';
import type { Action } from './sagemaker.ts';

/**
 * One call of SageMaker's API in its own protocol (JSON 1.1), for functions that call the service themselves.
 *
 * @param target the header `X-Amz-Target`, for example `SageMaker.ListEndpoints`
 */
export async function callApi(
  actions: Readonly<Record<string, Action>>,
  target: string,
  text: string,
): Promise<{ status: number; body: object }> {
  const operation = target.split('.').at(-1) ?? '';
  const action = actions[operation.charAt(0).toLowerCase() + operation.slice(1)];
  if (action === undefined) {
    const message = `${operation} is not supported on one machine.`;
    return { status: 501, body: { __type: 'UnknownOperationException', message } };
  }
  try {
    const answer = await action(readTimes(text === '' ? {} : JSON.parse(text)));
    return { status: 200, body: writeTimes(answer) as object };
  } catch (error) {
    if (!(error instanceof SageMakerError)) throw error;
    const type = error.code === 'UnknownField' ? 'ValidationException' : error.code;
    return { status: 400, body: { __type: type, message: error.message } };
  }
}

/** The protocol has times in seconds, everything else here in milliseconds. */
function readTimes(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => {
      const isTime = /Time(Before|After)$/.test(name) && typeof entry === 'number';
      return [name, isTime ? entry * 1000 : entry];
    }),
  );
}

function writeTimes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(writeTimes);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => {
      const isTime = /(Time|Timestamp)$/.test(name) && typeof entry === 'number';
      return [name, isTime ? entry / 1000 : writeTimes(entry)];
    }),
  );
}
