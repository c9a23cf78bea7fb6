import type { PipelineError } from '#lib/contracts/errors.ts';
import type { CostEstimate } from './cost.ts';
import { CountLimitError, type StepCount } from './counts.ts';
import { tooLarge } from './memory.ts';
import { tooLate } from './times.ts';

/** All that a night would not survive: steps that would be stopped, run out of memory, or have too many of something. */
export function refusalsOf({ times, memory, counts }: Limits): PipelineError[] {
  return [...tooLate(times), ...tooLarge(memory), ...tooMany(counts)];
}

export type Limits = Pick<CostEstimate, 'times' | 'memory' | 'counts'>;

/**
 * What cannot end is not begun, and has no price: half an epoch is worth nothing.
 *
 * @throws TimeLimitError, MemoryLimitError or CountLimitError that names every such step, the number that breaks it and the
 *   setting that helps
 */
export function checkLimits(limits: Limits): void {
  const [first, ...others] = refusalsOf(limits);
  if (first === undefined) return;
  if (others.length > 0)
    first.message = [first, ...others].map(({ message }) => message).join('\n');
  throw first;
}

function tooMany(counts: readonly StepCount[]): CountLimitError[] {
  return counts
    .filter(({ expected, limit }) => expected > limit)
    .map(
      ({ step, what, expected, limit, remedy }) =>
        new CountLimitError(
          `${step} is expected to have ${number(expected)} ${what}, more than the ${number(limit)} that it can have. ${remedy}`,
          { step, expected, limit },
        ),
    );
}

const number = (value: number) => value.toLocaleString('en-US');
