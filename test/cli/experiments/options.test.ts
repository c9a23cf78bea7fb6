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
    [{ models: ['sasrec:sqn:lea={}'] }, 'name what answers it in "environments"'],
    [{ models: ['sasrec:sqn:text={}'] }, 'give "vectors" too'],
    [{ models: ['sasrec:sqn'], environments: { small: {} } }, 'Environments need "items"'],
    [{ models: ['sasrec:sqn'], environments: { small: { layres: 1 } } }, 'layres'],
    [{ models: ['sasrec:sqn'], controls: ['states-permuted'] }, 'replaces nothing that a model'],
    [{ models: ['sasrec:supervised'], controls: ['discount-0'] }, 'replaces nothing'],
    [{ models: [] }, 'has no model'],
    [
      {
        ...{ models: ['sasrec:sqn:lea={}'], items: 'items', baseModels: 'models' },
        environments: { paper: { reward: 'likelihood' } },
      },
      'Model sasrec:sqn:lea={}+paper has lea.reward "preference", which needs environment.reward "preference"',
    ],
    [{ models: ['sasrec:sqn'], baseModelDate: '2025-01-01' }, 'sequences have no times'],
    [{ models: ['sasrec:sqn'], baseModelDate: 'spring' }, 'baseModelDate'],
    [{ models: ['sasrec:sqn'], controls: ['base-model-random'] }, 'replaces nothing'],
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

describe('Function: planExperiment, arms', () => {
  it('trains what reads an environment with each, and each beside the controls of what it reads', () => {
    const lea = 'sasrec:snqn:lea={"state":"off","reward":"off","augmentedWeight":1}';

    const { arms } = planExperiment({
      ...common,
      ...{ interactions: 'file', out: 'out', items: 'items', baseModels: 'models' },
      models: ['sasrec:supervised', 'sasrec:snqn:discount=0', lea],
      environments: { one: {}, other: { layers: 1 } },
      controls: ['discount-0', 'actions-neighbours', 'environment-random'],
      tune: 2,
    });

    expect(arms.map(({ name, controls }) => [name, controls])).toEqual([
      ['sasrec:supervised', undefined],
      ['sasrec:snqn:discount=0', undefined],
      ...['one', 'other'].flatMap((environment) => [
        [`${lea}+${environment}`, undefined],
        ...['discount-0', 'actions-neighbours', 'environment-random'].map((control) => [
          `${lea}+${environment}, ${control}`,
          `${lea}+${environment}`,
        ]),
      ]),
    ]);
    // The same budget and values for everybody, controls included.
    expect(arms.map(({ trials }) => trials.length)).toEqual(arms.map(() => 2));
    const settings = arms.map(({ trials }) => trials.map((own) => own.settings));
    expect(new Set(settings.map((own) => JSON.stringify(own))).size).toBe(1);
    for (const { trials, control, model } of arms) {
      for (const { cell } of trials) {
        expect(cell).toMatchObject({ control, model: { discount: model.discount, seed: 1 } });
      }
    }
    const files = arms.flatMap(({ trials }) => trials.map(({ cell }) => cell.file));
    expect(new Set(files).size).toBe(files.length);
  });

  it('gives no two cells one file, whatever signs their names differ in', () => {
    const { cells } = planExperiment({
      ...common,
      ...{ interactions: 'file', out: 'out', seeds: 2 },
      models: [
        'sasrec:supervised:prior={"halfLives":[1]}',
        'sasrec:supervised:prior={"halfLives":[ 1]}',
        'sasrec:supervised',
      ],
    });

    expect(new Set(cells.map(({ file }) => file)).size).toBe(cells.length);
  });
});
