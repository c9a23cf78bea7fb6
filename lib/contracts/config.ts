import * as z from 'zod';
import { environmentConfig } from './config/environment.ts';
import { interactionsConfig } from './config/interactions.ts';
import { operationsConfig } from './config/operations.ts';
import { resolveModel } from './config/presets.ts';
import { evaluationConfig, promotionConfig } from './config/promotion.ts';
import { sequencesConfig } from './config/sequences.ts';
import { type LeaSettings, trainingConfig } from './config/training.ts';
import { ConfigError } from './errors.ts';
import { hasLocalStorage } from './instance-storage.ts';
import { refitJobName } from './job-name.ts';
import { suggest } from './suggest.ts';

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
    const needs = (lea: string, key: string, wanted: string, given: string) => {
      if (wanted === given) return;
      throw new ConfigError(
        `${where}: model "${model.name}" has ${lea}, which needs environment.${key} "${wanted}", but that is "${given}". Change one of the two (preset "paper" has lea.reward "positives" and lea.actions "reward").`,
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

type Issue = z.core.$ZodIssue;

/** Of a value that is none of several alternatives, what is wrong with the one that it comes closest to. */
function innermost(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const depth = ({ path }: Issue) => path.length;
  const [closest] = issue.errors
    .filter(([first]) => first !== undefined && (depth(first) > 0 || first.code !== 'invalid_type'))
    .toSorted(
      (a, b) => a.length - b.length || Math.max(...b.map(depth)) - Math.max(...a.map(depth)),
    );
  if (closest === undefined) return [issue];
  return closest
    .map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }))
    .flatMap(innermost);
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

/** Problems that a message names; somebody may send thousands. */
const problemsShown = 20;
/** Characters of a problem; names of keys may be of any length. */
const problemLength = 300;

/**
 * One line per problem: the key's path, what is wrong, what was expected; of many the first ones, and how many more.
 *
 * @param schema that found the problems; with it, an unknown key that resembles a known one is told so
 */
export function explain(error: z.ZodError, schema?: z.ZodType): string {
  const lines = error.issues.flatMap(innermost).flatMap((issue) => {
    const path = issue.path.map((part) =>
      typeof part === 'number' ? `[${part}]` : `.${String(part)}`,
    );
    const at = path.join('').replace(/^\./, '');
    if (issue.code === 'unrecognized_keys') {
      const known = schema === undefined ? [] : keysAt(schema, issue.path);
      return issue.keys.map((key) => {
        const meant = key.length > problemLength ? undefined : suggest(key, known);
        const hint = meant === undefined ? '' : `; did you mean "${meant}"?`;
        return `  ${at === '' ? key : `${at}.${key}`}: unknown key${hint}`;
      });
    }
    return [`  ${at === '' ? '(top level)' : at}: ${issue.message}`];
  });
  const shown = lines
    .slice(0, problemsShown)
    .map((line) => (line.length > problemLength ? `${line.slice(0, problemLength)}...` : line));
  const more = lines.length - shown.length;
  return [...shown, ...(more > 0 ? [`  and ${more} more`] : [])].join('\n');
}

/** The keys that a schema has at a path; none where it is no object of known keys. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const inner = unwrapped(schema);
  if (path.length === 0) return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
  const [first, ...rest] = path;
  const next =
    inner instanceof z.ZodArray
      ? inner.element
      : inner instanceof z.ZodObject
        ? inner.shape[String(first)]
        : undefined;
  return next === undefined ? [] : keysAt(next as z.ZodType, rest);
}

/** What is inside of optional, of defaults, and what a transformation begins with. */
function unwrapped(schema: z.ZodType): z.ZodType {
  const { innerType, in: before } = schema.def as { innerType?: z.ZodType; in?: z.ZodType };
  const inner = innerType ?? before;
  return inner === undefined ? schema : unwrapped(inner);
}
