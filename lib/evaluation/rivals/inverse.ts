import { ContractError } from '#lib/contracts/errors.ts';

/** Rows and columns that are worked on together, so that what is multiplied stays in the processor's cache. */
const block = 32;

/**
 * Inverts a symmetric, positive definite matrix in place: `A = L L'` (Cholesky), `U = (L^-1)'`, `A^-1 = U U'`. All three
 * steps are products of rows, so nothing is copied: `L` lies below the diagonal, `U` above it.
 *
 * @param matrix `[size, size]`, rows one after the other; only the diagonal and what is below it is read. Afterwards
 *   these hold the inverse, and what is above the diagonal means nothing
 * @throws ContractError if the matrix is not positive definite
 */
export function invertInPlace(matrix: Float64Array, size: number): void {
  factorise(matrix, size);
  invertFactor(matrix, size);
  multiplyFactor(matrix, size);
}

/** `L` below the diagonal, and `1 / L_ii` on it. */
function factorise(a: Float64Array, n: number): void {
  for (let begin = 0; begin < n; begin += block) {
    const end = Math.min(n, begin + block);
    subtractProducts(a, n, begin, end);
    for (let column = begin; column < end; column++) {
      const pivot = a[column * n + column]! - dot(a, column * n, column * n, begin, column);
      if (!(pivot > 0)) {
        throw new ContractError(
          `The matrix is not positive definite: pivot ${column + 1} is ${pivot}.`,
        );
      }
      const scale = 1 / Math.sqrt(pivot);
      a[column * n + column] = scale;
      for (let row = column + 1; row < n; row++) {
        const rest = dot(a, row * n, column * n, begin, column);
        a[row * n + column] = (a[row * n + column]! - rest) * scale;
      }
    }
  }
}

/** `a[i][j] -= sum_k<begin a[i][k] a[j][k]` for the columns `begin` to `end - 1` and all rows from `j` on. */
function subtractProducts(a: Float64Array, n: number, begin: number, end: number): void {
  const tile = new Float64Array(8);
  for (let row = begin; row < n; row += 2) {
    for (let column = begin; column < end && column <= row + 1; column += 4) {
      if (row + 2 <= n && column + 4 <= end) {
        dotTile(a, n, row, column, 0, begin, tile);
        for (let at = 0; at < 8; at++) {
          const own = row + (at >> 2);
          const other = column + (at & 3);
          if (other <= own) a[own * n + other]! -= tile[at]!;
        }
        continue;
      }
      for (let own = row; own < Math.min(n, row + 2); own++) {
        for (let other = column; other < Math.min(end, column + 4) && other <= own; other++) {
          a[own * n + other]! -= dot(a, own * n, other * n, 0, begin);
        }
      }
    }
  }
}

/** `U` above the diagonal and on it, from `L` below it: `U_ji = -(sum_j<=k<i L_ik U_jk) / L_ii`. */
function invertFactor(a: Float64Array, n: number): void {
  const tile = new Float64Array(8);
  const sums = new Float64Array(2 * n);
  for (let row = 0; row < n; row += 2) {
    const rows = Math.min(2, n - row);
    let other = 0;
    for (; rows === 2 && other + 4 <= row; other += 4) {
      // The rows of four others have their diagonals at four places: up to the last of them one by one.
      const from = other + 4;
      dotTile(a, n, row, other, from, row, tile);
      for (let at = 0; at < 8; at++) {
        const own = at >> 2;
        const which = other + (at & 3);
        sums[own * n + which] =
          tile[at]! + dot(a, (row + own) * n, which * n, which, Math.min(from, row));
      }
    }
    for (; other < row; other++) {
      for (let own = 0; own < rows; own++) {
        sums[own * n + other] = dot(a, (row + own) * n, other * n, other, row);
      }
    }
    for (let own = 0; own < rows; own++) {
      const i = row + own;
      for (let j = 0; j < i; j++) {
        // The second row of the pair still lacks what stands in the column of the first.
        const rest = own === 1 ? a[i * n + row]! * a[j * n + row]! : 0;
        a[j * n + i] = -(sums[own * n + j]! + rest) * a[i * n + i]!;
      }
    }
  }
}

/** The inverse on and below the diagonal: `sum_k>=i U_ik U_jk` for `j <= i`. */
function multiplyFactor(a: Float64Array, n: number): void {
  const tile = new Float64Array(8);
  for (let row = 0; row < n; row += 2) {
    const rows = Math.min(2, n - row);
    let other = 0;
    const products: number[] = [];
    for (; rows === 2 && other + 4 <= row; other += 4) {
      dotTile(a, n, row, other, row + 1, n, tile);
      for (let at = 0; at < 4; at++) {
        const which = other + at;
        const first = tile[at]! + a[row * n + row]! * a[which * n + row]!;
        const second = tile[at + 4]!;
        // The rows of `L` are no longer needed.
        a[row * n + which] = first;
        a[(row + 1) * n + which] = second;
      }
    }
    const from = other;
    for (let i = row; i < row + rows; i++) {
      for (let j = from; j <= i; j++) products.push(dot(a, i * n, j * n, i, n));
    }
    let at = 0;
    for (let i = row; i < row + rows; i++) {
      for (let j = from; j <= i; j++) a[i * n + j] = products[at++]!;
    }
  }
}

function dot(a: Float64Array, one: number, other: number, begin: number, end: number): number {
  let sum = 0;
  for (let k = begin; k < end; k++) sum += a[one + k]! * a[other + k]!;
  return sum;
}

/** Products of the rows `row`, `row + 1` with the rows `other` to `other + 3` over the columns `begin` to `end - 1`, `[2, 4]`. */
function dotTile(
  a: Float64Array,
  n: number,
  row: number,
  other: number,
  begin: number,
  end: number,
  out: Float64Array,
): void {
  let p0 = 0;
  let p1 = 0;
  let p2 = 0;
  let p3 = 0;
  let q0 = 0;
  let q1 = 0;
  let q2 = 0;
  let q3 = 0;
  const i0 = row * n;
  const i1 = i0 + n;
  const j0 = other * n;
  const j1 = j0 + n;
  const j2 = j1 + n;
  const j3 = j2 + n;
  for (let k = begin; k < end; k++) {
    const x = a[i0 + k]!;
    const y = a[i1 + k]!;
    const z0 = a[j0 + k]!;
    const z1 = a[j1 + k]!;
    const z2 = a[j2 + k]!;
    const z3 = a[j3 + k]!;
    p0 += x * z0;
    p1 += x * z1;
    p2 += x * z2;
    p3 += x * z3;
    q0 += y * z0;
    q1 += y * z1;
    q2 += y * z2;
    q3 += y * z3;
  }
  out[0] = p0;
  out[1] = p1;
  out[2] = p2;
  out[3] = p3;
  out[4] = q0;
  out[5] = q1;
  out[6] = q2;
  out[7] = q3;
}
