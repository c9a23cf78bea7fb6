import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { readJob } from '../../../containers/trainer/contract.ts';
import { temporaryFolder } from '../../temporary/folders.ts';
import { trainingJob } from './job-folder.ts';

let root: string;
beforeEach(() => {
  root = temporaryFolder('trainer-contract');
  mkdirSync(join(root, 'input/config'), { recursive: true });
});

const write = (values: unknown) =>
  writeFileSync(join(root, 'input/config/hyperparameters.json'), JSON.stringify(values));

describe('Function: readJob', () => {
  it('fills in the settings: the model, then the run, then the preset', () => {
    // Arrange
    write(trainingJob({ dropout: 0.7, lea: {} }, { learningRate: 0.02, dropout: 0.6 }));

    // Act
    const job = readJob(root);

    // Assess
    expect(job).toMatchObject({
      task: 'train',
      run: '2026-11-23',
      model: {
        name: 'model',
        preset: 'sound',
        dropout: 0.7,
        learningRate: 0.02,
        discount: 0.5,
        lea: { state: 'q_only' },
      },
    });
  });

  it('takes the constants of the published code with preset "paper"', () => {
    // Arrange
    write(trainingJob({ preset: 'paper', objective: 'sa2c' }));

    // Act
    const job = readJob(root);

    // Assess
    expect(job).toMatchObject({
      model: {
        window: 10,
        head: 'separate',
        dropout: 0.1,
        learningRate: 0.005,
        actorLearningRate: 0.001,
        warmUpSteps: 15_000,
        advantageRange: [0, 10],
        negatives: 10,
      },
    });
  });

  it('keeps the rate after the warm-up of SAC with preset "paper", and without one goes on as it was', () => {
    // Arrange
    const rateOf = (settings: Readonly<Record<string, unknown>>) => {
      write(trainingJob(settings));
      const job = readJob(root);
      return job.task === 'train' ? job.model.actorLearningRate : undefined;
    };

    // Act & Assess
    expect(rateOf({ preset: 'paper', objective: 'sac' })).toBe('same');
    expect(rateOf({ preset: 'paper', objective: 'sa2c', actorLearningRate: 0.01 })).toBe(0.01);
    expect(rateOf({ objective: 'sa2c' })).toBeNull();
  });

  it('needs neither model nor training to score', () => {
    // Arrange
    write({ task: 'score', run: 'r' });

    // Act
    const job = readJob(root);

    // Assess
    expect(job.task).toBe('score');
  });

  it.each([
    ['an unknown hyperparameter', { ...trainingJob({}), extra: '1' }, 'extra: unknown key'],
    ['a missing model', { ...trainingJob({}), model: undefined }, 'model is missing'],
    ['a model that is not JSON', { ...trainingJob({}), model: '{' }, 'model is not JSON'],
    ['an unknown setting', trainingJob({ droput: 0.1 }), 'droput: unknown key'],
    ['a wrong value', trainingJob({}, { dropout: 2 }), 'dropout: Too big'],
    ['an unknown objective', trainingJob({ objective: 'dqn' }), 'objective: Invalid option'],
  ])('refuses %s', (_, values, message) => {
    // Arrange
    write(values);

    // Act
    const read = () => readJob(root);

    // Assess
    expect(read).toThrow(message);
  });

  it('says what is missing', () => {
    expect(() => readJob(root)).toThrow('hyperparameters.json is missing');
  });
});
