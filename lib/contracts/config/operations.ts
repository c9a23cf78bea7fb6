import * as z from 'zod';
import { acceleratorOf, hasOtherAccelerator } from '../accelerators.ts';
import { inboxConfig } from './inbox.ts';
import { servingConfig } from './serving.ts';

/** The first is preferred, the others are tried when there is no capacity: on one kind of machine, a run takes its time. */
const instanceTypes = z
  .array(z.string().regex(/^ml\./))
  .min(1)
  .refine(
    (types) => new Set(types.map(acceleratorOf)).size <= 1,
    'mixes instance types with and without a GPU: a run that falls back from one to the other would take many times as long; name types of one kind',
  )
  .refine(
    (types) => !types.some(hasOtherAccelerator),
    'has an accelerator that nothing here computes on (Inferentia, Trainium, Gaudi): a program would compute on the processor at its price; name types with an NVIDIA GPU or none',
  );

/** When runs start and what they may use and cost on AWS. */
export const operationsConfig = z.strictObject({
  /** EventBridge Scheduler expression and IANA time zone; `null` schedules nothing. */
  schedule: z.string().nullable().default('cron(30 3 * * ? *)'),
  timeZone: z.string().min(1).default('UTC'),
  /** A run whose estimate exceeds this stops before any GPU starts. */
  maxUsdPerRun: z.number().positive().default(50),
  /** SageMaker instance types; the first is preferred, the others are tried when there is no capacity. */
  environmentInstanceTypes: instanceTypes.default(['ml.g5.xlarge', 'ml.g5.2xlarge']),
  trainerInstanceTypes: instanceTypes.default(['ml.c6i.2xlarge', 'ml.c5.2xlarge']),
  /**
   * For the job that reads the catalogue's texts (`environment.itemVectors`). Without a GPU, a core reads some 300 tokens a
   * second of a model with 135 million parameters.
   */
  vectorsInstanceTypes: instanceTypes.default(['ml.c6i.2xlarge', 'ml.c5.2xlarge']),
  useSpotTraining: z.boolean().default(true),
  /**
   * Instances of the endpoint that answer side by side, at most: a night takes as many as let the environment be asked within a
   * quarter of `maximumRunHours`. What they cost together is the same.
   */
  environmentInstances: z.int().min(1).max(100).default(1),
  /** Lambdas that ask each instance of the endpoint at the same time. */
  augmentationConcurrency: z.int().min(1).max(1000).default(4),
  /** Functions that sort buckets of interactions into sequences at the same time. */
  bucketConcurrency: z.int().min(1).max(1000).default(8),
  /** Training jobs that run at the same time. */
  trainingConcurrency: z.int().min(1).max(40).default(8),
  /** Share of shards (percent) whose failure does not fail the run. */
  toleratedFailurePercentage: z.number().min(0).max(100).default(1),
  maximumRunHours: z.number().positive().max(72).default(8),
  /** Ranges of uploads that are parsed at the same time. */
  ingestionConcurrency: z.int().min(2).max(1000).default(10),
  /**
   * Memory (MB) of the functions that sort interactions into sequences; one needs about 245 MB, and 285 MB a million
   * of `sequences.bucketInteractions`. A new account allows 3,008 until its quota is raised.
   */
  buildSequencesMegabytes: z.int().min(1769).max(10_240).default(3008),
  /** Who is told by e-mail of finished and failed runs and of alarms; each address confirms once. */
  notificationEmails: z.array(z.email()).default([]),
  /** A budget that warns at 80 % and at 100 % (forecast) of this, in USD a month; `null` makes none. */
  monthlyBudgetUsd: z.number().positive().nullable().default(null),
  /** Deleting the deployment deletes its data, too; otherwise buckets and their contents stay, and the stacks are protected. */
  isDisposable: z.boolean().default(false),
  /** Encrypt data, logs, notifications, volumes and what jobs write with a key of its own (about 1 USD a month), not AWS's. */
  customerManagedKey: z.boolean().default(false),
  /** An existing network that functions, training jobs and endpoints run in; `null` runs outside of any. */
  vpc: z
    .strictObject({
      subnetIds: z.array(z.string().regex(/^subnet-[0-9a-f]{8,17}$/, 'a subnet id')).min(1),
      securityGroupIds: z
        .array(z.string().regex(/^sg-[0-9a-f]{8,17}$/, 'a security group id'))
        .min(1),
    })
    .nullable()
    .default(null),
  inbox: inboxConfig.prefault({}),
  /** Days after which things are deleted. */
  retention: z
    .strictObject({
      runDays: z.int().min(2).default(30),
      /**
       * Champions whose models are kept whatever their age, so that a rollback can go back to them: the one in service,
       * those that it followed, and those promoted last, this many each.
       */
      champions: z.int().min(2).max(100).default(5),
      quarantineDays: z.int().min(1).default(90),
      recommendationDays: z.int().min(1).default(30),
      impressionDays: z.int().min(1).default(90),
      logDays: z
        .literal([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731])
        .default(30),
    })
    .prefault({}),
  serving: servingConfig.prefault({}),
  /** Limits whose crossing raises an alarm. */
  alarms: z
    .strictObject({
      /** Hours without a successful run; only watched when there is a schedule. */
      lastSuccessHours: z.int().min(6).max(168).multipleOf(6).default(36),
      /** Hours without a log that could be used; `null` does not watch, as for logs that come once a fortnight. */
      newDataHours: z.int().min(6).max(168).multipleOf(6).nullable().default(48),
      /** Nights in a row, of those that had something to learn from, after which nobody was promoted; `null` does not watch. */
      nightsWithoutPromotion: z.int().min(1).max(90).nullable().default(7),
      /** Hours after a run within which everybody's recommendations are to be there; watched with `serving.batchCount`. */
      batchHours: z.int().min(1).max(20).default(6),
      /** Share (0-1) of an upload's rows in quarantine. */
      quarantinedShare: z.number().min(0).max(1).default(0.05),
      /** 99th percentile of a recommendation, in milliseconds. */
      recommendMilliseconds: z.number().positive().default(1000),
    })
    .prefault({}),
});

export type OperationsConfig = z.infer<typeof operationsConfig>;

/** A SageMaker training job that has not ended by then is stopped: half of what the whole run may take. */
export const maximumJobSeconds = ({ maximumRunHours }: OperationsConfig): number =>
  Math.round((maximumRunHours / 2) * 3600);
