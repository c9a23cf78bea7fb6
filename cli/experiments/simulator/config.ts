import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { resolveModel } from '#lib/contracts/config/presets.ts';
import { sequencesConfig } from '#lib/contracts/config/sequences.ts';
import { historyKind, type ResolvedModel, trainingConfig } from '#lib/contracts/config/training.ts';
import { ConfigError } from '#lib/contracts/errors.ts';
import { explain } from '#lib/contracts/explain.ts';
import { readsEnvironment } from '#lib/contracts/needs.ts';
import { controlNames } from '../environment-study/controls.ts';

/** The dynamics of items and users; the equations are in dynamics.ts and docs/simulator.md. */
const world = z.strictObject({
  items: z.int().min(10).max(10_000).default(500),
  topics: z.int().min(2).max(100).default(10),
  /** Items of a list. */
  slate: z.int().min(1).max(50).default(5),
  /** Utility of a whole unit of interest. */
  interestWeight: z.number().min(0).default(2),
  /** Standard deviation of the items' appeal, which tempts everybody alike. */
  appealSpread: z.number().min(0).default(0.7),
  /** How much less appealing a unit of quality makes an item: above 0, what tempts does not satisfy. */
  bait: z.number().default(0),
  /** Utility of taking nothing. */
  nothing: z.number().default(3),
  /** Share (0-1) of an item's quality in the satisfaction that it gives; the rest is interest. */
  qualityWeight: z.number().min(0).max(1).default(0.5),
  /** Utility that an action on a topic costs the next one on it. */
  satiationWeight: z.number().min(0).default(0.5),
  /** What is left of satiation after a step. */
  satiationDecay: z.number().min(0).max(1).default(0.8),
  /** Utility that an item has lost each time it was taken. */
  fatigueWeight: z.number().min(0).default(2),
  /** Largest step of an interest when an item of its topic is taken. */
  interestStep: z.number().min(0).max(1).default(0.1),
  /** Standard deviation of an interest's random step at every request. */
  drift: z.number().min(0).default(0),
  /** Steepness of the chance of a purchase over interest, and the interest with which it is a half. */
  purchaseSlope: z.number().positive().default(4),
  purchaseAt: z.number().default(0.6),
  /** Patience with which a session begins; a request with an action costs 1 of it. */
  patience: z.number().positive().default(10),
  /** Patience that satisfaction of 1 gives back. */
  patienceBonus: z.number().min(0).default(0.8),
  /** Patience that a list of which nothing is taken costs besides. */
  disappointment: z.number().min(0).default(0.5),
  /** Requests of the longest session. */
  longestSession: z.int().min(1).max(1000).default(60),
});

/** Who is shown what while the logs are written. */
const logging = z.strictObject({
  users: z.int().min(10).default(1500),
  /** Sessions of each user. */
  sessions: z.int().min(1).max(20).default(1),
  /** How much (0-1) of an item's utility the logging policy knows; the rest of its score is noise of each user and topic. */
  knowledge: z.number().min(0).max(1).default(0.5),
  /** Lists are drawn with chances in proportion to `exp(score / temperature)`. */
  temperature: z.number().positive().default(1),
});

/** An environment that says the truth as well as `accuracy` lets it, in place of a language model. */
const environment = z.strictObject({
  /** Correlation (0-1) of what it says of a reward, a state or a candidate with the truth. */
  accuracy: z.number().min(0).max(1),
  /** Candidates that it names at a state. */
  candidates: z.int().min(1).max(50).default(3),
  /** Items, drawn at random, among which it finds them. */
  pool: z.int().min(1).default(50),
  /** What of its answers is replaced afterwards, see docs/environment-study.md. */
  controls: z.array(z.enum(controlNames)).default([]),
});

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'lower-case letters, digits and dashes');

/** Settings of a world that are given; which there are, and what the others are, is said by `world` once they are joined. */
const someSettings = z.record(z.string(), z.unknown());

/** A simulation's file. */
const simulationFile = z.strictObject({
  /** Every world, everything in it and every training is made anew with each of so many seeds. */
  seeds: z.int().min(1).max(100).default(5),
  /** The first of them: settings are chosen on seeds that the comparison does not have. */
  firstSeed: z.int().min(1).max(1_000_000).default(1),
  /** Users who are recommended to by every policy, none of whom is in the logs. */
  visitors: z.int().min(2).default(400),
  /**
   * Requests of a visitor's session that the logging policy still answers, so that something is known of him; he has had the
   * earlier sessions of a logged user. What is counted comes after.
   */
  opening: z.int().min(0).default(3),
  /** What all worlds share, and by name what each has of its own. */
  world: someSettings.default({}),
  worlds: z.record(name, someSettings).refine((all) => Object.keys(all).length > 0, 'a world'),
  logging: logging.prefault({}),
  sequences: sequencesConfig.omit({ shardItems: true, bucketInteractions: true }).prefault({}),
  /** Rivals that count, beside the policies that are always there. */
  rivals: z.array(historyKind).default(['sequential-rules', 'item-knn']),
  training: trainingConfig,
  /** Models with `lea` are trained with each of these. */
  environments: z.record(name, environment).default({}),
  /** The comparison that the simulation is made for: decided before it is run. */
  primary: z.strictObject({ policy: z.string(), against: z.string() }),
});

