import { createHash } from 'node:crypto';
import { ConfigError } from './errors.ts';

/** Longest name of a training job or an endpoint in SageMaker. */
const longest = 63;
/** `-<number of the instance type>`, which the state machine puts behind. */
const reserved = 3;
/** Digits of the hash that tells shortened names apart. */
const digits = 8;

/**
 * Names a model's training job: the attempt's name and the model's. Where both are too long for SageMaker, the model's
 * name is cut and ends in a hash of itself: the same for the same name, and another for another.
 *
 * @param resource `<deployment>-<run>-<attempt>`, of letters, digits and single dashes
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
  const hash = createHash('sha256').update(model).digest('hex').slice(0, digits);
  const begin = model.slice(0, Math.max(0, room - digits - 1)).replace(/-+$/, '');
  return `${resource}-${begin === '' ? '' : `${begin}-`}${hash}`;
}
