import { PipelineError } from '#lib/contracts/errors.ts';
import type { CostEstimate } from './cost.ts';
import { usdText } from './usd.ts';

/** The run would cost more than the configuration allows. */
export class CostCapError extends PipelineError {
  constructor(message: string, details: Readonly<Record<string, unknown>>) {
    super('CostCapError', message, { details });
  }
}

/**
 * A cap is a cap: what counts is the worst case.
 *
 * @throws CostCapError that names the part to begin with
 */
export function checkCap(
  estimate: Pick<CostEstimate, 'parts' | 'usd'>,
  maxUsdPerRun: number,
): void {
  const { expected, high } = estimate.usd;
  if (high <= maxUsdPerRun) return;
  const largest = [...estimate.parts].sort((a, b) => b.usd.high - a.usd.high)[0];
  throw new CostCapError(
    `This run is estimated at ${usdText(expected)}, at worst ${usdText(high)}, but operations.maxUsdPerRun is ${usdText(maxUsdPerRun)}. ` +
      `The largest part is "${largest?.part}". Raise the cap, lower environment.subsetFraction or the number of models, or choose other instance types.`,
    { expected, high, maxUsdPerRun },
  );
}
