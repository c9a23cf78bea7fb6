import * as z from 'zod';
import { ConfigError } from '#lib/contracts/errors.ts';
import { explain } from '#lib/contracts/explain.ts';

const usd = z.number().min(0);
const range = z
  .strictObject({
    low: z.number().positive(),
    expected: z.number().positive(),
    high: z.number().positive(),
  })
  .refine(
    ({ low, expected, high }) => low <= expected && expected <= high,
    'low <= expected <= high',
  );

/** A quantity that is known to lie between two values only. */
export type Range = z.infer<typeof range>;

/** `config/prices.json`: what things cost, in USD, and where that is from. */
export const priceList = z.strictObject({
  region: z.string(),
  currency: z.literal('USD'),
  asOf: z.iso.date(),
  source: z.string().min(1),
  verified: z.string().min(1),
  /** SageMaker training and hosting, an hour of an instance. */
  instanceHour: z.record(z.string(), usd),
  instanceStorageGbMonth: usd,
  /** On arm64. */
  lambdaGbSecond: usd,
  lambdaProvisionedGbSecond: usd,
  lambdaMillionRequests: usd,
  s3GbMonth: usd,
  s3ThousandWrites: usd,
  s3ThousandReads: usd,
  stepFunctionsThousandTransitions: usd,
  sqsMillionRequests: usd,
  eventBridgeMillionEvents: usd,
  cloudWatchAlarmMonth: usd,
  cloudWatchMetricMonth: usd,
  cloudWatchLogsGb: usd,
  registryGbMonth: usd,
  keyMonth: usd,
});

export type PriceList = z.infer<typeof priceList>;

/** `config/throughput.json`: how fast things go, and how that was found. */
export const throughputTable = z.strictObject({
  source: z.string().min(1),
  /** Dense bfloat16 (float16 on ml.g4dn) peak of one GPU, 10^12 operations per second. */
  peakTeraflops: z.record(z.string(), z.number().positive()),
  /** Share of the peak that large fitting steps, and answering, reach. */
  fitUtilisation: range,
  askUtilisation: range,
  /** What a step takes whatever its size: the processor tells the GPU what to do. */
  fitStepSeconds: range,
  /** Of one core that reads sentences, 10^9 operations per second, float32 to bfloat16. */
  coreGigaflops: range,
  /** Physical cores. */
  trainerCores: z.record(z.string(), z.number().positive()),
  /** Time of one core for one transition in one epoch of a recommender with dimension 64. */
  trainerCoreMicroseconds: z.strictObject({
    base: z.number().positive(),
    perThousandItems: z.number().positive(),
  }),
  /** Factor on the recommenders' time: other backbones, windows and objectives than the measured one. */
  trainerSpread: range,
  jobStartSeconds: range,
  endpointStartSeconds: range,
  /** What managed spot training costs, as a share of the on-demand price. */
  spotShare: range,
  /** Epochs after which early stopping usually ends a training. */
  expectedEpochs: z.number().positive(),
  /** Factor on the time of functions: rows and texts are longer or shorter than those that were measured. */
  functionSpread: range,
  /** Processor seconds of a million rows that are read and checked when they are uploaded. */
  parseSecondsPerMillion: z.number().positive(),
  /** Processor seconds of what rivals know of histories, and memory: whatever the log, and for a million interactions. */
  fitRivalsSeconds: z.strictObject({ base: z.number(), perMillion: z.number().positive() }),
  fitRivalsMegabytes: z.strictObject({
    base: z.number(),
    /** Of the rows that are looked at together. */
    perMillion: z.number().positive(),
    /** Tables of pairs, kept and written. */
    perThousandItems: z.number().positive(),
  }),
  /** Processor seconds of ranking held-out cases with all rivals: whatever the log, for a million interactions, for a thousand cases, and for each of them and a thousand items. */
  rankRivalsSeconds: z.strictObject({
    base: z.number(),
    perMillion: z.number().positive(),
    perThousandCases: z.number().positive(),
    perCaseAndThousandItems: z.number().positive(),
  }),
  /** Memory of the same: whatever the log, for a thousand cases, and for a thousand items. */
  rankRivalsMegabytes: z.strictObject({
    base: z.number(),
    perThousandCases: z.number().positive(),
    perThousandItems: z.number().positive(),
  }),
  /** Processor seconds of comparing all that were ranked: whatever the log, for a million interactions, and for a thousand held-out cases. */
  evaluateSeconds: z.strictObject({
    base: z.number(),
    perMillion: z.number().positive(),
    perThousandCases: z.number().positive(),
  }),
  /** Memory of the same: whatever the log, and for a thousand cases. */
  evaluateMegabytes: z.strictObject({ base: z.number(), perThousandCases: z.number().positive() }),
  /** A request of S3, one after the other. */
  requestSeconds: z.number().positive(),
  /** A list of a thousand objects, or their deletion. */
  pageSeconds: z.number().positive(),
  /** Memory of a thousand items of a vocabulary where ids are matched. */
  itemMegabytesPerThousand: z.number().positive(),
  /** A row of an upload, as JSON and as it is kept (compressed). */
  uploadedBytes: z.number().positive(),
  ingestedBytes: z.number().positive(),
  /** One function that has a whole processor (`npm run bench -- scale`). */
  buildSequencesSecondsPerMillion: z.number().positive(),
  /** Memory of that function: whatever the log, and for a million interactions. */
  buildSequencesMegabytes: z.strictObject({ base: z.number(), perMillion: z.number().positive() }),
  /** Memory of a training: whatever the data, for a million transitions without an environment's answers, and items of dimension 64. */
  trainerMegabytes: z.strictObject({
    base: z.number(),
    perMillionTransitions: z.number().positive(),
    perMillionItems: z.number().positive(),
  }),
  /** What an instance leaves to a training. */
  instanceMegabytes: z.record(z.string(), z.number().positive()),
});

export type ThroughputTable = z.infer<typeof throughputTable>;

/**
 * Checks the two files.
 *
 * @throws ConfigError that names each wrong key
 */
export function parsePrices(prices: unknown, throughput: unknown): Prices {
  return {
    prices: check(priceList, prices, 'config/prices.json'),
    throughput: check(throughputTable, throughput, 'config/throughput.json'),
  };
}

export interface Prices {
  readonly prices: PriceList;
  readonly throughput: ThroughputTable;
}

function check<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ConfigError(`${where} is not valid:\n${explain(result.error)}`);
}
