import * as z from 'zod';
import type { JsonService } from './json-service.ts';

/** One page of either list of quotas. */
const page = z.object({
  Quotas: z.array(z.object({ QuotaName: z.string(), Value: z.number() })),
  NextToken: z.string().nullish(),
});

/**
 * The quotas of an account in a region, by name: those that it was granted, and AWS's defaults for all others. What a region
 * does not offer has no quota.
 *
 * @param service code in Service Quotas, for example `sagemaker`, which has thousands
 * @param wanted which names to keep
 */
async function readQuotas(
  quotas: JsonService,
  service: string,
  wanted: (name: string) => boolean,
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  const keep = async (list: (input: object) => Promise<z.infer<typeof page>>) => {
    let token: string | null | undefined;
    do {
      const answer = await list({
        ServiceCode: service,
        MaxResults: 100,
        ...(token && { NextToken: token }),
      });
      for (const { QuotaName, Value } of answer.Quotas) {
        if (wanted(QuotaName)) found.set(QuotaName, Value);
      }
      token = answer.NextToken;
    } while (token);
  };
  await keep((input) => quotas.call('ListAWSDefaultServiceQuotas', input, page));
  // Only what an account was granted is in the second list.
  await keep((input) => quotas.call('ListServiceQuotas', input, page));
  return found;
}

/** What could not be read, and why. */
export interface Unread {
  readonly unread: string;
}

/**
 * The quotas of several services; one that cannot be read does not hide the others.
 *
 * @param wanted by the service's code in Service Quotas, which names to keep
 */
export async function readAccount<Service extends string>(
  quotas: JsonService,
  wanted: Readonly<Record<Service, (name: string) => boolean>>,
): Promise<Readonly<Record<Service, ReadonlyMap<string, number> | Unread>>> {
  const services = Object.keys(wanted) as Service[];
  const read = services.map(async (service) => {
    try {
      return [service, await readQuotas(quotas, service, wanted[service])] as const;
    } catch (error) {
      const [reason] = (error as Error).message.split('\n');
      const unread = `quotas cannot be read: ${reason} (it takes servicequotas:ListServiceQuotas and servicequotas:ListAWSDefaultServiceQuotas)`;
      return [service, { unread }] as const;
    }
  });
  return Object.fromEntries(await Promise.all(read)) as Record<Service, never>;
}
