import { describe, expect, it } from 'vitest';
import { parametersInName } from '#lib/cost/base-model.ts';

describe('Function: parametersInName', () => {
  it.each([
    ['smollm2-135m-instruct', 135e6],
    ['SmolLM2-1.7B', 1.7e9],
    ['qwen2.5-0.5b-instruct', 0.5e9],
    ['Llama-3.2-1B', 1e9],
    ['gpt2', undefined],
    ['b2b-model', undefined],
  ])('%s: %s', (name, parameters) => {
    expect(parametersInName(name)).toBe(parameters);
  });
});
