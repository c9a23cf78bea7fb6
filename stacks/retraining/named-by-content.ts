import { sharedPrefix } from '#lib/contracts/job-name.ts';
import { type NightlyDefinitionProps, type States, sagemaker, sagemakerRetry } from './states.ts';

/** Hexadecimal digits of a hash in a name; SageMaker's names have 63 characters at most. */
const digits = 16;

/**
 * JSONata for a name that is the same when, and only when, what it names is made of the same: the deployment's prefix
 * and a hash. It is computed while a run is under way, since only then all of the content is known (an image's URI is a
 * reference until CloudFormation has resolved it).
 *
 * @param content all properties but names; expressions in it count as their text
 * @param values JSONata (without the braces) of what such expressions stand for
 */
export function nameByContent(
  { deployment }: NightlyDefinitionProps,
  content: object,
  values: readonly string[],
): string {
  // An expression cannot hold the braces of another one.
  const text = JSON.stringify(content).replaceAll(/\{%|%\}/g, '');
  const hashed = [JSON.stringify(text), ...values].join(' & " " & ');
  return `{% "${sharedPrefix(deployment)}" & $substring($hash(${hashed}, "SHA-256"), 0, ${digits}) %}`;
}

/**
 * States `<name>` and `<name>Exists?`: creates something that is named by its content. One that exists already is
 * exactly what was asked for, whoever made it.
 */
export function createOnce(
  props: NightlyDefinitionProps,
  name: string,
  { action, request, next }: { action: string; request: object; next: string },
): States {
  return {
    [name]: {
      ...sagemaker(props, action, request),
      Retry: retryOfRefused,
      Next: next,
      Catch: [
        {
          ErrorEquals: ['States.ALL'],
          Output: '{% $states.errorOutput %}',
          Next: `${name}Exists?`,
        },
      ],
    },
    [`${name}Exists?`]: {
      Type: 'Choice',
      Choices: [
        { Condition: '{% $contains($string($states.input), "already existing") %}', Next: next },
      ],
      Assign: { failure: '{% $states.input %}' },
      Default: 'StopEnvironment?',
    },
  };
}

/** As ever, but "already existing", which has the same name as some throttling, is not repeated for minutes. */
const retryOfRefused = [
  {
    ErrorEquals: ['SageMaker.SageMakerException'],
    IntervalSeconds: 1,
    BackoffRate: 2,
    MaxAttempts: 2,
    JitterStrategy: 'FULL',
  },
  ...sagemakerRetry,
];
