import { createHash } from 'node:crypto';
import { ConfigError } from './errors.ts';

/** What the job that fits the winner on all actions is called among those of an attempt; no model may be. */
export const refitJobName = 'refit';

/** Longest name of a training job or an endpoint in SageMaker. */
const longest = 63;
/** `-<number of the instance type>`, which the state machine puts behind. */
const reserved = 3;
/** Digits of the hash that tells shortened names apart. */
const digits = 8;

/** What an attempt's name may take: `-<instance>-environment` comes behind that of its endpoint. */
const longestAttempt = longest - 14;
/** Of an attempt's number with its dash. */
const attemptDigits = 4;

/**
 * With what everything that a deployment creates in SageMaker begins. A deployment's own name has no two dashes in a row:
 * nothing of `lea-dev-2` begins like what is of `lea-dev`.
 */
export const resourcePrefix = (deployment: string): string => `${deployment}--`;

/** With what the models and endpoint configurations that runs share begin; a hash of their content follows. */
export const sharedPrefix = (deployment: string): string =>
  `${resourcePrefix(deployment)}environment-`;

/**
 * With what everything that a run's attempts create in SageMaker begins: the deployment's name and the run's. Where both
 * are too long, the run's is cut and ends in a hash of itself.
 */
export function runResources(deployment: string, run: string): string {
  const prefix = resourcePrefix(deployment);
  const room = longestAttempt - attemptDigits - prefix.length;
  return `${prefix}${run.length <= room ? run : shortened(run, room)}-`;
}

/** The name of what one attempt at a run creates in SageMaker; what is created adds to it. */
export const attemptResources = (deployment: string, run: string, attempt: number): string =>
  `${runResources(deployment, run)}${attempt}`;

/**
 * Names a model's training job: the attempt's name and the model's. Where both are too long for SageMaker, the model's
 * name is cut and ends in a hash of itself: the same for the same name, and another for another.
 *
 * @param resource the attempt's name (`attemptResources`)
 * @throws ConfigError when not even the hash fits
 */
export function trainingJobName(resource: string, model: string): string {
  const room = longest - reserved - resource.length - 1;
  if (model.length <= room) return `${resource}-${model}`;
  if (room < digits) {
    throw new ConfigError(
      `SageMaker's names have ${longest} characters at most, and "${resource}" leaves too few for those of the models. Give the run a shorter name.`,
    );
  }
  return `${resource}-${shortened(model, room)}`;
}

/** The beginning of a name and a hash of all of it, of letters, digits and single dashes like the name. */
function shortened(name: string, room: number): string {
  const hash = createHash('sha256').update(name).digest('hex').slice(0, digits);
  const begin = name.slice(0, Math.max(0, room - digits - 1)).replace(/-+$/, '');
  return `${begin === '' ? '' : `${begin}-`}${hash}`;
}
