import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { halfLives } from '#lib/contracts/half-lives.ts';
import { restoreScorer } from '#lib/evaluation/rivals/pair-scorer.ts';
import type { FreshCounts } from '#lib/popularity/fresh-counts.ts';
import { countActions } from '#lib/popularity/item-counts.ts';
import { decodeModel, encodeModel } from '#lib/recommender/model-file.ts';
import { type RandomStream, randomStream } from '#lib/recommender/random.ts';
import { activateBackend } from '#lib/serving/backend.ts';
import { type Blend, type BlendPart, encodeBlend } from '#lib/serving/blend-file.ts';
import { Recommender } from '#lib/serving/recommender.ts';
import { backboneNames, modelFiles } from './models.ts';

const now = 1_700_000_000;
const day = 86_400;

/** A network of which every third item has the vector, and the bias, of the one before it: many ties. */
function network(
  items: number,
  backbone: (typeof backboneNames)[number],
  head: 'tied' | 'separate',
) {
  const files = modelFiles(backbone, { items, head });
  const model = decodeModel(files.description, files.weights);
  const random = randomStream(4, 'bias');
  for (const [name, { shape, values }] of model.weights) {
    if (name === 'supervised_head/bias')
      values.forEach((_, at) => {
        values[at] = random.uniform();
      });
    if (shape[0] !== items) continue;
    const width = values.length / items;
    for (let item = 2; item < items; item += 3) {
      values.copyWithin(item * width, (item - 1) * width, item * width);
    }
  }
  return encodeModel(model);
}

/** Of every other item nothing is known. */
function pairs(random: RandomStream, items: number) {
  const offsets = new Int32Array(items + 2);
  for (let item = 1; item <= items; item++) {
    offsets[item + 1] = offsets[item]! + (item % 2 === 0 ? 0 : 6);
  }
  const length = offsets[items + 1]!;
  return {
    offsets,
    items: Int32Array.from({ length }, () => 1 + random.integer(items)),
    strengths: Float32Array.from({ length }, () => 0.1 + random.integer(4) / 4),
  };
}

/** A model of everything that blends are made of, as far as the choices say. */
function filesOf({ items, backbone, head, parts, moderated, weights, terms }: Choices) {
  const random = randomStream(items, 'blend');
  const { description, weights: bytes } = network(items, backbone, head);
  const vocabulary = Array.from({ length: items }, (_, item) => `i${item}`);
  if (parts === undefined) return { description, weights: bytes, vocabulary };
  const history = (
    scale: 'lift' | 'evidence',
    kind: 'item-knn' | 'sequential-rules',
  ): BlendPart => ({
    kind: 'history',
    weight: weights[parts.length]!,
    scale,
    scorer: restoreScorer(kind, { decay: 0.5, baskets: 0 }, pairs(random, items), items),
  });
  const components = parts.map((part, place): BlendPart => {
    const weight = weights[place]!;
    if (part === 'network') return { kind: 'network', weight, description, weights: bytes };
    if (part === 'unseen') return { kind: 'unseen', weight };
    return { ...history(part, place % 2 === 0 ? 'item-knn' : 'sequential-rules'), weight };
  });
  const blend: Blend = {
    items,
    window: 4,
    excludeHistory: items % 2 === 0,
    components,
    counts: {
      epsilon: 0.5,
      terms: terms.map((which, place) => ({
        halfLife: Number.isFinite(halfLives[which]!) ? halfLives[which]! : null,
        weight: weights[5 + place]!,
      })),
    },
    trainingCounts: Int32Array.from({ length: items }, (_, item) => Math.max(0, 9 - (item % 11))),
    moderators:
      moderated && terms.length > 0
        ? (['absence', 'recency'] as const).map((kind) => ({
            kind,
            term: 0,
            weights: [...parts, ...terms].map((_, at) => weights[at % 8]! / 3),
          }))
        : [],
  };
  const encoded = encodeBlend(blend);
  return {
    description: JSON.parse(JSON.stringify(encoded.description)),
    weights: encoded.weights,
    vocabulary,
  };
}

interface Choices {
  readonly items: number;
  readonly backbone: (typeof backboneNames)[number];
  readonly head: 'tied' | 'separate';
  /** Undefined for a network alone, not joined with anything. */
  readonly parts: readonly ('network' | 'lift' | 'evidence' | 'unseen')[] | undefined;
  readonly moderated: boolean;
  readonly weights: readonly number[];
  readonly terms: readonly number[];
}

const others = fc.shuffledSubarray(['lift', 'evidence', 'unseen', 'lift'] as const);
const choices: fc.Arbitrary<Choices> = fc.record({
  items: fc.integer({ min: 1, max: 160 }),
  backbone: fc.constantFrom(...backboneNames),
  head: fc.constantFrom('tied' as const, 'separate' as const),
  parts: fc.option(
    fc.tuple(others, others).map(([before, after]) => [...before, 'network' as const, ...after]),
    { nil: undefined, freq: 5 },
  ),
  moderated: fc.boolean(),
  weights: fc.array(fc.constantFrom(0, 0.25, 0.5, 1, 2, -0.5), { minLength: 16, maxLength: 16 }),
  terms: fc.shuffledSubarray([0, 2, halfLives.length - 1]),
});

const ids = fc.array(
  fc.integer({ min: 0, max: 170 }).map((item) => `i${item}`),
  { maxLength: 12 },
);
const requests = fc.array(
  fc.record({
    history: fc.array(
      fc.integer({ min: 0, max: 170 }).map((item) => `i${item}`),
      {
        minLength: 1,
        maxLength: 9,
      },
    ),
    exclude: ids,
    only: fc.option(ids, { nil: undefined, freq: 2 }),
    excludeSeen: fc.option(fc.boolean(), { nil: undefined }),
    showLeft: fc.boolean(),
    time: fc.constant(now),
    lastActionTime: fc.constantFrom(now - 60, now - 30 * day),
  }),
  { minLength: 1, maxLength: 4 },
);

/** Some items that the vocabulary lacks among them. */
const counts = ids.map((taken): FreshCounts => {
  const actions = taken.map((item, at) => ({ item, time: now - at * day }));
  return {
    counts: countActions(actions, now),
    base: null,
    uploads: new Set(),
    left: new Set(taken.slice(0, 3)),
  };
});

describe('Class: BoundedScores', () => {
  beforeAll(() => activateBackend('wasm'));

  it('gives the lists of all scores, to the last bit', () => {
    fc.assert(
      fc.property(
        choices,
        counts,
        counts,
        requests,
        fc.integer({ min: 1, max: 40 }),
        (...given) => {
          // Arrange
          const [chosen, first, second, asked, count] = given;
          const files = filesOf(chosen);
          const all = new Recommender(files, { batch: 3, counts: first, boundedFrom: Infinity });
          const bounded = new Recommender(files, { batch: 3, counts: first, boundedFrom: 0 });

          for (const fresh of [first, second]) {
            all.setCounts(fresh);
            bounded.setCounts(fresh);

            // Act
            const lists = bounded.recommendAll(asked, count);

            // Assess
            expect(lists).toEqual(all.recommendAll(asked, count));
          }
          all.dispose();
          bounded.dispose();
        },
      ),
      { numRuns: 150 },
    );
  });
});
