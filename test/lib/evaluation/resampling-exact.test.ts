import { describe, expect, it } from 'vitest';
import {
  bootstrapMeans,
  flippedMeans,
  numberUsers,
  percentileInterval,
  randomisationPValue,
} from '#lib/evaluation/resampling.ts';
import { randomStream } from '#lib/recommender/random.ts';

/** More users than there are bits in a draw, cases of all numbers, sums with zeros among them. */
const users = 67;
const cases = Float64Array.from({ length: users }, (_, user) => 1 + (user % 3));
const columns = [
  Float64Array.from({ length: users }, (_, user) => (user % 4 === 0 ? 0 : user / 8)),
  Float64Array.from({ length: users }, (_, user) => (user % 5 === 0 ? 1 : 0)),
];
const samples = 5;

describe('Function: bootstrapMeans', () => {
  it('divides what was drawn by the cases of those who were drawn', () => {
    // Arrange
    const random = randomStream(3, 'bootstrap');
    const expected = columns.map(() => new Float64Array(samples));
    for (let sample = 0; sample < samples; sample++) {
      const drawn = Array.from({ length: users }, () => random.integer(users));
      const total = (values: Float64Array) => drawn.reduce((sum, user) => sum + values[user]!, 0);
      columns.forEach((column, at) => {
        expected[at]![sample] = total(column) / total(cases);
      });
    }

    // Act
    const means = bootstrapMeans({ cases, columns }, samples, 3);

    // Assess
    expect(means.length).toBe(2);
    means.forEach((column, at) => {
      expect([...column]).toEqual(Array.from(expected[at]!, (value) => expect.closeTo(value, 12)));
    });
  });
});

describe('Function: flippedMeans', () => {
  it('gives each user a coin, the same for all columns', () => {
    // Arrange
    const random = randomStream(3, 'sign-flips');
    const all = cases.reduce((sum, count) => sum + count, 0);
    const expected = columns.map(() => new Float64Array(samples));
    for (let sample = 0; sample < samples; sample++) {
      const words = Array.from({ length: Math.ceil(users / 32) }, () => random.integer(2 ** 32));
      columns.forEach((column, at) => {
        expected[at]![sample] =
          column.reduce((sum, value, user) => {
            const isHead = Math.floor(words[Math.floor(user / 32)]! / 2 ** (user % 32)) % 2 === 1;
            return sum + (isHead ? value : -value);
          }, 0) / all;
      });
    }

    // Act
    const means = flippedMeans({ cases, columns }, samples, 3);

    // Assess
    means.forEach((column, at) => {
      expect([...column]).toEqual(Array.from(expected[at]!, (value) => expect.closeTo(value, 12)));
    });
  });
});

describe('Function: percentileInterval', () => {
  it('interpolates, whatever the order, and leaves the values as they are', () => {
    const values = Float64Array.of(30, 10, 20, 0, 40);

    const { low, high } = percentileInterval(values, 0.9);

    expect(low).toBeCloseTo(2, 12);
    expect(high).toBeCloseTo(38, 12);
    expect([...values]).toEqual([30, 10, 20, 0, 40]);
    expect(percentileInterval(values, 1)).toEqual({ low: 0, high: 40 });
    expect(percentileInterval(Float64Array.of(7), 0.95)).toEqual({ low: 7, high: 7 });
  });
});

describe('Function: randomisationPValue', () => {
  const a = Float64Array.of(0.5, -0.2, 0.1, 0.3);
  const b = Float64Array.of(0.1, 0.1, 0.1, 0);

  it.each([
    [0.4, 2],
    [-0.4, 2],
    [0.35, 2],
    [0.3, 4],
    [0.45, 1],
    [0, 5],
  ])('counts the flips with a difference like %d, and the observed one', (observed, atLeast) => {
    expect(randomisationPValue(observed, a, b)).toBeCloseTo(atLeast / 5, 12);
  });

  it('takes for equal what was only added up in another order', () => {
    const flipped = Float64Array.of(0.3);
    const none = new Float64Array(1);

    expect(randomisationPValue(0.1 + 0.2, flipped, none)).toBe(1);
    expect(randomisationPValue(0.3 + 1e-8, flipped, none)).toBe(0.5);
    expect(randomisationPValue(1e-12, new Float64Array(1), none)).toBe(1);
  });
});

describe('Function: numberUsers', () => {
  it('numbers users in order of appearance', () => {
    const { numbers, users: count } = numberUsers(['b', 'a', 'b', 'c', 'a']);

    expect([[...numbers], count]).toEqual([[0, 1, 0, 2, 1], 3]);
    expect(numberUsers([]).users).toBe(0);
  });
});
