import * as z from 'zod';
import { call } from './api.ts';
import type { Address } from './emulator.ts';

const groups = z.looseObject({
  logGroups: z.array(z.looseObject({ logGroupName: z.string() })),
  nextToken: z.string().nullish(),
});
const events = z.looseObject({ events: z.array(z.looseObject({ message: z.string() })) });

/** Every line that functions have logged so far, by log group, as CloudWatch Logs keeps them. */
export async function functionLogs(address: Address): Promise<ReadonlyMap<string, string[]>> {
  const ask = <Answer>(operation: string, input: object, answer: z.ZodType<Answer>) =>
    call(address, 'logs', `Logs_20140328.${operation}`, input, answer);
  const found = new Map<string, string[]>();
  let token: string | null | undefined;
  do {
    const page = await ask('DescribeLogGroups', token ? { nextToken: token } : {}, groups);
    for (const { logGroupName } of page.logGroups) {
      const { events: logged } = await ask('FilterLogEvents', { logGroupName }, events);
      found.set(
        logGroupName,
        logged.map(({ message }) => message),
      );
    }
    token = page.nextToken;
  } while (token);
  return found;
}
