import { describe, expect, it } from 'vitest';
import { invertInPlace } from '#lib/evaluation/rivals/inverse.ts';
import { randomStream } from '#lib/recommender/random.ts';

/** `X'X + ridge I`, `[size, size]`. */
function positiveDefinite(size: number): Float64Array {
  const random = randomStream(3, 'inverse', size);
  const x = Float64Array.from({ length: size * size }, () => random.normal());
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      let sum = i === j ? 2 : 0;
      for (let k = 0; k < size; k++) sum += x[k * size + i]! * x[k * size + j]!;
      matrix[i * size + j] = sum;
    }
  }
  return matrix;
}

describe('Function: invertInPlace', () => {
  // Odd and even, below, at and beyond the size of a block and its multiples.
  it.each([1, 2, 3, 4, 5, 7, 31, 32, 33, 64, 66, 101])('inverts a matrix of size %i', (size) => {
    // Arrange
    const matrix = positiveDefinite(size);
    const inverse = matrix.slice();
    // What is above the diagonal is not read.
    for (let i = 0; i < size; i++) inverse.fill(Number.NaN, i * size + i + 1, (i + 1) * size);

    // Act
    invertInPlace(inverse, size);

    // Assess
    let worst = 0;
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        let sum = 0;
        for (let k = 0; k < size; k++) {
          sum += matrix[i * size + k]! * inverse[Math.max(k, j) * size + Math.min(k, j)]!;
        }
        // What is no number stays none.
        worst = Math.max(worst, Math.abs(sum - (i === j ? 1 : 0)));
      }
    }
    expect(worst).toBeLessThan(1e-9);
  });

  it('refuses a matrix that is not positive definite, and says where', () => {
    expect(() => invertInPlace(Float64Array.of(1, 0, 2, 1), 2)).toThrow(
      'The matrix is not positive definite: pivot 2 is -3.',
    );
    expect(() => invertInPlace(Float64Array.of(1, 0, 1, 1), 2)).toThrow('pivot 2 is 0.');
    expect(() => invertInPlace(Float64Array.of(Number.NaN), 1)).toThrow('pivot 1 is NaN');
  });
});
