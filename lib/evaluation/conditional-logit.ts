/**
 * Choices between candidates, each candidate described by the same few numbers. Sets lie one after the other: set `s`
 * has the candidates `offsets[s]` to `offsets[s + 1] - 1`.
 */
export interface ChoiceSets {
  /** Numbers per candidate. */
  readonly features: number;
  /** From this feature on weights may be below 0, and none puts candidates forward; at most 31. */
  readonly signed: number;
  /** `[sets + 1]` */
  readonly offsets: Int32Array;
  /** `[candidates, features]` */
  readonly values: Float32Array;
  /** Bit `k` is set if feature `k` put the candidate forward, `[candidates]`. */
  readonly proposers: Int32Array;
  /** The share of the set's choices that fell on a candidate, `[candidates]`; at most 1 in sum over a set. */
  readonly chosen: Float32Array;
}

/** Newton steps at most; a handful is usual. */
const maximumSteps = 50;
/** Half the squared Newton decrement below which the optimum is reached, in nats. */
const tolerance = 1e-9;

/**
 * The weights, none below 0 but those of signed features, that make the choices most likely: a conditional logit (McFadden 1974,
 * https://eml.berkeley.edu/reprints/mcfadden/zarembka.pdf), `P(i) = exp(w . x_i) / sum_j exp(w . x_j)`, the sum over the
 * candidates that a feature with a weight put forward, with a ridge. Minimises
 * `mean over sets of -log P(chosen) + ridge / 2 |w|^2`, which is convex, by a projected Newton method (Bertsekas 1982).
 *
 * @param columns features that take part; the weights of all others are 0
 * @param sets places of the sets to learn from
 * @param start where to begin, `[features]`
 * @returns `[features]`
 */
export function fitConditionalLogit(
  choices: ChoiceSets,
  columns: readonly number[],
  ridge: number,
  sets: Int32Array = Int32Array.from(choices.offsets.subarray(1).keys()),
  start: Float64Array = new Float64Array(choices.features),
): Float64Array {
  let weights = Float64Array.from(start, (value, column) => (columns.includes(column) ? value : 0));
  if (sets.length === 0) return weights;
  let current = differentiate(choices, columns, ridge, sets, weights);
  for (let step = 0; step < maximumSteps; step++) {
    const { gradient, hessian } = current;
    // A weight at 0 that would go below it is left there.
    const free = [...columns.keys()].filter(
      (k) => columns[k]! >= choices.signed || weights[columns[k]!]! > 0 || gradient[k]! < 0,
    );
    const direction = solve(
      free.map((k) => Float64Array.from(free, (l) => hessian[k]![l]!)),
      Float64Array.from(free, (k) => gradient[k]!),
    );
    const decrement = free.reduce((sum, k, at) => sum + direction[at]! * gradient[k]!, 0);
    if (decrement / 2 < tolerance) break;
    let length = 1;
    let next = current;
    let moved = weights;
    do {
      moved = weights.slice();
      free.forEach((k, at) => {
        const column = columns[k]!;
        const value = moved[column]! - length * direction[at]!;
        moved[column] = column >= choices.signed ? value : Math.max(0, value);
      });
      next = differentiate(choices, columns, ridge, sets, moved);
      length /= 2;
    } while (!(next.loss < current.loss) && length > 1e-6);
    if (!(next.loss < current.loss)) break;
    weights = moved;
    current = next;
  }
  return weights;
}

/** Loss, gradient `[columns]` and Hessian `[columns][columns]` at the weights. */
export function differentiate(
  { features, signed, offsets, values, proposers, chosen }: ChoiceSets,
  columns: readonly number[],
  ridge: number,
  sets: Int32Array,
  weights: Float64Array,
) {
  const size = columns.length;
  const own = Float64Array.from(columns, (column) => weights[column]!);
  // Signed features put nobody forward; there may be more of them than an integer has bits.
  const mask = columns.reduce((bits, column) => (column < signed ? bits | (1 << column) : bits), 0);
  const gradient = new Float64Array(size);
  const hessian = columns.map(() => new Float64Array(size));
  const scores = new Float64Array(longest(offsets));
  const mean = new Float64Array(size);
  const second = columns.map(() => new Float64Array(size));
  let loss = 0;
  for (const set of sets) {
    const begin = offsets[set]!;
    const end = offsets[set + 1]!;
    let highest = Number.NEGATIVE_INFINITY;
    let share = 0;
    for (let row = begin; row < end; row++) {
      if ((proposers[row]! & mask) === 0) continue;
      let score = 0;
      for (let k = 0; k < size; k++) score += own[k]! * values[row * features + columns[k]!]!;
      scores[row - begin] = score;
      if (score > highest) highest = score;
      if (chosen[row]! === 0) continue;
      share += chosen[row]!;
      loss -= chosen[row]! * score;
      for (let k = 0; k < size; k++) {
        gradient[k]! -= chosen[row]! * values[row * features + columns[k]!]!;
      }
    }
    if (share === 0) continue;
    let total = 0;
    mean.fill(0);
    for (const line of second) line.fill(0);
    for (let row = begin; row < end; row++) {
      if ((proposers[row]! & mask) === 0) continue;
      const mass = Math.exp(scores[row - begin]! - highest);
      total += mass;
      for (let k = 0; k < size; k++) {
        const weighted = mass * values[row * features + columns[k]!]!;
        mean[k]! += weighted;
        const line = second[k]!;
        for (let l = 0; l <= k; l++) line[l]! += weighted * values[row * features + columns[l]!]!;
      }
    }
    loss += share * (highest + Math.log(total));
    for (let k = 0; k < size; k++) {
      gradient[k]! += (share * mean[k]!) / total;
      for (let l = 0; l <= k; l++) {
        const covariance = second[k]![l]! / total - (mean[k]! / total) * (mean[l]! / total);
        hessian[k]![l]! += share * covariance;
      }
    }
  }
  for (let k = 0; k < size; k++) {
    gradient[k] = gradient[k]! / sets.length + ridge * own[k]!;
    for (let l = 0; l <= k; l++) {
      hessian[k]![l] = hessian[k]![l]! / sets.length + (k === l ? ridge : 0);
      hessian[l]![k] = hessian[k]![l]!;
    }
  }
  const penalty = own.reduce((sum, weight) => sum + (ridge / 2) * weight * weight, 0);
  return { loss: loss / sets.length + penalty, gradient, hessian };
}

function longest(offsets: Int32Array): number {
  let most = 0;
  for (let set = 0; set + 1 < offsets.length; set++) {
    most = Math.max(most, offsets[set + 1]! - offsets[set]!);
  }
  return most;
}

/** `matrix^-1 vector` for a symmetric, positive definite matrix (Cholesky); in place, both are overwritten. */
function solve(lower: readonly Float64Array[], solution: Float64Array): Float64Array {
  const size = solution.length;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = lower[row]![column]!;
      for (let k = 0; k < column; k++) sum -= lower[row]![k]! * lower[column]![k]!;
      // A direction without curvature is not moved along.
      lower[row]![column] =
        row === column ? Math.sqrt(Math.max(sum, 1e-12)) : sum / lower[column]![column]!;
    }
  }
  for (let row = 0; row < size; row++) {
    for (let k = 0; k < row; k++) solution[row]! -= lower[row]![k]! * solution[k]!;
    solution[row]! /= lower[row]![row]!;
  }
  for (let row = size - 1; row >= 0; row--) {
    for (let k = row + 1; k < size; k++) solution[row]! -= lower[k]![row]! * solution[k]!;
    solution[row]! /= lower[row]![row]!;
  }
  return solution;
}
