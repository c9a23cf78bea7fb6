import { ConfigError } from '#lib/contracts/errors.ts';
import type { Prices, Range } from './prices.ts';
import { per, product, scale } from './range.ts';

/** How long a GPU computes that many floating-point operations, at a share of its peak. */
export function gpuSeconds(
  count: number,
  instance: string,
  share: Range,
  { throughput }: Prices,
): Range {
  const peak = known(throughput.peakTeraflops, instance, 'config/throughput.json, peakTeraflops');
  return per(count, scale(share, peak * 1e12));
}

/** What an instance costs for so long. @param spot at the price of spare capacity */
export function instanceUsd(
  seconds: Range,
  instance: string,
  spot: boolean,
  { prices, throughput }: Prices,
): Range {
  const hour = known(prices.instanceHour, instance, 'config/prices.json, instanceHour');
  const onDemand = scale(seconds, hour / 3600);
  return spot ? product(onDemand, throughput.spotShare) : onDemand;
}

/** @throws ConfigError where the table lacks the instance type */
export function known(table: Readonly<Record<string, number>>, key: string, where: string): number {
  const value = table[key];
  if (value !== undefined) return value;
  throw new ConfigError(
    `${where} has no entry for ${key}. Add it, or choose another instance type.`,
  );
}
