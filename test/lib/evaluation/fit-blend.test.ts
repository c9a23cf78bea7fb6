import { describe, expect, it } from 'vitest';
import type { BlendInput, Component } from '#lib/evaluation/blend.ts';
import { fitConditionalLogit } from '#lib/evaluation/conditional-logit.ts';
import { collectChoices, fitBlends, fitSettings } from '#lib/evaluation/fit-blend.ts';
import { planCounting } from '#lib/popularity/as-of.ts';
import { hash32 } from '#lib/sequences/hash32.ts';
import { casesOf, type PlainCase } from '../sequences/cases.ts';

const items = 5;
const rows: readonly (readonly number[])[] = [
  [9, 7, 5, 3, 1],
  [1, 2, 3, 4, 5],
];
const component = (which: number): Component => ({
  name: `${which}`,
  write(index, scores) {
    rows[which]!.forEach((score, at) => {
      // Other requests turn the rows round.
      scores[1 + ((at + index) % items)] = score / 4;
    });
  },
});

function inputOf(plain: readonly PlainCase[], excludeHistory = false): BlendInput {
  const cases = casesOf(plain);
  const none = {
    items: new Int32Array(0),
    times: new Float64Array(0),
    isHeldOut: new Uint8Array(0),
  };
  return {
    cases,
    counting: planCounting(none, cases.times, 'request', 'global-time'),
    items,
    excludeHistory,
    components: [component(0), component(1)],
    counts: { halfLives: [], epsilon: 1 },
  };
}

describe('Function: collectChoices', () => {
  const two = { ...fitSettings, candidates: 2 };

  it('has for each request what the rows put forward, and the share of its actions', () => {
    // Arrange: the first request is a basket, of which one item is put forward.
    const input = inputOf([
      { user: 'a', history: [], target: 1, request: 0 },
      { user: 'a', history: [], target: 3, request: 0 },
      { user: 'b', history: [], target: 1, request: 1 },
    ]);

    // Act
    const { choices, users } = collectChoices(input, two);

    // Assess: of case 0 the first row puts 1 and 2 forward, the second 5 and 4; of case 2 3 and 4, and 2 and 1.
    expect(users).toEqual(['a', 'b']);
    expect(choices).toEqual({
      features: 2,
      signed: 2,
      offsets: Int32Array.of(0, 4, 8),
      values: Float32Array.from(
        [
          [9, 1],
          [7, 2],
          [1, 5],
          [3, 4],
          [9, 1],
          [7, 2],
          [1, 5],
          [3, 4],
        ]
          .flat()
          .map((score) => score / 4),
      ),
      proposers: Int32Array.of(1, 1, 2, 2, 1, 1, 2, 2),
      chosen: Float32Array.of(0.5, 0, 0, 0, 0, 0, 0, 1),
    });
  });

  it('joins what several rows put forward, and says so', () => {
    const { choices } = collectChoices(inputOf([{ history: [], target: 5 }]), {
      ...fitSettings,
      candidates: 4,
    });

    // 1 to 4 of the first row, 5 to 2 of the second.
    expect([...choices.proposers]).toEqual([1, 3, 3, 3, 2]);
    expect([...choices.chosen]).toEqual([0, 0, 0, 0, 1]);
  });

  it('leaves out requests without a hit, and those of nobody', () => {
    const { choices, users } = collectChoices(
      inputOf([
        { user: 'a', history: [], target: 3 },
        { user: 'b', history: [], target: 3 },
      ]),
      two,
    );

    // Of case 1 the rows put 2 and 3, and 1 and 5 forward.
    expect(users).toEqual(['b']);
    expect([...choices.offsets]).toEqual([0, 4]);
    expect(collectChoices(inputOf([]), two)).toEqual({
      users: [],
      choices: {
        features: 2,
        signed: 2,
        offsets: Int32Array.of(0),
        values: new Float32Array(0),
        proposers: new Int32Array(0),
        chosen: new Float32Array(0),
      },
    });
  });

  it('puts nothing forward that the list may not hold, in this request alone', () => {
    const plain = [
      { user: 'a', history: [1], earlier: [5], target: 3, request: 0 },
      { user: 'b', history: [], target: 2, request: 1 },
    ];
    const itemsOf = (excludeHistory: boolean) => {
      const { choices } = collectChoices(inputOf(plain, excludeHistory), two);
      return [choices.offsets.length - 1, [...choices.values]];
    };

    const first = [7, 2, 5, 3, 3, 4].map((score) => score / 4);
    const second = [9, 1, 7, 2, 1, 5, 3, 4].map((score) => score / 4);
    expect(itemsOf(true)).toEqual([2, [...first, ...second]]);
    expect(itemsOf(false)).toEqual([1, second]);
  });

  it('puts forward no more than there is, and says which numbers may be below 0', () => {
    const input = {
      ...inputOf([{ history: [], target: 1 }]),
      counts: { halfLives: [Number.POSITIVE_INFINITY], epsilon: 1 },
    };

    const { choices } = collectChoices(input, { ...fitSettings, candidates: 9 });

    expect([...choices.offsets]).toEqual([0, 5]);
    expect([...choices.proposers]).toEqual([7, 7, 7, 7, 7]);
    expect([choices.features, choices.signed]).toEqual([3, 3]);
  });

  it('multiplies what the rows say by the moderators of the request', () => {
    const input = {
      ...inputOf([{ history: [], target: 1 }]),
      moderators: [
        { name: 'half', value: () => 0.5 },
        { name: 'minus', value: () => -1 },
      ],
    };

    const { choices } = collectChoices(input, { ...fitSettings, candidates: 1 });

    expect([choices.features, choices.signed]).toEqual([6, 2]);
    expect([...choices.values]).toEqual([
      ...[9, 1, 4.5, 0.5, -9, -1].map((score) => score / 4),
      ...[1, 5, 0.5, 2.5, -1, -5].map((score) => score / 4),
    ]);
  });

  describe('takes a sample of users, whole, by a hash of their ids', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const key = (user: string) => hash32(user, 7);
    const byHash = names.toSorted((a, b) => key(a) - key(b));
    /** As many requests of each user as his place, all with a hit. */
    const plain = names
      .flatMap((user) => Array.from({ length: 1 + byHash.indexOf(user) }, () => user))
      .map((user, request) => ({ user, history: [], target: 1 + (request % items), request }));
    const sampled = (maximumRequests: number) => {
      const { users } = collectChoices(inputOf(plain), {
        ...fitSettings,
        candidates: items,
        maximumRequests,
      });
      return byHash
        .map((user) => users.filter((own) => own === user).length)
        .filter((count) => count > 0);
    };

    it.each([
      [21, [1, 2, 3, 4, 5, 6]],
      [20, [1, 2, 3, 4, 5]],
      [15, [1, 2, 3, 4, 5]],
      [14, [1, 2, 3, 4]],
      [6, [1, 2, 3]],
      [1, [1]],
      [0, [1]],
    ])('%i requests at most', (most, counts) => {
      expect(sampled(most)).toEqual(counts);
    });

    it('also where hashes are the same', () => {
      const [one, other] = ['u1490', 'u10664'];
      expect(key(one)).toBe(key(other));
      const turns = [one, other, one, other].map((user, request) => {
        return { user, history: [], target: 1, request };
      });

      for (const order of [
        turns,
        turns.toReversed().map((own, request) => ({ ...own, request })),
      ]) {
        const { users } = collectChoices(inputOf(order), {
          ...fitSettings,
          candidates: items,
          maximumRequests: 2,
        });
        expect(users).toEqual([other, other]);
      }
    });

    it('and all of the first one, if he has more alone', () => {
      const many = plain.map((one) => ({
        ...one,
        user: one.user === byHash[0] ? 'z' : byHash[0]!,
      }));
      const first = [byHash[0]!, 'z'].toSorted((a, b) => key(a) - key(b))[0];
      const { users } = collectChoices(inputOf(many), { ...fitSettings, maximumRequests: 0 });

      expect(new Set(users)).toEqual(new Set([first]));
      expect(users).toHaveLength(many.filter(({ user }) => user === first).length);
    });
  });
});

