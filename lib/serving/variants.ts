import type { VariantsConfig } from '#lib/contracts/config/serving.ts';
import type { VariantName } from '#lib/contracts/impression.ts';
import { hash32 } from '#lib/sequences/hash32.ts';

/** Who answers a request, and how that came about. */
export interface Assignment {
  /** Null while nothing is compared. */
  readonly experiment: string | null;
  readonly variant: VariantName;
  /** Chance that this variant answers, (0-1]. */
  readonly propensity: number;
}

/** While nothing is compared. */
export const championAlone: Assignment = { experiment: null, variant: 'champion', propensity: 1 };

/** What tells those apart who ask. */
export interface Asker {
  readonly user_id?: string | undefined;
  readonly history?: readonly string[] | undefined;
}

/**
 * Shares those who ask out between two variants: a user has the same one as long as the experiment has its name, wherever it
 * is asked. Somebody without an id is told by the history, and without that by the request.
 *
 * @param requestId names the request
 */
export function assignVariant(
  { experiment, share }: Pick<VariantsConfig, 'experiment' | 'share'>,
  { user_id, history = [] }: Asker,
  requestId: string,
): Assignment {
  const who = user_id ?? (history.length > 0 ? JSON.stringify(history) : requestId);
  const isChallenger = hash32(`${experiment}\n${who}`, 0) < share * 2 ** 32;
  return isChallenger
    ? { experiment, variant: 'challenger', propensity: share }
    : { experiment, variant: 'champion', propensity: 1 - share };
}
