import type * as z from 'zod';
import { ContractError } from '#lib/contracts/errors.ts';
import { explain } from '#lib/contracts/explain.ts';

/** JSON as we write it: stable for equal values built in the same order, readable, newline at the end. */
export const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/**
 * @param where names the object in messages
 * @throws ContractError when it is no JSON, or does not follow the schema
 */
export function parseJson<T>(bytes: Uint8Array, schema: z.ZodType<T>, where: string): T {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    throw new ContractError(`${where} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    throw new ContractError(`${where} does not follow its contract:\n${explain(result.error)}`);
  }
  return result.data;
}
