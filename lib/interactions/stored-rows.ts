import * as z from 'zod';
import { ContractError } from '#lib/contracts/errors.ts';
import type { Item } from './rows.ts';

/** One line of `items/`. */
export const storedItem = z.strictObject({
  item_id: z.string().min(1),
  title: z.string(),
  fields: z.record(z.string(), z.string()),
}) satisfies z.ZodType<Item>;

/**
 * Reads JSON lines (not gzipped) of `items/` as they stream by, a chunk's rows at a time.
 *
 * @param where the object's name, for the message
 * @throws ContractError that names the line
 */
export async function* readStoredRows<T>(
  stream: AsyncIterable<Uint8Array | string>,
  schema: z.ZodType<T>,
  where: string,
): AsyncGenerator<T[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  let line = 0;
  // Without its cause, which quotes the line, user id and all.
  const damaged = (what: string) =>
    new ContractError(
      `${what} of ${where} is not what ingestion writes. Upload its file again under another name.`,
    );
  const decode = (chunk?: Uint8Array): string => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      throw damaged(`A byte after line ${line}`);
    }
  };
  const parse = (text: string): T => {
    line++;
    try {
      return schema.parse(JSON.parse(text));
    } catch {
      throw damaged(`Line ${line}`);
    }
  };
  for await (const chunk of stream) {
    const lines = (rest + (typeof chunk === 'string' ? chunk : decode(chunk))).split('\n');
    rest = lines.pop()!;
    if (lines.length > 0) yield lines.map(parse);
  }
  // What is left may end inside a character.
  rest += decode();
  if (rest !== '') yield [parse(rest)];
}
