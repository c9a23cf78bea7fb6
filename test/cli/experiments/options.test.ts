import { describe, expect, it } from 'vitest';
import { planExperiment } from '#cli/experiments/options.ts';

const quick = { dimension: 8, blocks: 1, batchTargets: 64, maximumEpochs: 4, learningRate: 0.02 };

const common = {
  format: 'sequences' as const,
  split: 'leave-one-out' as const,
  window: 8,
  training: quick,
};

describe('Function: planExperiment', () => {
  it.each([
    [{ models: ['sasrec:dqn'] }, 'Model sasrec:dqn is not valid'],
    [{ models: ['sasrec'] }, 'expected backbone:objective'],
    [{ models: ['sasrec:sqn:dropuot=1'] }, 'dropuot: unknown key'],
    [{ models: ['sasrec:sqn', 'sasrec:sqn'] }, 'asked for twice'],
    [{ models: ['sasrec:sqn'], seeds: 0 }, 'seeds'],
    [{ models: ['sasrec:sqn:lea={}'] }, 'an experiment has no environment'],
    [
      { models: ['sasrec:sqn'], primary: { model: 'x', against: 'popularity' } },
      'primary names the model "x"',
    ],
    [{ models: ['sasrec:sqn'], splt: 'x' }, 'splt: unknown key'],
  ])('refuses %o', (change, message) => {
    // Act
    const plan = () =>
      planExperiment({ ...common, interactions: 'file', out: 'out', ...change } as never);

    // Assess
    expect(plan).toThrow(message);
  });
});
