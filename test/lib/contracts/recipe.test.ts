import { describe, expect, test } from 'vitest';
import { parseConfig } from '#lib/contracts/config.ts';
import { recipeOf, rivalRecipe } from '#lib/contracts/recipe.ts';

const base = { name: 'a', backbone: 'sasrec', objective: 'snqn' };

function recipe(
  model: object = {},
  { shared = {}, environment = {} }: { shared?: object; environment?: object } = {},
): string {
  const config = parseConfig(
    { training: { models: [{ ...base, ...model }], ...shared }, environment },
    'test',
  );
  return recipeOf(config, config.training.models[0]!);
}

describe('Function: recipeOf', () => {
  test('does not depend on the environment where actions are those of neighbours', () => {
    const model = { lea: { actions: 'neighbours', state: 'off', reward: 'off' } };
    expect(recipe(model, { environment: { layers: 2 } })).toBe(recipe(model));
    expect(recipe(model)).not.toBe(recipe());
  });

  test('is 16 hexadecimal digits', () => {
    expect(recipe()).toMatch(/^[0-9a-f]{16}$/);
  });

  test.each<[string, object, Parameters<typeof recipe>[1]]>([
    ['its name', { name: 'b' }, {}],
    ['its seed', { seed: 7 }, {}],
    ['the seed of all', {}, { shared: { seed: 7 } }],
    ['a setting that says what the preset says', { dropout: 0.3, window: null }, {}],
    ['a shared setting that the model sets back', { dropout: 0.3 }, { shared: { dropout: 0.5 } }],
    ['the environment, which it does not use', {}, { environment: { layers: 2 } }],
  ])('does not depend on %s', (_, model, others) => {
    expect(recipe(model, others)).toBe(recipe());
  });

  test.each<[string, object, Parameters<typeof recipe>[1]]>([
    ['backbone', { backbone: 'gru4rec' }, {}],
    ['objective', { objective: 'supervised' }, {}],
    ['preset', { preset: 'paper' }, {}],
    ['a setting of its own', { dropout: 0.5 }, {}],
    ['a shared setting', {}, { shared: { dropout: 0.5 } }],
    ['the LLM environment', { lea: {} }, {}],
  ])('is another one with another %s', (_, model, others) => {
    expect(recipe(model, others)).not.toBe(recipe());
  });

  test('knows how the environment is fitted, but not where its fit begins', () => {
    const used = recipe({ lea: {} });
    expect(recipe({ lea: {} }, { environment: { layers: 2 } })).not.toBe(used);
    expect(recipe({ lea: {} }, { environment: { warmStart: true } })).toBe(used);
  });

  test('knows how the vectors of the texts that it uses are made', () => {
    const used = recipe({ text: {} });
    expect(used).not.toBe(recipe());
    expect(recipe({ text: {} }, { environment: { itemVectors: { layers: 2 } } })).not.toBe(used);
    expect(recipe({ text: {} }, { environment: { adapter: { rank: 2 } } })).toBe(used);
    expect(recipe({}, { environment: { itemVectors: { layers: 2 } } })).toBe(recipe());
  });

  test('says the same of a setting wherever it is set', () => {
    expect(recipe({ dropout: 0.5 })).toBe(recipe({}, { shared: { dropout: 0.5 } }));
  });

  test('knows how the environment that it uses is fitted, and how it is used', () => {
    const used = recipe({ lea: {} });
    expect(recipe({ lea: {} }, { environment: { layers: 2 } })).not.toBe(used);
    expect(recipe({ lea: { state: 'off' } })).not.toBe(used);
    expect(recipe({ lea: { augmentedWeight: 0.3 } })).toBe(used);
  });
});

describe('Function: rivalRecipe', () => {
  test('tells rivals and their settings apart, and not the order of the settings', () => {
    const one = rivalRecipe('rules', { a: 1, b: 2 });
    expect(rivalRecipe('rules', { b: 2, a: 1 })).toBe(one);
    expect(rivalRecipe('rules', { a: 1, b: 3 })).not.toBe(one);
    expect(rivalRecipe('popularity', { a: 1, b: 2 })).not.toBe(one);
  });
});
