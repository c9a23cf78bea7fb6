import { describe, expect, it } from 'vitest';
import { rankRivals } from '#lib/evaluation/rivals/rivals.ts';
import { rivalFiles } from '#lib/serving/rival-files.ts';
import { readServed } from '#lib/serving/served-model.ts';
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

  it('knows nothing where popularity alone is served', () => {
    const similarity = createSimilarity(servedAs('recent-popularity'));
    expect([...similarity.scores(1)].every(Number.isNaN)).toBe(true);
  });
});