describe('Function: fitBlends', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const plain = names.flatMap((user, at) =>
    [0, 1, 2].map((step) => ({
      user,
      history: [],
      target: 1 + ((at * step + 3 * step + at) % items),
      request: 3 * at + step,
    })),
  );
  const half = (user: string) => hash32(user, 11) & 1;

  it('learns from all, and for each user from those of the other half', () => {
    // Arrange
    const settings = { ...fitSettings, candidates: 3, ridge: 0.01 };
    const { choices, users } = collectChoices(inputOf(plain), settings);
    const setsOf = (which: number) =>
      Int32Array.from([...users.keys()].filter((set) => half(users[set]!) === which));
    expect(setsOf(0).length * setsOf(1).length).toBeGreaterThan(0);

    // Act
    const fitted = fitBlends(inputOf(plain), [[0], [0, 1]], settings);

    // Assess
    [[0], [0, 1]].forEach((columns, at) => {
      const { weights, weightsFor } = fitted[at]!;
      const [first, second] = [0, 1].map((which) =>
        fitConditionalLogit(choices, columns, 0.01, setsOf(which)),
      );
      expect(weights).toEqual(fitConditionalLogit(choices, columns, 0.01, undefined, first));
      expect(first).not.toEqual(second);
      for (const user of [...names, 'somebody', 'else', 'unknown']) {
        expect(weightsFor(user)).toEqual(half(user) === 0 ? second : first);
      }
    });
  });

  it('learns as every night does where nobody says otherwise', () => {
    const [usual] = fitBlends(inputOf(plain), [[0, 1]]);

    expect(usual!.weights).toEqual(
      fitBlends(inputOf(plain), [[0, 1]], {
        maximumRequests: 4000,
        candidates: 20,
        ridge: 1e-3,
      })[0]!.weights,
    );
  });
});
