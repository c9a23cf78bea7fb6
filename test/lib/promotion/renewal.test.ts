import { describe, expect, test } from 'vitest';
import { parseConfig } from '#lib/contracts/config.ts';
import { recipeOf } from '#lib/contracts/recipe.ts';
import {
  applyRenewal,
  explainRenewal,
  type FullNight,
  leftOut,
  type NightAhead,
  planRenewal,
  renewalPlan,
  withLeftOut,
} from '#lib/promotion/renewal.ts';

const configOf = (models: readonly object[], promotion: object = {}) =>
  parseConfig({ training: { models }, promotion }, 'test');
const a = { name: 'a', backbone: 'sasrec', objective: 'supervised' };
const b = { name: 'b', backbone: 'gru4rec', objective: 'supervised' };
const c = { name: 'c', backbone: 'caser', objective: 'supervised' };
const config = configOf([a, b, c]);
const recipes = config.training.models.map((model) => recipeOf(config, model));

/** Evaluations with these NDCG@10 on validation. */
const evaluated = (values: readonly number[]) =>
  values.map((value, at) => ({
    name: `then-${at}`,
    recipe: recipes[at]!,
    validation: { 'ndcg@10': { value } },
  })) as unknown as FullNight['models'];
const last: FullNight = {
  run: 'monday',
  createdAt: '2026-11-23T03:30:00Z',
  bytes: 1000,
  config,
  models: evaluated([0.1, 0.12, 0.11]),
};
const ahead: NightAhead = {
  config,
  bytes: 1010,
  championRecipe: recipes[0],
  now: new Date('2026-11-24T03:30:00Z'),
};

describe('Function: planRenewal', () => {
  test("renews the champion's recipe where little has come", () => {
    const plan = planRenewal(ahead, last);

    expect(plan).toEqual({
      kind: 'renewal',
      model: 'a',
      since: 'monday',
      growth: expect.closeTo(0.01),
      models: config.training.models,
    });
    expect(renewalPlan.parse(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
  });

  test('renews the best model of the last full night where a rival is in service', () => {
    expect(planRenewal({ ...ahead, championRecipe: 'counts' }, last)).toMatchObject({ model: 'b' });
  });

  test.each<[string, Partial<NightAhead>, FullNight]>([
    ['nothing is in service', { championRecipe: undefined }, last],
    ['more has come than promotion.renewalGrowth', { bytes: 1051 }, last],
    ['as much was taken out', { bytes: 949 }, last],
    ['the last full night is too old', { now: new Date('2026-11-30T03:30:00Z') }, last],
    [
      'a model was added since',
      { config: configOf([a, b, c, { ...a, name: 'd', blocks: 1 }]) },
      last,
    ],
    ['a model was changed since', { config: configOf([a, { ...b, dropout: 0.5 }, c]) }, last],
    ['it is switched off', { config: configOf([a, b, c], { renewalGrowth: 0 }) }, last],
    [
      'it is switched off, and nothing has come',
      { config: configOf([a, b, c], { renewalGrowth: 0 }), bytes: 1000 },
      last,
    ],
    ['no model of that night is known', { championRecipe: 'counts' }, { ...last, models: [] }],
  ])('trains all where %s', (_, change, before) => {
    expect(planRenewal({ ...ahead, ...change }, before)).toEqual({ kind: 'all' });
  });

  test('renews one where the log has grown by just as much as it may', () => {
    const half = configOf([a, b, c], { renewalGrowth: 0.5 });

    expect(planRenewal({ ...ahead, config: half, bytes: 1500 }, last)).toMatchObject({
      ...{ kind: 'renewal', growth: 0.5 },
    });
    expect(planRenewal({ ...ahead, config: half, bytes: 1501 }, last).kind).toBe('all');
  });

  test('asks for the best of the models that the last full night knows, one without a number the last', () => {
    const [, second, third] = last.models;
    const best = (models: FullNight['models']) =>
      planRenewal({ ...ahead, championRecipe: 'counts' }, { ...last, models });

    expect(best([third!])).toMatchObject({ model: 'c' });
    expect(best([{ ...second!, validation: {} }, third!])).toMatchObject({ model: 'c' });
  });

  test('a model that was taken out of the configuration is not asked for', () => {
    const fewer = configOf([a, c]);
    const plan = planRenewal({ ...ahead, config: fewer, championRecipe: recipes[1] }, last);

    expect(plan).toMatchObject({ model: 'c', models: fewer.training.models });
  });
});

describe('Functions: applyRenewal, withLeftOut, leftOut, explainRenewal', () => {
  const plan = planRenewal(ahead, last);

  test('train the one, and know the others', () => {
    const applied = applyRenewal(config, plan);

    expect(applied.training.models.map(({ name }) => name)).toEqual(['a']);
    expect(withLeftOut(applied, plan)).toEqual(config);
    expect(leftOut(plan)).toEqual(['b', 'c']);
    expect(explainRenewal(plan, config.promotion)).toBe(
      'Only a was trained: since run monday, which trained all, the log has grown by 1.0 %. b, c wait until it has grown by more than 5.0 % (promotion.renewalGrowth) or 7 days have passed (promotion.renewalDays).',
    );
  });

  test('say of a single one that it waits', () => {
    const two = configOf([a, b]);

    expect(explainRenewal(planRenewal({ ...ahead, config: two }, last), two.promotion)).toContain(
      ' b waits until it has grown by more than 5.0 % ',
    );
  });

  test('change and say nothing where all are trained', () => {
    const all = { kind: 'all' } as const;
    expect([applyRenewal(config, all), withLeftOut(config, all)]).toEqual([config, config]);
    expect(leftOut(all)).toEqual([]);
    expect(explainRenewal(all, config.promotion)).toBeUndefined();
    const alone = configOf([a]);
    const one = planRenewal({ ...ahead, config: alone }, { ...last, config: alone });
    expect(one).toMatchObject({ kind: 'renewal', model: 'a' });
    expect(explainRenewal(one, alone.promotion)).toBeUndefined();
  });
});
