import { beforeAll, describe, expect, it } from 'vitest';
import { ContractError, ValidationError } from '#lib/contracts/errors.ts';
import { restoreScorer } from '#lib/evaluation/rivals/pair-scorer.ts';
import type { FreshCounts } from '#lib/popularity/fresh-counts.ts';
import { countActions } from '#lib/popularity/item-counts.ts';
import { activateBackend } from '#lib/serving/backend.ts';
import { type Blend, decodeBlend, encodeBlend, historyParts } from '#lib/serving/blend-file.ts';
import { Recommender } from '#lib/serving/recommender.ts';
import { modelFiles } from './models.ts';

const day = 86_400;
const now = 1_700_000_000 - (1_700_000_000 % 60);

/** After item 1 comes 2 (strongly) or 3; after 2 comes 3. */
const rules = restoreScorer(
  'sequential-rules',
  { decay: 0.5, baskets: 0 },
  {
    offsets: Int32Array.of(0, 0, 2, 3, 3, 3),
    items: Int32Array.of(2, 3, 3),
    strengths: Float32Array.of(2, 0.5, 1),
  },
  4,
);
const nothing: Blend = {
  items: 4,
  window: 10,
  excludeHistory: false,
  components: [],
  counts: { epsilon: 0.01, terms: [] },
  trainingCounts: Int32Array.of(4, 3, 2, 1),
};
const withRules = (weight: number): Blend => ({
  ...nothing,
  components: [{ kind: 'history', weight, scale: 'evidence', scorer: rules }],
});
const vocabulary = ['a', 'b', 'c', 'd'];

/** A recommender from its files, through JSON as from S3. */
function recommenderOf(blend: Blend, counts?: FreshCounts): Recommender {
  const { description, weights } = encodeBlend(blend);
  const files = { description: JSON.parse(JSON.stringify(description)), weights, vocabulary };
  return new Recommender(files, { counts });
}

/** Counts of actions, each item and how many days ago; as of now. */
function countsOf(
  actions: readonly (readonly [item: string, daysAgo: number])[],
  left: readonly string[] = [],
): FreshCounts {
  const all = actions.map(([item, daysAgo]) => ({ item, time: now - daysAgo * day }));
  return { counts: countActions(all, now), base: null, uploads: new Set(), left: new Set(left) };
}

const idsOf = ({ items }: { items: readonly { item_id: string }[] }) =>
  items.map(({ item_id }) => item_id);

beforeAll(() => activateBackend('cpu'));

describe('Functions: encodeBlend, decodeBlend', () => {
  it('read what was written, a network beside rules', () => {
    // Arrange
    const { description, weights } = modelFiles('sasrec', { items: 4 });
    const blend: Blend = {
      ...withRules(0.3),
      components: [
        { kind: 'network', weight: 0.7, description, weights },
        ...withRules(0.3).components,
      ],
      counts: {
        epsilon: 0.1,
        terms: [
          { halfLife: day, weight: 0.5 },
          { halfLife: null, weight: 0.1 },
        ],
      },
    };

    // Act
    const encoded = encodeBlend(blend);
    const decoded = decodeBlend(JSON.parse(JSON.stringify(encoded.description)), encoded.weights);

    // Assess
    const { components, ...rest } = decoded;
    const { components: given, ...expected } = blend;
    expect(rest).toEqual(expected);
    expect(components[1]).toEqual({
      ...given[1],
      scorer: { ...rules, score: expect.any(Function) },
    });
    expect(Buffer.compare((components[0] as { weights: Uint8Array }).weights, weights)).toBe(0);
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['damaged', (bytes) => bytes.map((byte, at) => (at === 3 ? byte ^ 1 : byte))],
    ['cut off', (bytes) => bytes.subarray(0, -4)],
  ])('refuse weights that are %s', (_, damage) => {
    const { description, weights } = encodeBlend(withRules(1));
    expect(() => decodeBlend(description, damage(weights))).toThrow(ContractError);
  });

  it.each<
    [string, Blend, (description: ReturnType<typeof encodeBlend>['description']) => object, string]
  >([
    [
      'a key that nobody knows',
      withRules(1),
      (description) => ({ ...description, temperature: 1 }),
      'Unrecognized key: "temperature"',
    ],
    [
      'a moderator of too few weights',
      { ...withRules(1), counts: { epsilon: 0.1, terms: [{ halfLife: day, weight: 1 }] } },
      (description) => ({
        ...description,
        moderators: [{ kind: 'recency', term: 0, weights: [1] }],
      }),
      'moderator "recency" needs 2 weights, those of 1 components and 1 half-lives',
    ],
    [
      'a moderator that looks at a half-life that is not there',
      { ...withRules(1), counts: { epsilon: 0.1, terms: [{ halfLife: day, weight: 1 }] } },
      (description) => ({
        ...description,
        moderators: [{ kind: 'recency', term: 1, weights: [1, 1] }],
      }),
      'moderator "recency" needs 2 weights',
    ],
    [
      'rules without how often items were taken',
      withRules(1),
      ({ trainingCounts: _, ...description }) => description,
      'weights.bin does not have training counts of 4 items.',
    ],
    [
      'counts of another number of items',
      nothing,
      (description) => ({ ...description, items: 5 }),
      'weights.bin does not have training counts of 5 items.',
    ],
    [
      'numbers beyond the end of the file',
      nothing,
      ({ trainingCounts, ...description }) => ({
        ...description,
        trainingCounts: { ...trainingCounts, offset: 4 },
      }),
      'weights.bin does not have the 4 numbers "trainingCounts" of model.json.',
    ],
  ])('refuse %s', (_, blend, change, message) => {
    const { description, weights } = encodeBlend(blend);
    const changed = change(description);
    expect(() => decodeBlend(changed, weights)).toThrow(ContractError);
    expect(() => decodeBlend(changed, weights)).toThrow(message);
  });
});

