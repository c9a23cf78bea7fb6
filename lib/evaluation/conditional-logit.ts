/**
 * Choices between candidates, each candidate described by the same few numbers. Sets lie one after the other: set `s`
 * has the candidates `offsets[s]` to `offsets[s + 1] - 1`.
 */
export interface ChoiceSets {
  /** Numbers a candidate. */
  readonly features: number;
  /** `[sets + 1]` */
  readonly offsets: Int32Array;
  /** `[candidates, features]` */
  readonly values: Float32Array;
  /** How many alternatives a candidate stands for, `[candidates]`. */
  readonly multiplicities: Float32Array;
  /** The share of the set's choices that fell on a candidate, `[candidates]`; 1 in sum over a set. */
  readonly chosen: Float32Array;
}

/** Newton steps at most; a handful is usual. */
const maximumSteps = 50;
/** Half the squared Newton decrement below which the optimum is reached, in nats. */
const tolerance = 1e-9;

/**
 * The weights that make the choices most likely: a conditional logit (McFadden 1974,
 * https://eml.berkeley.edu/reprints/mcfadden/zarembka.pdf), `P(i) = m_i exp(w . x_i) / sum_j m_j exp(w . x_j)`, with a
 * ridge. Minimises `mean over sets of -log P(chosen) + ridge / 2 |w|^2`, which is convex, by Newton's method with step
 * halving.
 *
 * @param columns features that take part; the weights of all others stay 0
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
  if (sets.length === 0 || columns.length === 0) return weights;
  let current = differentiate(choices, columns, ridge, sets, weights);
  for (let step = 0; step < maximumSteps; step++) {
    const direction = solve(current.hessian, current.gradient);
    const decrement = direction.reduce((sum, value, k) => sum + value * current.gradient[k]!, 0);
    if (decrement / 2 < tolerance) break;
    let length = 1;
    let next = current;
    let moved = weights;
    do {
      moved = weights.slice();
      columns.forEach((column, k) => {
        moved[column]! -= length * direction[k]!;
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
  { features, offsets, values, multiplicities, chosen }: ChoiceSets,
  columns: readonly number[],
  ridge: number,
  sets: Int32Array,
  weights: Float64Array,
) {
  const size = columns.length;
  const own = Float64Array.from(columns, (column) => weights[column]!);
  const gradient = new Float64Array(size);
  const hessian = columns.map(() => new Float64Array(size));
  let loss = 0;
  let scores = new Float64Array(0);
  const mean = new Float64Array(size);
  const second = columns.map(() => new Float64Array(size));
  for (const set of sets) {
    const begin = offsets[set]!;
    const length = offsets[set + 1]! - begin;
    if (scores.length < length) scores = new Float64Array(length);
    let highest = Number.NEGATIVE_INFINITY;
    for (let row = 0; row < length; row++) {
      let score = 0;
      const at = (begin + row) * features;
      for (let k = 0; k < size; k++) score += own[k]! * values[at + columns[k]!]!;
      scores[row] = score;
      if (score > highest) highest = score;
      const share = chosen[begin + row]!;
      if (share > 0) {
        loss -= share * score;
        for (let k = 0; k < size; k++) gradient[k]! -= share * values[at + columns[k]!]!;
      }
    }
    let total = 0;
    mean.fill(0);
    for (const line of second) line.fill(0);
    for (let row = 0; row < length; row++) {
      const mass = multiplicities[begin + row]! * Math.exp(scores[row]! - highest);
      if (mass === 0) continue;
      total += mass;
      const at = (begin + row) * features;
      for (let k = 0; k < size; k++) {
        const weighted = mass * values[at + columns[k]!]!;
        mean[k]! += weighted;
        const line = second[k]!;
        for (let l = 0; l <= k; l++) line[l]! += weighted * values[at + columns[l]!]!;
      }
    }
    loss += highest + Math.log(total);
    for (let k = 0; k < size; k++) {
      gradient[k]! += mean[k]! / total;
      for (let l = 0; l <= k; l++) {
        hessian[k]![l]! += second[k]![l]! / total - (mean[k]! / total) * (mean[l]! / total);
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

/** `matrix^-1 vector` for a symmetric, positive definite matrix (Cholesky). */
function solve(matrix: readonly Float64Array[], vector: Float64Array): Float64Array {
  const size = vector.length;
  const lower = matrix.map((line) => line.slice());
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = lower[row]![column]!;
      for (let k = 0; k < column; k++) sum -= lower[row]![k]! * lower[column]![k]!;
      // A direction without curvature is not moved along.
      lower[row]![column] =
        row === column ? Math.sqrt(Math.max(sum, 1e-12)) : sum / lower[column]![column]!;
    }
  }
  const solution = vector.slice();
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
