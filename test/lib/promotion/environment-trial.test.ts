import { describe, expect, it } from 'vitest';
import { parseConfig } from '#lib/contracts/config.ts';
import {
  applyTrial,
  type EnvironmentTrial,
  judgeTrial,
  planTrial,
  withoutTwins,
} from '#lib/promotion/environment-trial.ts';

const lea = { name: 'lea', backbone: 'sasrec', objective: 'snqn', lea: { stateWeight: 0.1 } };
const plain = { name: 'plain', backbone: 'sasrec', objective: 'snqn' };
const other = { name: 'other', backbone: 'gru4rec', objective: 'supervised' };
const now = new Date('2026-11-24T04:00:00Z');
const configOf = (models: readonly object[], environmentTrialDays = 30, training = {}) =>
  parseConfig({ training: { ...training, models }, promotion: { environmentTrialDays } }, 'test');
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000);
const namesOf = (config: ReturnType<typeof configOf>) =>
  config.training.models.map(({ name }) => name);

/** What a trial found that ended `days` ago, with these NDCG@10 on validation. */
function found(
  config: ReturnType<typeof configOf>,
  ndcg: Readonly<Record<string, number>>,
  days = 1,
): EnvironmentTrial {
  const plan = planTrial(config, undefined, now);
  if (plan.kind !== 'trial') throw new Error(`No trial: ${plan.kind}`);
  const models = Object.entries(ndcg).map(([name, value]) => ({
    name,
    validation: { 'ndcg@10': { value, low: 0, high: 1 } },
  }));
  return judgeTrial('before', config, plan, { models } as never, 0.875, daysAgo(days));
}

describe('Function: planTrial', () => {
  it('adds two twins of each model with the environment, and none of others', () => {
    expect(planTrial(configOf([lea, other]), undefined, now)).toEqual({
      kind: 'trial',
      added: ['lea-alone', 'lea-neighbours'],
      models: [{ name: 'lea', alone: 'lea-alone', neighbours: 'lea-neighbours' }],
    });
  });

  it('takes a twin that is configured anyway, whatever its name', () => {
    expect(planTrial(configOf([lea, plain]), undefined, now)).toEqual({
      kind: 'trial',
      added: ['lea-neighbours'],
      models: [{ name: 'lea', alone: 'plain', neighbours: 'lea-neighbours' }],
    });
  });

  it('gives two models of one recipe the same twins, and takes no name twice', () => {
    const long = { ...lea, name: 'lea-that-has-a-long-name' };
    const same = { ...long, name: 'lea-that-has-a-long-too', lea: { stateWeight: 0.2 } };
    const taken = { ...other, name: 'lea-that-has-a-lon-alone' };

    expect(planTrial(configOf([long, same, taken]), undefined, now)).toMatchObject({
      added: ['lea-that-has-a-lon-alone-2', 'lea-that-has-a-lon-neighbours'],
      models: [
        { alone: 'lea-that-has-a-lon-alone-2', neighbours: 'lea-that-has-a-lon-neighbours' },
        { alone: 'lea-that-has-a-lon-alone-2', neighbours: 'lea-that-has-a-lon-neighbours' },
      ],
    });
  });

  it('leaves a night alone that would have more models than there may be', () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, seed) => ({ ...other, name: `m${seed}`, seed }));

    expect(planTrial(configOf([lea, ...many(37)]), undefined, now).kind).toBe('trial');
    expect(planTrial(configOf([lea, ...many(38)]), undefined, now).kind).toBe('usual');
  });

  it.each([
    ['there are to be no trials', configOf([lea], 0)],
    ['no model uses an environment', configOf([plain, other])],
  ])('does nothing of the kind where %s', (_, config) => {
    expect(planTrial(config, undefined, now)).toEqual({ kind: 'usual' });
  });

  it('rests a lost environment until the trial is too old, each model as its better twin', () => {
    const config = configOf([lea]);
    const lost = (alone: number, neighbours: number, days: number) =>
      found(config, { lea: 0.1, 'lea-alone': alone, 'lea-neighbours': neighbours }, days);

    expect(planTrial(config, lost(0.2, 0.3, 29), now)).toEqual({
      kind: 'rest',
      models: [{ name: 'lea', as: 'neighbours' }],
      because: lost(0.2, 0.3, 29),
    });
    expect(planTrial(config, lost(0.2, 0.2, 29), now)).toMatchObject({ models: [{ as: 'alone' }] });
    expect(planTrial(config, lost(0.2, 0.3, 30), now).kind).toBe('trial');
  });

  it('goes on as usual after a trial that was won, and tries other settings anew', () => {
    const config = configOf([lea]);
    const won = found(config, { lea: 0.3, 'lea-alone': 0.2, 'lea-neighbours': 0.2 });

    expect(planTrial(config, won, now)).toEqual({ kind: 'usual' });
    expect(planTrial(configOf([lea], 30, { dropout: 0.5 }), won, now).kind).toBe('trial');
    expect(planTrial(configOf([{ ...lea, name: 'renamed' }]), won, now).kind).toBe('trial');
    expect(planTrial(configOf([lea, other]), won, now)).toEqual({ kind: 'usual' });
  });
});

