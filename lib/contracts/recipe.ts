import { createHash } from 'node:crypto';
import { leaPresets, presets } from './config/presets.ts';
import type { ModelConfig } from './config/training.ts';
import type { PipelineConfig } from './config.ts';
import { readsEnvironment } from './needs.ts';

/** What of an entry of `training.models` does not make another recipe. */
const incidental: ReadonlySet<string> = new Set([
  'name',
  'seed',
  // What is judged is as it was before.
  'refitPasses',
  'refitLearningRate',
  // Where it begins is no part of what it is.
  'warmStart',
  'warmPatience',
]);

/**
 * What a model is made by, as 16 hexadecimal digits: its backbone, objective and every setting that differs from its
 * preset, how the LLM environment is fitted where the model uses it, and how vectors are made where it uses texts. Name,
 * seed and data are no part of a recipe, nor is what becomes of the winner once it is judged, nor a setting that says
 * what its preset says anyway, so that a release with a new setting leaves recipes as they
 * were. Two models of one recipe differ in the data alone.
 */
export function recipeOf(config: PipelineConfig, model: ModelConfig): string {
  const { models: _, ...shared } = config.training;
  const preset = model.preset ?? shared.preset;
  const { lea, ...own } = withoutAbsent(model) as Partial<ModelConfig>;
  return hashOf({
    ...withoutUsual({ ...shared, ...own, preset }, presets[preset]),
    ...(lea !== undefined && {
      lea: withoutUsual(lea, leaPresets[preset]),
      ...(readsEnvironment(model) && { environment: environmentOf(config) }),
    }),
    ...(model.text !== undefined && { vectors: vectorsOf(config) }),
  });
}

/** What differs from the usual settings, without what is incidental. */
function withoutUsual(value: object, usual: object): object {
  const known = usual as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(value).filter(
      ([name, own]) => !incidental.has(name) && !(name in known && isSame(own, known[name])),
    ),
  );
}

/** How the environment is fitted; where a fit begins is no part of it. */
function environmentOf({ environment: { warmStart: _, ...fitted } }: PipelineConfig): object {
  return fitted;
}

/** What decides an item's vector besides its text. */
function vectorsOf({ environment }: PipelineConfig): object {
  const { baseModel, itemVectors, itemTokens, seed } = environment;
  return { baseModel, itemVectors, template: itemTokens.template, seed };
}

/** The recipe of a ranker that is not a trained network: what it is and how it is set. */
export function rivalRecipe(name: string, settings: object): string {
  return hashOf({ rival: name, ...settings });
}

function withoutAbsent(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, own]) => own !== undefined));
}

const hashOf = (value: unknown) =>
  createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex')
    .slice(0, 16);

const isSame = (a: unknown, b: unknown) => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

/** The same value whatever the order in which its keys were written. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, own]) => own !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, own]) => [key, sorted(own)]),
  );
}
