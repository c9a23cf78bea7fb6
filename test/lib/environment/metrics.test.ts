import { describe, expect, it } from 'vitest';
import { environmentMetrics } from '#lib/environment/metrics.ts';

const metrics = {
  baseModel: 'smollm2-135m-instruct',
  baseModelOrigin: 'a package',
  parameters: 134_515_008,
  trainableParameters: 460_800,
  layers: 30,
  subsetFraction: 0.3,
  users: 1300,
  pairAccuracy: 0.8,
  recallAt10: 0.1,
  recallAt50: 0.3,
  popularityRecallAt10: 0.07,
  seconds: 100.5,
  tokens: 800_000,
};

describe('Schema: environmentMetrics', () => {
  it('takes the file with whatever else it says', () => {
    expect(environmentMetrics.parse({ ...metrics, device: 'cpu' })).toMatchObject(metrics);
  });

  it.each([
    ['pairAccuracy', 1.2],
    ['subsetFraction', 0],
    ['parameters', 1.5],
    ['baseModel', undefined],
  ])('refuses %s = %s', (key, value) => {
    expect(environmentMetrics.safeParse({ ...metrics, [key]: value }).success).toBe(false);
  });
});