describe('Function: historyParts', () => {
  it('refuses a blend with a network, which needs more than histories', () => {
    const { description, weights } = modelFiles('sasrec', { items: 4 });
    const network: Blend = {
      ...nothing,
      components: [{ kind: 'network', weight: 1, description, weights }],
    };
    expect(() => historyParts(network)).toThrow(ContractError);
    expect(historyParts(withRules(1)).map(({ scorer }) => scorer.kind)).toEqual([
      'sequential-rules',
    ]);
  });
});

describe('Class: Recommender, of a blend', () => {
  it('adds up rules from the last items', () => {
    // Act
    const { items, source } = recommenderOf(withRules(1)).recommend({ history: ['a', 'b'] }, 4);

    // Assess: c has 1 from b and half of 0.5 from a, b half of 2; a and d nothing, in order of the vocabulary.
    expect(idsOf({ items })).toEqual(['c', 'b', 'a', 'd']);
    // Of all that the rules say, 2.25, c has 1.25; the floor is that of 5 of 4 items.
    expect(items[0]!.score).toBeCloseTo(Math.log(1.25 / 2.25 + 5 / 4), 5);
    expect(source).toBe('model');
  });

  it.each<[string, string[], number[], string]>([
    ['fewer times than items', ['a', 'b'], [1], '2 items, but 1 times'],
    ['times that go back', ['a', 'b'], [5, 3], 'Action 2 of the history is older'],
  ])('refuses %s', (_, history, historyTimes, message) => {
    const recommend = () => recommenderOf(withRules(1)).recommend({ history, historyTimes }, 4);
    expect(recommend).toThrow(ValidationError);
    expect(recommend).toThrow(message);
  });

  it('takes the items of one basket as one step where it is told their times', () => {
    // Arrange
    const scorer = { ...rules, parameters: { decay: 0.5, baskets: 1 } };
    const { kind, parameters, arrays } = scorer;
    const recommender = recommenderOf({
      ...nothing,
      components: [
        {
          kind: 'history',
          weight: 1,
          scale: 'evidence',
          scorer: restoreScorer(kind, parameters, arrays, 4),
        },
      ],
    });
    const scoresOf = (history: string[], historyTimes?: number[]) =>
      new Map(
        recommender
          .recommend({ history, historyTimes }, 4)
          .items.map(({ item_id, score }) => [item_id, score]),
      );

    // Act and assess
    expect(scoresOf(['a', 'b'], [7, 7])).toEqual(scoresOf(['b', 'a'], [7, 7]));
    expect(scoresOf(['a', 'b'], [6, 7])).toEqual(scoresOf(['a', 'b']));
    expect(scoresOf(['a', 'b'], [6, 7])).not.toEqual(scoresOf(['a', 'b'], [7, 7]));
  });

  it('adds counts as of the newest action, however much later the request', () => {
    // Arrange: d was taken often long ago, a once lately.
    const counts = countsOf([['a', 1], ...Array.from({ length: 20 }, () => ['d', 40] as const)]);
    const of = (halfLife: number | null) =>
      recommenderOf(
        { ...nothing, counts: { epsilon: 0.01, terms: [{ halfLife, weight: 1 }] } },
        counts,
      );

    // Act and assess
    expect(idsOf(of(day).recommend({ history: ['b'], time: now }, 2))).toEqual(['a', 'b']);
    expect(idsOf(of(null).recommend({ history: ['b'], time: now }, 2))).toEqual(['d', 'a']);
    for (const time of [now, now + day, now + 5000 * day]) {
      const [first] = of(day).recommend({ history: ['b'], time }, 1).items;
      expect(first!.score).toBeCloseTo(Math.log(0.5 + 0.01), 4);
    }
  });

  it('is what its parts add up to', () => {
    // Arrange
    const counts = countsOf([
      ['a', 1],
      ['c', 3],
      ['c', 0],
    ]);
    const terms = [{ halfLife: 2 * day, weight: 0.4 }];
    const { description, weights } = modelFiles('sasrec', { items: 4 });
    const network = new Recommender({ description, weights, vocabulary });
    const blend = recommenderOf(
      {
        ...nothing,
        components: [
          { kind: 'network', weight: 0.5, description, weights },
          ...withRules(2).components,
        ],
        counts: { epsilon: 0.01, terms },
      },
      counts,
    );
    const asked = { history: ['a', 'c'], time: now };
    const scoresOf = (recommender: Recommender) =>
      new Map(recommender.recommend(asked, 4).items.map(({ item_id, score }) => [item_id, score!]));

    // Act
    const found = scoresOf(blend);

    // Assess
    const logits = scoresOf(network);
    const ruled = scoresOf(recommenderOf(withRules(1)));
    const counted = scoresOf(
      recommenderOf({ ...nothing, counts: { epsilon: 0.01, terms } }, counts),
    );
    for (const id of vocabulary) {
      expect(found.get(id)).toBeCloseTo(
        0.5 * logits.get(id)! + 2 * ruled.get(id)! + counted.get(id)!,
        4,
      );
    }
  });

  it('shows items that only the counts know, for rare ones', () => {
    // Arrange: n is new, and everybody takes it.
    const counts = countsOf([['a', 0], ...Array.from({ length: 50 }, () => ['n', 0] as const)]);
    const blend = {
      ...withRules(0.2),
      counts: { epsilon: 0.01, terms: [{ halfLife: day, weight: 1 }] },
    };
    const recommender = recommenderOf(blend, counts);

    // Act
    const lists = recommender.recommend({ history: ['a'], time: now }, 5);

    // Assess
    expect(idsOf(lists)).toHaveLength(5);
    expect(idsOf(lists)[0]).toBe('n');
    expect(recommender.items).toBe(5);
    const excluding = recommenderOf({ ...blend, excludeHistory: true }, counts);
    expect(idsOf(excluding.recommend({ history: ['a', 'n'], time: now }, 5))).toEqual([
      'b',
      'c',
      'd',
    ]);
  });

  it('gives items that training never saw what their kind weighs, and those of the counts alone too', () => {
    // Arrange: d is in the vocabulary, n is not; nobody took either in training
    const counts = countsOf([
      ['a', 0],
      ['d', 0],
      ['n', 0],
    ]);
    const terms = [{ halfLife: day, weight: 1 }];
    const blend = {
      ...nothing,
      trainingCounts: Int32Array.of(4, 3, 2, 0),
      counts: { epsilon: 0.01, terms },
    };
    const scoresOf = (components: Blend['components']) =>
      new Map(
        recommenderOf({ ...blend, components }, counts)
          .recommend({ history: ['b'], time: now }, 5)
          .items.map(({ item_id, score }) => [item_id, score!]),
      );

    // Act
    const plain = scoresOf(withRules(0).components);
    const found = scoresOf([...withRules(0).components, { kind: 'unseen', weight: 0.75 }]);

    // Assess
    for (const id of ['a', 'b', 'c']) expect(found.get(id)).toBe(plain.get(id));
    for (const id of ['d', 'n']) expect(found.get(id)).toBeCloseTo(plain.get(id)! + 0.75, 9);
  });

  it('never shows what has left the catalogue, and takes new counts in', () => {
    // Arrange
    const recommender = recommenderOf(withRules(1));
    const before = idsOf(recommender.recommend({ history: ['a'] }, 4));

    // Act
    recommender.setCounts(countsOf([['gone', 0]], ['b', 'gone', 'never heard of']));

    // Assess
    expect(before).toEqual(['b', 'c', 'a', 'd']);
    expect(idsOf(recommender.recommend({ history: ['a'] }, 4))).toEqual(['c', 'a', 'd']);
    expect(idsOf(recommender.recommend({ history: [] }, 4))).not.toContain('b');
    expect(recommender.items).toBe(3);
  });
});

