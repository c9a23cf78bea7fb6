import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  answerFrom,
  type SplitInput,
  splitAt,
  splitLeaveOneOut,
  splitUsers,
  timeCutQueries,
} from '#lib/sequences/split.ts';

/** Users' ascending timestamps. */
const inputs: fc.Arbitrary<SplitInput> = fc
  .array(fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 12 }), {
    minLength: 1,
    maxLength: 12,
  })
  .map(inputOf);

function inputOf(times: readonly (readonly number[])[]): SplitInput {
  const lengths = times.map((one) => one.length);
  return {
    userIds: times.map((_, user) => `user-${user}`),
    offsets: Int32Array.of(
      0,
      ...lengths.map((_, user) => lengths.slice(0, user + 1).reduce((a, b) => a + b, 0)),
    ),
    timestamps: Float64Array.from(times.flatMap((one) => one.toSorted((a, b) => a - b))),
  };
}

function timeCuts(timestamps: Float64Array) {
  const sorted = timestamps.slice().sort();
  return answerFrom(sorted, timeCutQueries(sorted.length));
}

const splitByTime = (input: SplitInput) => splitAt(input, timeCuts(input.timestamps));

const splits = [
  ['leave-one-out', splitLeaveOneOut],
  ['by-user', (input: SplitInput) => splitUsers(input, 1)],
  ['global-time', splitByTime],
] as const;

describe.each(splits)('Split: %s', (_, split) => {
  it('cuts each history into three parts that follow each other', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        // Act
        const { trainEnds, validationEnds } = split(input);

        // Assess
        input.userIds.forEach((_user, user) => {
          const length = input.offsets[user + 1]! - input.offsets[user]!;
          expect(trainEnds[user]).toBeGreaterThanOrEqual(0);
          expect(validationEnds[user]).toBeGreaterThanOrEqual(trainEnds[user]!);
          expect(validationEnds[user]).toBeLessThanOrEqual(length);
        });
      }),
    );
  });
});

describe('Function: splitLeaveOneOut', () => {
  it('holds out the last two actions of everybody with three or more', () => {
    // Act
    const split = splitLeaveOneOut(inputOf([[1], [1, 2], [1, 2, 3], [1, 2, 3, 4, 5]]));

    // Assess
    expect([...split.trainEnds]).toEqual([1, 2, 1, 3]);
    expect([...split.validationEnds]).toEqual([1, 2, 2, 4]);
  });

  it('holds out whole baskets, of everybody with three or more', () => {
    // Act
    const input = inputOf([
      [1, 1, 1, 2],
      [1, 2, 2, 3, 3, 3],
    ]);

    // Assess
    expect(splitLeaveOneOut(input, true)).toEqual({
      trainEnds: Int32Array.of(4, 1),
      validationEnds: Int32Array.of(4, 3),
    });
  });
});

describe('Function: splitUsers', () => {
  const many = inputOf(Array.from({ length: 20_000 }, () => [1, 2, 3]));

  it('holds out about a tenth of the users each', () => {
    // Act
    const { trainEnds, validationEnds } = splitUsers(many, 1);

    // Assess: three standard deviations of a binomial of 20,000 and 0.1 are 127.
    const validation = trainEnds.filter((end, user) => end === 0 && validationEnds[user] === 3);
    const test = validationEnds.filter((end) => end === 0);
    expect(Math.abs(validation.length - 2000)).toBeLessThan(127);
    expect(Math.abs(test.length - 2000)).toBeLessThan(127);
  });

  it('puts a user into the same part whoever else is there', () => {
    // Arrange
    const few = inputOf([
      [1, 2, 3, 4],
      [1, 2],
    ]);
    const renamed = { ...few, userIds: ['user-7', 'user-12'] };

    // Act
    const all = splitUsers(many, 1);
    const two = splitUsers(renamed, 1);

    // Assess
    const part = (trainEnd: number, validationEnd: number) =>
      trainEnd > 0 ? 'train' : validationEnd > 0 ? 'validation' : 'test';
    [7, 12].forEach((user, place) => {
      expect(part(two.trainEnds[place]!, two.validationEnds[place]!)).toBe(
        part(all.trainEnds[user]!, all.validationEnds[user]!),
      );
    });
  });

  it('depends on the seed', () => {
    expect(splitUsers(many, 2)).not.toEqual(splitUsers(many, 1));
  });
});

describe('Functions: timeCutQueries, splitAt', () => {
  it('never trains on an action later than a held-out one', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        // Act
        const { trainEnds, validationEnds } = splitByTime(input);

        // Assess
        const parts = { train: [] as number[], validation: [] as number[], test: [] as number[] };
        input.userIds.forEach((_user, user) => {
          const begin = input.offsets[user]!;
          const times = [...input.timestamps.subarray(begin, input.offsets[user + 1]!)];
          parts.train.push(...times.slice(0, trainEnds[user]));
          parts.validation.push(...times.slice(trainEnds[user], validationEnds[user]));
          parts.test.push(...times.slice(validationEnds[user]));
        });
        const last = (times: number[]) => Math.max(Number.NEGATIVE_INFINITY, ...times);
        const first = (times: number[]) => Math.min(Number.POSITIVE_INFINITY, ...times);
        expect(last(parts.train)).toBeLessThan(first([...parts.validation, ...parts.test]));
        expect(last(parts.validation)).toBeLessThan(first(parts.test));
        const most = Math.ceil(0.1 * input.timestamps.length);
        expect(parts.test.length).toBeLessThanOrEqual(most);
        expect(parts.validation.length).toBeLessThanOrEqual(most);
      }),
    );
  });

  it('holds out a tenth of few actions twice', () => {
    // Act
    const split = splitByTime(
      inputOf([
        [1, 2, 3, 4, 5],
        [6, 7, 8, 9, 10],
      ]),
    );

    // Assess
    expect([...split.trainEnds]).toEqual([5, 3]);
    expect([...split.validationEnds]).toEqual([5, 4]);
  });

  it('holds out 10,000 of many that are spread over time, and a day of many that are not', () => {
    // Arrange: 200,000 actions, one every 20 s (4,320 a day) or every 5 s (17,280 a day).
    const day = 86_400;
    const every = (seconds: number) =>
      Float64Array.from({ length: 200_000 }, (_, at) => at * seconds);

    // Act
    const slow = timeCuts(every(20));
    const fast = timeCuts(every(5));

    // Assess
    expect(slow).toEqual({ lastOfTraining: 179_999 * 20, lastOfValidation: 189_999 * 20 });
    const end = 199_999 * 5;
    expect(fast).toEqual({ lastOfTraining: end - 2 * day, lastOfValidation: end - day });
  });
});
