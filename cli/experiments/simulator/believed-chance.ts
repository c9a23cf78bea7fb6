/** What an environment believes of an item at a state. */
export interface BelievedItem {
  /** What it takes the item's utility for. */
  readonly utility: number;
  /** The true chance (0-1) that the item is taken. */
  readonly chance: number;
}

/** Steps of Newton's method: with two parameters it has converged long before. */
const steps = 25;
/** Keeps the parameters finite where all beliefs are the same. */
const penalty = 1e-3;

/**
 * The chance as a function of what is believed, `sigmoid(intercept + slope utility)`, by maximum likelihood (logistic
 * regression on chances in place of outcomes). Who believes the truth gets the true chance back, since items are taken with
 * `sigmoid(utility - nothing)`; the less beliefs have to do with the truth, the flatter it is.
 */
export function fitBelievedChance(beliefs: readonly BelievedItem[]): (utility: number) => number {
  const mean = beliefs.reduce((sum, { utility }) => sum + utility, 0) / Math.max(1, beliefs.length);
  let [intercept, slope] = [0, 0];
  const chanceOf = (utility: number) => 1 / (1 + Math.exp(-(intercept + slope * (utility - mean))));
  for (let step = 0; step < steps; step++) {
    let [g0, g1, h00, h01, h11] = [penalty * intercept, penalty * slope, penalty, 0, penalty];
    for (const { utility, chance } of beliefs) {
      const x = utility - mean;
      const believed = chanceOf(utility);
      const weight = believed * (1 - believed);
      g0 += believed - chance;
      g1 += (believed - chance) * x;
      h00 += weight;
      h01 += weight * x;
      h11 += weight * x * x;
    }
    const determinant = h00 * h11 - h01 * h01;
    intercept -= (h11 * g0 - h01 * g1) / determinant;
    slope -= (h00 * g1 - h01 * g0) / determinant;
  }
  return chanceOf;
}
