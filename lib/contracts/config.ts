import * as z from 'zod';
import { environmentConfig } from './config/environment.ts';
import { interactionsConfig } from './config/interactions.ts';
import { operationsConfig } from './config/operations.ts';
import { resolveModel } from './config/presets.ts';
import { evaluationConfig, promotionConfig } from './config/promotion.ts';
import { sequencesConfig } from './config/sequences.ts';
import { type LeaSettings, trainingConfig } from './config/training.ts';
import { ConfigError } from './errors.ts';
import { explain } from './explain.ts';
import { hasLocalStorage } from './instance-storage.ts';
import { refitJobName } from './job-name.ts';

/** The whole configuration of a pipeline: one JSON file, everything but `training.models` has a default. */
export const pipelineConfig = z.strictObject({
  interactions: interactionsConfig.prefault({}),
  sequences: sequencesConfig.prefault({}),
  environment: environmentConfig.prefault({}),
  training: trainingConfig,
  evaluation: evaluationConfig.prefault({}),
  promotion: promotionConfig.prefault({}),
  operations: operationsConfig.prefault({}),
});

export type PipelineConfig = z.infer<typeof pipelineConfig>;

/**
 * Checks a configuration and fills in the defaults.
 *
 * @param value the parsed JSON
 * @param where the file's name, for the message
 * @throws ConfigError that names each wrong or unknown key and what was expected
 */
export function parseConfig(value: unknown, where: string): PipelineConfig {
  expectKeptNames(value, where);
  const result = pipelineConfig.safeParse(withoutSchema(value));
  if (!result.success)
    throw new ConfigError(
      `${where} is not a valid configuration:\n${explain(result.error, pipelineConfig)}`,
    );
  const names = result.data.training.models.map((model) => model.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new ConfigError(
      `${where}: training.models has two models named "${twice}"; names must differ.`,
    );
  }
  if (names.includes('champion')) {
    throw new ConfigError(
      `${where}: a model in training.models is named "champion"; that name is kept for the model in service.`,
    );
  }
  if (names.includes(refitJobName)) {
    throw new ConfigError(
      `${where}: a model in training.models is named "${refitJobName}"; that name is kept for the job that fits the winner on all actions.`,
    );
  }
  checkEnvironment(result.data, where);
  checkVolumes(result.data, where);
  return result.data;
}

/**
 * What models take from the environment it must say: a preference is no factor of a reward, a likelihood no preference, and
 * an action's chance is known only where candidates are proposed by it.
 */
function checkEnvironment({ environment, training }: PipelineConfig, where: string): void {
  const { models, ...shared } = training;
  for (const model of models) {
    const { lea } = resolveModel(shared, model);
    if (lea === undefined) continue;
    if (lea.actions === 'neighbours') {
      checkNeighbours(lea, `${where}: model "${model.name}"`);
      continue;
    }
    expectAnswered(lea, environment, `${where}: model "${model.name}"`);
  }
}

/**
 * Checks that an environment says what a model takes from it.
 *
 * @param who the model, for the message
 * @throws ConfigError that names both settings
 */
export function expectAnswered(
  lea: LeaSettings,
  environment: PipelineConfig['environment'],
  who: string,
): void {
  const needs = (setting: string, key: string, wanted: string, given: string) => {
    if (wanted === given) return;
    throw new ConfigError(
      `${who} has ${setting}, which needs environment.${key} "${wanted}", but that is "${given}". Change one of the two (preset "paper" has lea.reward "positives" and lea.actions "reward").`,
    );
  };
  if (lea.reward !== 'off') {
    const wanted = lea.reward === 'preference' ? 'preference' : 'likelihood';
    needs(`lea.reward "${lea.reward}"`, 'reward', wanted, environment.reward);
  }
  if (lea.augmentedWeight > 0) {
    const wanted = lea.actions === 'chance' ? 'chance' : 'similarity';
    needs(`lea.actions "${lea.actions}"`, 'proposals', wanted, environment.proposals);
  }
}

/**
 * Looks for a name that objects do not keep, so that whatever is said of it would be lost without a word.
 *
 * @throws ConfigError that says where it is
 */
export function expectKeptNames(value: unknown, where: string, path: readonly string[] = []): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    const at = [...path, name];
    if (name === '__proto__') {
      throw new ConfigError(`${where}: ${at.join('.')} cannot be a name. Choose another one.`);
    }
    expectKeptNames(inner, where, at);
  }
}

/** A configuration without `$schema`, which only tells editors what it may say. */
export function withoutSchema(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const { $schema: _, ...config } = value as Record<string, unknown>;
  return config;
}

/** A job that moves on to the next instance type keeps its request: all of them take a key for their volumes, or none does. */
function checkVolumes({ operations }: PipelineConfig, where: string): void {
  if (!operations.customerManagedKey) return;
  const lists = [
    'environmentInstanceTypes',
    'trainerInstanceTypes',
    'vectorsInstanceTypes',
  ] as const;
  for (const list of lists) {
    const types = operations[list];
    const withDisks = types.filter(hasLocalStorage);
    if (withDisks.length === 0 || withDisks.length === types.length) continue;
    throw new ConfigError(
      `${where}: operations.${list} mixes instance types with disks of their own (${withDisks.join(', ')}), whose requests may not name a key, and others. With operations.customerManagedKey, name types of one kind.`,
    );
  }
}

/** Actions of item neighbours come without an environment, so that nothing else of one may be asked for. */
function checkNeighbours({ state, stateWeight, reward }: LeaSettings, model: string): void {
  if (state === 'off' && stateWeight === 0 && reward === 'off') return;
  throw new ConfigError(
    `${model} has lea.actions "neighbours", which does without the environment: set lea.state "off", lea.stateWeight 0 and lea.reward "off" too.`,
  );
}
