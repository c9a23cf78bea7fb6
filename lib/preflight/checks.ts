import type { PipelineConfig } from '#lib/contracts/config.ts';
import { type ImagesGiven, unfitInstances } from '#lib/contracts/instance-fit.ts';
import { attemptResources, trainingJobName } from '#lib/contracts/job-name.ts';
import { needsBaseModel } from '#lib/contracts/needs.ts';
import { parametersInName } from '#lib/cost/base-model.ts';
import { estimateCost } from '#lib/cost/cost.ts';
import type { DataCounts } from '#lib/cost/data-counts.ts';
import type { StepMemory } from '#lib/cost/memory.ts';
import type { Prices } from '#lib/cost/prices.ts';
import { timeText } from '#lib/cost/times.ts';
import type { Finding } from './findings.ts';
import type { Unread } from './quotas.ts';

/** Megabytes of a function that every account allows from its first day. */
const newAccountMegabytes = 3008;
/** Longest name of anything in SageMaker. */
const longestName = 63;

/**
 * Names of jobs and endpoints, as long as they may get: a run's name may be of any length, and many attempts are made at it.
 *
 * @param deployment for example `lea-dev`
 */
export function checkNames(config: PipelineConfig, deployment: string): Finding {
  const check = 'Names in SageMaker';
  try {
    const attempt = attemptResources(deployment, 'r'.repeat(200), 999);
    const names = [
      `${attempt}-0-environment`,
      `${attempt}-environment-0`,
      ...config.training.models.map(({ name }) => `${trainingJobName(attempt, name)}-0`),
    ];
    const longest = Math.max(...names.map(({ length }) => length));
    const tooLong = names.find(({ length }) => length > longestName);
    if (tooLong === undefined) {
      return {
        level: 'ok',
        check,
        message: `the longest has ${longest} of ${longestName} characters`,
      };
    }
    const message = `"${tooLong}" has ${tooLong.length} characters, SageMaker allows ${longestName}: take a shorter name for the deployment.`;
    return { level: 'blocker', check, message };
  } catch (error) {
    return { level: 'blocker', check, message: (error as Error).message };
  }
}

/** Instance types on which the images that a deployment builds do not run. */
export function checkInstanceTypes({ operations }: PipelineConfig, given: ImagesGiven): Finding {
  const check = 'Instance types';
  const unfit = unfitInstances(operations, given);
  if (unfit.length > 0) return { level: 'blocker', check, message: unfit.join(' ') };
  return { level: 'ok', check, message: 'the images run on all that are configured' };
}

/** Memory that a new account does not give a function; no service says what an account allows. */
export function checkMemory({ operations }: PipelineConfig): Finding {
  const check = 'Memory of functions';
  const { buildSequencesMegabytes: wanted } = operations;
  if (wanted <= newAccountMegabytes) {
    return {
      level: 'ok',
      check,
      message: `at most ${newAccountMegabytes} MB, which every account allows`,
    };
  }
  return {
    level: 'warning',
    check,
    message: `operations.buildSequencesMegabytes is ${wanted}; a new account allows ${newAccountMegabytes} MB, and no service says what yours allows. If the deployment fails with "MemorySize", lower it or ask AWS Support to raise the limit.`,
  };
}

/** What a base model's folder must have (`containers/environment` reads it). */
const baseModelFiles = [
  { what: 'config.json', is: (name: string) => name === 'config.json' },
  { what: 'weights (*.safetensors)', is: (name: string) => name.endsWith('.safetensors') },
  {
    what: 'a tokenizer (tokenizer.json, tokenizer.model or vocab.json)',
    is: (name: string) => /^(tokenizer\.(json|model)|vocab\.json)$/.test(name),
  },
];

/**
 * @param files names below the base model's prefix, and their bytes
 * @param place for example `s3://bucket/base-models/qwen2.5-0.5b/`
 */
export function checkBaseModel(
  config: PipelineConfig,
  files: ReadonlyMap<string, number> | Unread,
  place: string,
): Finding {
  const check = 'Base model';
  if (!needsBaseModel(config)) {
    return { level: 'ok', check, message: 'no job of this configuration reads one' };
  }
  if ('unread' in files) return { level: 'skipped', check, message: files.unread };
  const missing = baseModelFiles.filter(
    ({ is }) => ![...files].some(([name, bytes]) => is(name) && bytes > 0),
  );
  if (missing.length === 0)
    return { level: 'ok', check, message: `${place} has all that it needs` };
  return {
    level: 'blocker',
    check,
    message: `${place} lacks ${missing.map(({ what }) => what).join(', ')}: upload the whole Hugging Face folder of "${config.environment.baseModel}" (aws s3 sync FOLDER ${place}).`,
  };
}

/** Steps that would be stopped before their end, and the price of a run; needs to know how much data there is. */
export function checkTimesAndCost(
  config: PipelineConfig,
  counts: Pick<DataCounts, 'interactions' | 'items'> | undefined,
  tables: Prices,
): Finding[] {
  const check = 'Times';
  if (counts === undefined) {
    const message =
      'give --interactions and --items to compare the estimated time of each step with its limit';
    return [{ level: 'skipped', check, message }];
  }
  const parameters = parametersInName(config.environment.baseModel);
  if (parameters === undefined) {
    const message = `the name of the base model "${config.environment.baseModel}" does not tell how large it is; npx lea cost --parameters N does this check`;
    return [{ level: 'skipped', check, message }];
  }
  try {
    const whole = { ...counts, transitions: counts.interactions, baseModelParameters: parameters };
    const { times, memory, usd } = estimateCost(config, whole, tables);
    const cap = config.operations.maxUsdPerRun;
    const cost: Finding =
      usd.high <= cap
        ? {
            level: 'ok',
            check: 'Cost',
            message: `a run costs ${dollars(usd.expected)}, at worst ${dollars(usd.high)} of the ${dollars(cap)} that operations.maxUsdPerRun allows`,
          }
        : {
            level: 'blocker',
            check: 'Cost',
            message: `a run may cost ${dollars(usd.high)}, more than operations.maxUsdPerRun allows (${dollars(cap)}): raise it, lower environment.subsetFraction or the number of models, or choose other instance types.`,
          };
    return [...times.map(timeFinding), ...memory.map(memoryFinding), cost];
  } catch (error) {
    return [{ level: 'blocker', check, message: (error as Error).message }];
  }
}

function timeFinding({
  step,
  expectedSeconds,
  limitSeconds,
  limit,
  remedy,
}: ReturnType<typeof estimateCost>['times'][number]): Finding {
  const seen = `${timeText(expectedSeconds)} of the ${timeText(limitSeconds)} that ${limit}`;
  if (expectedSeconds <= limitSeconds) return { level: 'ok', check: step, message: seen };
  return {
    level: 'blocker',
    check: step,
    message: `${seen}: it would be stopped. ${remedy}`,
  };
}

const dollars = (usd: number) => `$${usd.toFixed(2)}`;

function memoryFinding({
  step,
  expectedMegabytes,
  limitMegabytes,
  limit,
  remedy,
}: StepMemory): Finding {
  const check = `Memory: ${step}`;
  const seen = `${Math.round(expectedMegabytes)} MB of the ${Math.round(limitMegabytes)} MB that ${limit}`;
  if (expectedMegabytes <= limitMegabytes) return { level: 'ok', check, message: seen };
  return { level: 'blocker', check, message: `${seen}: it would be stopped. ${remedy}` };
}