describe('Function: applyTrial', () => {
  it('leaves a usual night as it is configured', () => {
    const config = configOf([lea, other]);

    expect(applyTrial(config, { kind: 'usual' })).toBe(config);
    expect(withoutTwins(config, { kind: 'usual' })).toBe(config);
  });

  it('trains twins that differ in the environment alone, and takes them out again', () => {
    const config = configOf([{ ...lea, seed: 3 }, other]);
    const plan = planTrial(config, undefined, now);

    const tried = applyTrial(config, plan);

    const [model, , alone, neighbours] = tried.training.models;
    expect(namesOf(tried)).toEqual(['lea', 'other', 'lea-alone', 'lea-neighbours']);
    expect(alone).toEqual({ ...model, name: 'lea-alone', lea: undefined });
    expect(neighbours).toEqual({
      ...model,
      name: 'lea-neighbours',
      lea: { state: 'off', stateWeight: 0, reward: 'off', actions: 'neighbours' },
    });
    expect(withoutTwins(tried, plan)).toEqual(config);
  });

  it('makes each twin of its own model, under a name that nobody has', () => {
    const second = { ...lea, name: 'second', objective: 'sqn' };
    const taken = ['lea-alone', 'lea-alone-2'].map((name, seed) => ({ ...other, name, seed }));
    const config = configOf([lea, second, ...taken]);

    const { models } = applyTrial(config, planTrial(config, undefined, now)).training;

    expect(models.slice(4).map(({ name, objective }) => [name, objective])).toEqual([
      ['lea-alone-3', 'snqn'],
      ['lea-neighbours', 'snqn'],
      ['second-alone', 'sqn'],
      ['second-neighbours', 'sqn'],
    ]);
  });

  it('copies as many actions of neighbours as is usual where the model copies none', () => {
    const config = configOf([{ ...lea, lea: { stateWeight: 0.1, augmentedWeight: 0 } }]);

    const { models } = applyTrial(config, planTrial(config, undefined, now)).training;

    expect(models.at(-1)!.lea).toMatchObject({ actions: 'neighbours', augmentedWeight: 0.3 });
  });

  it('trains a twin in place of each model whose environment rests, none that is configured anyway', () => {
    const rest = (models: readonly object[], as: 'alone' | 'neighbours') =>
      applyTrial(configOf(models), {
        kind: 'rest',
        models: [{ name: 'lea', as }],
        because: {} as never,
      });

    expect(namesOf(rest([lea, other], 'alone'))).toEqual(['lea', 'other']);
    expect(rest([lea, other], 'alone').training.models[0]!.lea).toBeUndefined();
    expect(rest([lea, other], 'neighbours').training.models[0]!.lea).toMatchObject({
      actions: 'neighbours',
    });
    expect(namesOf(rest([lea, plain, other], 'alone'))).toEqual(['plain', 'other']);
    expect(namesOf(rest([lea, plain, other], 'neighbours'))).toEqual(['lea', 'plain', 'other']);
  });
});

describe('Function: judgeTrial', () => {
  it('says what was found, when and at what cost', () => {
    const config = configOf([lea]);

    expect(found(config, { lea: 0.1, 'lea-alone': 0.2, 'lea-neighbours': 0.3 }, 0)).toEqual({
      run: 'before',
      judgedAt: now.toISOString(),
      recipe: expect.stringMatching(/^[0-9a-f]{16}$/),
      pays: false,
      models: [{ name: 'lea', ndcg10: 0.1, alone: 0.2, neighbours: 0.3 }],
      usd: 0.875,
    });
  });

  it.each([
    [0.19, 0.2, 0.2, false],
    [0.2, 0.2, 0.3, true],
    [0.2, 0.3, 0.2, true],
    [0.25, 0.3, 0.2, true],
  ])('of %d beside %d alone and %d of neighbours: pays %s', (model, alone, neighbours, pays) => {
    const ndcg = { lea: model, 'lea-alone': alone, 'lea-neighbours': neighbours };

    expect(found(configOf([lea]), ndcg).pays).toBe(pays);
  });

  it('pays if it does for one of several models', () => {
    const config = configOf([lea, { ...lea, name: 'second', objective: 'sqn' }]);

    expect(
      found(config, {
        lea: 0.1,
        'lea-alone': 0.2,
        'lea-neighbours': 0.2,
        second: 0.3,
        'second-alone': 0.2,
        'second-neighbours': 0.2,
      }).pays,
    ).toBe(true);
  });
});