export type WorldSettings = z.output<typeof world>;
export type LoggingSettings = z.output<typeof logging>;
export type EnvironmentSettings = z.output<typeof environment>;

/** A model, and the environment that it is trained with. */
export interface SimulatedModel {
  /** `sa2c`, or `sa2c+good` with an environment. */
  readonly name: string;
  readonly model: ResolvedModel;
  readonly environment: (EnvironmentSettings & { readonly name: string }) | undefined;
}

export interface SimulationPlan {
  readonly seeds: number;
  readonly firstSeed: number;
  readonly visitors: number;
  readonly opening: number;
  readonly worlds: readonly { readonly name: string; readonly settings: WorldSettings }[];
  readonly logging: LoggingSettings;
  readonly sequences: z.output<typeof sequencesConfig>;
  readonly rivals: readonly z.output<typeof historyKind>[];
  readonly models: readonly SimulatedModel[];
  readonly primary: { readonly policy: string; readonly against: string };
}

/** Policies that need no training, in the order of the table. */
export const untrained = ['random', 'popularity'] as const;
/** What knows the truth: best for the next request alone, and with an eye on how long the session goes on. */
export const informed = ['truth-next', 'truth-session'] as const;

/** Names of all policies of a plan, in the order of the table. */
export const policyNames = ({ rivals, models }: Pick<SimulationPlan, 'rivals' | 'models'>) => [
  ...untrained,
  ...rivals,
  ...models.map((model) => model.name),
  ...informed,
];

/**
 * Reads and checks a simulation's file.
 *
 * @throws ConfigError that names what is wrong, before any work is done
 */
export function readSimulation(path: string): SimulationPlan {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new ConfigError(`${path} cannot be read as JSON: ${(cause as Error).message}`, { cause });
  }
  return planSimulation(value, path);
}

function worldOf(own: string, settings: unknown, where: string): WorldSettings {
  const result = world.safeParse(settings);
  if (result.success) return result.data;
  throw new ConfigError(`${where}, world "${own}":\n${explain(result.error)}`);
}

/** @param where what the value is called in messages */
export function planSimulation(value: unknown, where: string): SimulationPlan {
  const result = simulationFile.safeParse(value);
  if (!result.success) {
    throw new ConfigError(`${where} is not a simulation:\n${explain(result.error)}`);
  }
  const file = result.data;
  const { models, ...shared } = file.training;
  const environments = Object.entries(file.environments).map(([own, settings]) => ({
    name: own,
    ...settings,
  }));
  const planned = models.flatMap((entry): SimulatedModel[] => {
    const model = resolveModel(shared, entry);
    const refused = (['text', 'prior'] as const).find((part) => model[part] !== undefined);
    if (refused !== undefined) {
      throw new ConfigError(
        `${where}: model "${model.name}" has "${refused}", of which simulated items have nothing.`,
      );
    }
    if (!readsEnvironment(model)) return [{ name: model.name, model, environment: undefined }];
    if (environments.length === 0) {
      throw new ConfigError(
        `${where}: model "${model.name}" has "lea": name what answers it in "environments".`,
      );
    }
    return environments.map((own) => ({
      name: `${model.name}+${own.name}`,
      model,
      environment: own,
    }));
  });
  const plan: SimulationPlan = {
    seeds: file.seeds,
    firstSeed: file.firstSeed,
    visitors: file.visitors,
    opening: file.opening,
    worlds: Object.entries(file.worlds).map(([own, settings]) => ({
      name: own,
      settings: worldOf(own, { ...file.world, ...settings }, where),
    })),
    logging: file.logging,
    // One shard a request is for a language model; here there is none.
    sequences: sequencesConfig.parse({ ...file.sequences, shardItems: 1_000_000 }),
    rivals: file.rivals,
    models: planned,
    primary: file.primary,
  };
  const names = policyNames(plan);
  const twice = names.find((own, at) => names.indexOf(own) !== at);
  if (twice !== undefined) throw new ConfigError(`${where}: two policies are named "${twice}".`);
  for (const own of Object.values(plan.primary)) {
    if (names.includes(own)) continue;
    throw new ConfigError(
      `${where}: primary names the policy "${own}"; there are ${names.join(', ')}.`,
    );
  }
  return plan;
}
