import { describe, expect, it } from 'vitest';
import { rankRivals } from '#lib/evaluation/rivals/rivals.ts';
import { itemEmbedding } from '#lib/recommender/backbones/backbone.ts';
import { rivalFiles } from '#lib/serving/rival-files.ts';
import { readServed, type Served } from '#lib/serving/served-model.ts';
import { createSimilarity } from '#lib/serving/similar.ts';
import { taskOf } from '../evaluation/rivals/tasks.ts';

describe('Function: createSimilarity', () => {
  const task = taskOf();
  const { itemIds: vocabulary } = task.itemTable;
  const servedAs = (rival: string) => {
    const { model } = rankRivals(task).find((one) => one.model.name === rival)!;
    const { description, weights } = rivalFiles(model);
    return readServed({
      description: JSON.parse(JSON.stringify(description)),
      weights,
      vocabulary,
    });
  };

  it('resembles by what was counted where there is no network: shares of each component, weighed', () => {
    // Arrange
    const served = servedAs('all-x-recent');
    const weighed = served.histories.reduce((sum, { weight }) => sum + weight, 0);

    // Act
    const similarity = createSimilarity(served);
    const scores = similarity.scores(1);

    // Assess: shares sum to one for each component that says anything
    expect(similarity.source).toBe('co-occurrence');
    expect(scores).toHaveLength(vocabulary.length);
    const known = [...scores].filter((score) => !Number.isNaN(score));
    const sum = known.reduce((total, score) => total + score, 0);
    expect(known.length).toBeGreaterThan(0);
    expect(sum).toBeGreaterThan(0);
    expect(sum).toBeLessThanOrEqual(weighed + 1e-9);
    expect(known.every((score) => score >= 0)).toBe(true);
  });

  it.each([1, 4, 7, 64])('resembles by the cosines of vectors of dimension %i', (dimension) => {
    // Arrange: the last item has no direction.
    const items = 9;
    const vectors = Array.from({ length: items }, (_, row) =>
      Array.from({ length: dimension }, (_, at) =>
        row === items - 1 ? 0 : Math.fround(Math.sin(1 + row * dimension + at)),
      ),
    );
    const network = {
      weights: new Map([[itemEmbedding, { values: Float32Array.from(vectors.flat()) }]]),
      shape: { items, dimension },
    };
    const served = { network, histories: [], items } as unknown as Served;
    const length = (vector: readonly number[]) => Math.hypot(...vector);

    // Act
    const scores = createSimilarity(served).scores(3);

    // Assess
    vectors.slice(0, -1).forEach((vector, row) => {
      const product = vector.reduce((sum, value, at) => sum + value * vectors[2]![at]!, 0);
      expect(scores[row]).toBeCloseTo(product / (length(vector) * length(vectors[2]!)), 12);
    });
    expect(scores[items - 1]).toBeNaN();
  });

  it('knows nothing where popularity alone is served', () => {
    const similarity = createSimilarity(servedAs('recent-popularity'));
    expect([...similarity.scores(1)].every(Number.isNaN)).toBe(true);
  });
});