describe('Class: Recommender, for those of whom nothing is known', () => {
  const counts = countsOf([
    ['b', 30],
    ['b', 30],
    ['b', 30],
    ['d', 0],
    ['n', 0],
    ['n', 0],
  ]);

  it('recommends what is popular of late, also what the model does not know', () => {
    // Arrange: a network that knows nothing of counts.
    const { description, weights } = modelFiles('sasrec', { items: 4 });
    const recommender = new Recommender({ description, weights, vocabulary }, { counts });

    // Act
    const list = recommender.recommend({ history: [], time: now }, 3);

    // Assess
    expect(list.source).toBe('popularity');
    expect(idsOf(list)).toEqual(['n', 'd', 'b']);
    expect(idsOf(recommender.recommend({ history: ['a'], time: now }, 5))).not.toContain('n');
  });

  it('follows the model’s own half-lives where it has some', () => {
    const terms = [{ halfLife: null, weight: 1 }];
    const recommender = recommenderOf({ ...nothing, counts: { epsilon: 0.01, terms } }, counts);
    expect(idsOf(recommender.recommend({ history: ['unheard'], time: now }, 3))).toEqual([
      'b',
      'n',
      'd',
    ]);
  });

  it('takes the order of the vocabulary while nothing has been counted', () => {
    const list = recommenderOf(nothing).recommend({ history: [] }, 3);
    expect(idsOf(list)).toEqual(['a', 'b', 'c']);
  });
});
