import type { PipelineConfig } from '#lib/contracts/config.ts';
import { usesEnvironment, usesTexts } from '#lib/contracts/needs.ts';
import type { Finding } from './findings.ts';

/** A service in the words of Service Quotas. */
export type QuotaService = 'sagemaker' | 'codebuild' | 'lambda';

/** What an account has, by the quotas' names: a SageMaker quota that is missing is of a type that the region does not offer. */
export type Quotas = ReadonlyMap<string, number>;

/** What could not be read, and why. */
export interface Unread {
  readonly unread: string;
}

/** The quotas of each service that was asked. */
export type AccountQuotas = Partial<Readonly<Record<QuotaService, Quotas | Unread>>>;

const buildQuota = 'Concurrently running builds for Linux/Large environment';
const concurrencyQuota = 'Concurrent executions';

/** The names of the quotas that are looked at, by service. */
export const quotaNames: Readonly<Record<QuotaService, (name: string) => boolean>> = {
  sagemaker: (name) => /^ml\.\S+ for (endpoint|training job|spot training job) usage$/.test(name),
  codebuild: (name) => name === buildQuota,
  lambda: (name) => name === concurrencyQuota,
};

/** How a quota is asked for; the names are those of the Service Quotas console. */
const request = (service: string, name: string, least: number) =>
  `ask for at least ${least} in Service Quotas, ${service}, "${name}" (minutes to a few days)`;

/** Concurrent functions that serve, schedule and watch beside ingestion and augmentation. */
const otherFunctions = 10;

/** The quotas of a deployment that a night needs: instances, and functions that run at the same time. */
export function checkQuotas(config: PipelineConfig, account: AccountQuotas): Finding[] {
  return [...checkInstances(config, account), checkConcurrency(config, account)];
}

/** The quota of a deployment alone: building the images. */
export function checkBuilds(account: AccountQuotas): Finding {
  const check = 'CodeBuild';
  const quotas = account.codebuild;
  if (quotas === undefined || 'unread' in quotas) return unread(check, quotas);
  const builds = quotas.get(buildQuota) ?? 0;
  if (builds >= 1)
    return { level: 'ok', check, message: `may run ${builds} large builds at a time` };
  return {
    level: 'blocker',
    check,
    message:
      `no image can be built: the quota is ${builds}. ${sentence(request('AWS CodeBuild', buildQuota, 1))}, or build the images ` +
      'elsewhere and give them as environmentImageUri and trainerImageUri (docs/deploy.md, 4).',
  };
}

function checkInstances(config: PipelineConfig, account: AccountQuotas): Finding[] {
  const { operations, training } = config;
  const { environmentInstanceTypes, trainerInstanceTypes, vectorsInstanceTypes } = operations;
  const job = operations.useSpotTraining ? 'spot training job' : 'training job';
  const together = Math.min(operations.trainingConcurrency, training.models.length);
  const wanted = [
    ...(usesTexts(config)
      ? [{ check: 'Item vectors', types: vectorsInstanceTypes, use: job, together: 1 }]
      : []),
    ...(usesEnvironment(config)
      ? [
          {
            check: 'Fitting the environment',
            types: environmentInstanceTypes,
            use: job,
            together: 1,
          },
          {
            check: 'Asking the environment',
            types: environmentInstanceTypes,
            use: 'endpoint',
            together: operations.environmentInstances,
          },
        ]
      : []),
    { check: 'Training recommenders', types: trainerInstanceTypes, use: job, together },
  ];
  const quotas = account.sagemaker;
  if (quotas === undefined || 'unread' in quotas) return [unread('SageMaker', quotas)];
  return wanted.map(({ check, types, use, together: least }) => {
    const names = types.map((type) => `${type} for ${use} usage`);
    const values = names.map((name) => quotas.get(name));
    const best = Math.max(...values.map((value) => value ?? 0));
    const seen = names.map((name, index) => `"${name}" is ${values[index] ?? 'not offered here'}`);
    const advice = request(
      'Amazon SageMaker',
      names[
        Math.max(
          0,
          values.findIndex((value) => value !== undefined),
        )
      ]!,
      least,
    );
    if (values.every((value) => value === undefined)) {
      return {
        level: 'blocker',
        check,
        message: `${seen.join(', ')}: the region offers none of the instance types. Configure others (operations) or deploy in another region.`,
      };
    }
    if (best < 1)
      return { level: 'blocker', check, message: `${seen.join(', ')}. ${sentence(advice)}.` };
    if (best < least) {
      return {
        level: 'warning',
        check,
        message:
          use === 'endpoint'
            ? `${seen.join(', ')}, but a night may take ${least} instances, and would find none. ${sentence(advice)}, or lower operations.environmentInstances.`
            : `${seen.join(', ')}, but ${least} jobs are to run at the same time: the others wait. ${sentence(advice)}, or lower operations.trainingConcurrency.`,
      };
    }
    return { level: 'ok', check, message: seen.join(', ') };
  });
}

function checkConcurrency({ operations }: PipelineConfig, account: AccountQuotas): Finding {
  const check = 'Lambda';
  const quotas = account.lambda;
  if (quotas === undefined || 'unread' in quotas) return unread(check, quotas);
  const value = quotas.get(concurrencyQuota) ?? 0;
  const { ingestionConcurrency, augmentationConcurrency, bucketConcurrency, serving } = operations;
  const asking = augmentationConcurrency * operations.environmentInstances;
  const wanted =
    Math.max(ingestionConcurrency, asking, bucketConcurrency) +
    serving.provisionedConcurrency +
    otherFunctions;
  const advice = `${request('AWS Lambda', concurrencyQuota, 100)}, or lower operations.ingestionConcurrency, augmentationConcurrency and bucketConcurrency`;
  if (serving.provisionedConcurrency > 0 && value < serving.provisionedConcurrency + 100) {
    return {
      level: 'blocker',
      check,
      message: `${serving.provisionedConcurrency} instances are to be kept warm, and Lambda keeps 100 others free, but "${concurrencyQuota}" is ${value}. ${sentence(advice)}, or set operations.serving.provisionedConcurrency to 0.`,
    };
  }
  if (value < wanted) {
    return {
      level: 'warning',
      check,
      message: `"${concurrencyQuota}" is ${value}, less than the ${wanted} that may be wanted at once: functions are throttled and tried again. ${sentence(advice)}.`,
    };
  }
  return { level: 'ok', check, message: `"${concurrencyQuota}" is ${value}` };
}

function unread(check: string, quotas: Unread | undefined): Finding {
  return { level: 'skipped', check, message: quotas?.unread ?? 'nobody asked' };
}

const sentence = (text: string) => text[0]!.toUpperCase() + text.slice(1);
