import { describe, expect, it } from 'vitest';
import { askedModels, modelGrid, modelsOf, parseValue } from '#cli/experiments/asked-models.ts';
import { trainingSettings } from '#lib/contracts/config/training.ts';

const training = trainingSettings.parse({ dimension: 8 });

/** The models of a grid and a list, read as an experiment's file has them. */
const asked = (grid: object | undefined, models: readonly unknown[] = []) =>
  modelsOf(askedModels.parse(models), grid && modelGrid.parse(grid), training);

const parts = {
  none: {},
  state: { lea: { state: 'off', stateWeight: 0.1, reward: 'off', augmentedWeight: 0 } },
  reward: { lea: { state: 'off', augmentedWeight: 0 } },
  actions: { lea: { state: 'off', reward: 'off', augmentedWeight: 1 } },
  time: { timeAttention: true },
};

describe('Function: modelsOf', () => {
  it('combines backbones, objectives and parts, and leaves out what learns nothing from its part', () => {
    const { asked: models, same } = asked({
      backbones: ['sasrec', 'gru4rec'],
      objectives: ['supervised', 'snqn'],
      parts,
    });

    const all = ['sasrec', 'gru4rec'].flatMap((backbone) =>
      ['supervised', 'snqn'].flatMap((objective) =>
        ['', ':state', ':reward', ':actions', ':time'].map(
          (part) => `${backbone}:${objective}${part}`,
        ),
      ),
    );
    // Without reinforcement nothing reads rewards, and only SASRec sees time.
    const idle = [
      ['sasrec:supervised:reward', 'sasrec:supervised'],
      ['gru4rec:supervised:reward', 'gru4rec:supervised'],
      ['gru4rec:supervised:time', 'gru4rec:supervised'],
      ['gru4rec:snqn:time', 'gru4rec:snqn'],
    ] as const;
    expect(same.map(({ name, as }) => [name, as])).toEqual(idle);
    expect(models.map(({ name }) => name)).toEqual(
      all.filter((name) => idle.every(([left]) => left !== name)),
    );
    const [state] = models.filter(({ name }) => name === 'gru4rec:snqn:state');
    expect(state!.model).toMatchObject({
      ...{ backbone: 'gru4rec', objective: 'snqn', dimension: 8 },
      lea: { stateWeight: 0.1, reward: 'off', augmentedWeight: 0 },
    });
  });

  it('takes models by what they are, and as a pipeline has them', () => {
    const { asked: models } = asked(undefined, [
      'sasrec:sqn:dropout=0.5',
      { name: 'mine', backbone: 'caser', objective: 'sa2c', discount: 0 },
    ]);

    expect(models.map(({ name, model }) => [name, model.objective, model.dropout])).toEqual([
      ['sasrec:sqn:dropout=0.5', 'sqn', 0.5],
      ['mine', 'sa2c', 0.3],
    ]);
    // What was said by name is not tuned.
    expect(models[0]!.given.has('dropout')).toBe(true);
    expect(models[0]!.given.has('dimension')).toBe(false);
  });

  it.each([
    [
      { backbones: ['sasrec'], objectives: ['sqn'] },
      ['sasrec:sqn'],
      'Model sasrec:sqn is asked for twice',
    ],
  ])('refuses the grid %j with models %j', (grid, models, message) => {
    expect(() => asked(grid, models)).toThrow(message);
  });
});

describe('Function: parseValue', () => {
  it.each([
    ['.002', 0.002],
    ['1.', 1],
    ['2e-3', 0.002],
    ['-3', -3],
    ['true', true],
    ['null', null],
    ['[0,10]', [0, 10]],
    ['same', 'same'],
    ['.', '.'],
  ])('reads %s as people write it in a shell', (text, value) => {
    expect(parseValue(text)).toEqual(value);
  });
});
