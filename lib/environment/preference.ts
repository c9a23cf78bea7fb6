/**
 * The reward of a logged action whose LE reward is a preference: `base * (1 + lambda * clip(z, -1, 1))`. With
 * `lambda <= 1` it has the sign of its base; it never falls below a negative's.
 *
 * @param base base reward of the action's event, at least 0
 * @param preference z of the logged action
 * @param weight lambda, 0-1; 0 leaves the base reward as it is
 * @param negativeReward base reward of a negative action
 */
export function loggedReward(
  base: number,
  preference: number,
  weight: number,
  negativeReward: number,
): number {
  if (weight === 0) return base;
  return Math.max(base * (1 + weight * clip(preference)), Math.min(base, negativeReward));
}

/**
 * The reward of an augmented action, of which nobody knows whether the user would have taken it: on the logged action's base,
 * and never above the logged action's reward.
 *
 * @param logged from `loggedReward`
 */
export function augmentedReward(
  base: number,
  preference: number,
  weight: number,
  logged: number,
): number {
  return Math.min(base * (1 + weight * clip(preference)), logged);
}

const clip = (value: number) => Math.min(1, Math.max(-1, value));
