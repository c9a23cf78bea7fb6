import * as z from 'zod';
import type { CostPart, PartKind } from './parts.ts';
import type { PriceList, Range } from './prices.ts';

/** `runs/<run>/paid/<name>.json`: an instance that a run was paid for. */
export const paidUse = z.strictObject({
  kind: z.enum(['vectors', 'fit', 'ask', 'train']),
  instanceType: z.string().min(1),
  /** For a job what SageMaker bills, without what spot training saved. */
  seconds: z.number().min(0),
});

export type PaidUse = z.infer<typeof paidUse>;

/** As much of `cost.json` as a bill is compared with. */
export type EstimatedPart = Pick<CostPart, 'part' | 'usd'> & { readonly kind?: PartKind };

/** What functions were paid for, as far as it was measured. */
export type FunctionUse = Readonly<Partial<Record<'functions' | 'waiting', number>>>;

/** A part of the bill beside its estimate. */
export interface BilledPart {
  readonly part: string;
  readonly estimate: Range | undefined;
  /** Instances with their seconds, or GB-seconds of functions; empty where nothing was used. */
  readonly instances: readonly { readonly instanceType: string; readonly seconds: number }[];
  readonly gbSeconds: number | undefined;
  /** False where the estimate stands for what nobody measures. */
  readonly isMeasured: boolean;
  /** Undefined where an instance type has no price. */
  readonly usd: number | undefined;
}

const isByInstance = (kind: PartKind | undefined): kind is PaidUse['kind'] =>
  kind === 'vectors' || kind === 'fit' || kind === 'ask' || kind === 'train';

/** What a run was paid for beside what it was estimated at, part by part. */
export function billOf(
  estimated: readonly EstimatedPart[],
  paid: readonly PaidUse[],
  functions: FunctionUse,
  { instanceHour, lambdaGbSecond }: PriceList,
): BilledPart[] {
  return estimated.map(({ part, kind, usd: estimate }) => {
    if (isByInstance(kind)) {
      const instances = byType(paid.filter((use) => use.kind === kind));
      return {
        part,
        estimate,
        instances,
        gbSeconds: undefined,
        isMeasured: true,
        usd: usdOf(instances, instanceHour),
      };
    }
    const gbSeconds = kind === 'functions' || kind === 'waiting' ? functions[kind] : undefined;
    return {
      part,
      estimate,
      instances: [],
      gbSeconds,
      isMeasured: gbSeconds !== undefined,
      usd: gbSeconds === undefined ? estimate.expected : gbSeconds * lambdaGbSecond,
    };
  });
}

/** @returns USD; undefined as soon as a part has no price */
export function billedUsd(parts: readonly Pick<BilledPart, 'usd'>[]): number | undefined {
  let total = 0;
  for (const { usd } of parts) {
    if (usd === undefined) return undefined;
    total += usd;
  }
  return total;
}

function byType(uses: readonly PaidUse[]): BilledPart['instances'] {
  const seconds = new Map<string, number>();
  for (const { instanceType, seconds: more } of uses) {
    seconds.set(instanceType, (seconds.get(instanceType) ?? 0) + more);
  }
  return [...seconds].map(([instanceType, total]) => ({ instanceType, seconds: total }));
}

function usdOf(
  instances: BilledPart['instances'],
  instanceHour: PriceList['instanceHour'],
): number | undefined {
  let total = 0;
  for (const { instanceType, seconds } of instances) {
    const hour = instanceHour[instanceType];
    if (hour === undefined) return undefined;
    total += (hour * seconds) / 3600;
  }
  return total;
}
