import type { PipelineConfig } from '#lib/contracts/config.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import { parametersInName } from './base-model.ts';
import { type CostEstimate, estimateCost } from './cost.ts';
import { costAtRest, type RestingCounts } from './cost-at-rest.ts';
import type { DataCounts } from './data-counts.ts';
import { monthOf } from './month.ts';
import type { Prices, Range } from './prices.ts';
import { scale, sum } from './range.ts';
import { checkLimits, refusalsOf } from './refusals.ts';
import { timeText } from './times.ts';
import { usdText } from './usd.ts';
import { usersOf, workUsd } from './work.ts';

export interface CostQuestion {
  readonly interactions: number;
  /** @default - a tenth of the interactions */
  readonly users?: number;
  readonly items: number;
  /** Interactions that a night finds new. @default - a hundredth */
  readonly newInteractions?: number;
  /** @default - what the name of `environment.baseModel` tells */
  readonly baseModelParameters?: number;
}

/**
 * The counts behind an estimate, from what a person knows beforehand.
 *
 * @throws ValidationError when the size of the base model cannot be told
 */
function countsOf(question: CostQuestion, config: PipelineConfig): DataCounts {
  const { baseModel } = config.environment;
  const baseModelParameters = question.baseModelParameters ?? parametersInName(baseModel);
  if (baseModelParameters === undefined) {
    throw new ValidationError(
      `The name of the base model "${baseModel}" does not tell its number of parameters. Give it with --parameters.`,
    );
  }
  return {
    interactions: question.interactions,
    ...(question.users !== undefined && { users: question.users }),
    items: question.items,
    // An upper bound: the first action of a user, and the ones held out, are not transitions.
    transitions: question.interactions,
    baseModelParameters,
  };
}

/**
 * What each step of a run does with that much data: requests, objects, bytes, time and memory beside what it may have, and
 * which steps would not end. Markdown.
 *
 * @throws ValidationError when the size of the base model cannot be told
 */
export function planTable(question: CostQuestion, config: PipelineConfig, tables: Prices): string {
  const counts = countsOf(question, config);
  const estimate = estimateCost(config, counts, tables);
  const refusals = refusalsOf(estimate);
  return [
    `A run on ${number(counts.interactions)} interactions of ${number(usersOf(counts))} users and ${number(counts.items)} items${learnedFrom(config)}:`,
    '',
    '| step | functions | S3 reads | S3 writes | objects | read | written | Lambda, S3 |',
    '|---|---:|---:|---:|---:|---:|---:|---:|',
    ...estimate.work.map(
      (work) =>
        `| ${work.step} | ${[work.calls, work.reads, work.writes, work.objects].map(number).join(' | ')} | ${bytes(work.bytesRead)} | ${bytes(work.bytesWritten)} | ${usdText(workUsd(work, tables))} |`,
    ),
    '',
    ...limitRows(estimate),
    '',
    ...(refusals.length === 0
      ? ['No step is refused.']
      : [
          'What its parts would take and cost if they could end:',
          '',
          ...partRows(estimate),
          '',
          `Refused: ${refusals.length === 1 ? 'one step' : `${refusals.length} limits`}, see below.`,
        ]),
  ].join('\n');
}

/**
 * What one run costs, part by part, what a month at rest does, and where the prices are from: Markdown.
 *
 * @throws TimeLimitError, MemoryLimitError, CountLimitError, ValidationError when there is too much data for the configuration, so that the run would not end
 */
export function costTable(
  question: CostQuestion,
  config: PipelineConfig,
  tables: Prices,
  deployed: DeployedCounts,
): string {
  const counts = countsOf(question, config);
  const estimate = estimateCost(config, counts, tables);
  checkLimits(estimate);
  const { prices, throughput } = tables;
  const perMillion = estimate.usd.expected / (counts.transitions / 1e6);
  return [
    `A run on ${number(counts.interactions)} interactions of ${number(counts.items)} items, in ${prices.region}${learnedFrom(config)}:`,
    '',
    ...partRows(estimate),
    '',
    `${usdText(perMillion)} per million transitions (expected). That is a first night.`,
    '',
    monthTable(question, counts, config, tables),
    '',
    restTable(restingCounts(counts, config, deployed), tables),
    '',
    `Prices as of ${prices.asOf}: ${prices.source}. ${prices.verified}`,
    `Speeds: ${throughput.source}`,
  ].join('\n');
}

/** What of a deployment costs money whether it runs or not. */
export type DeployedCounts = Pick<RestingCounts, 'alarmMetrics' | 'customMetrics' | 'polledQueues'>;

/** A row as it was uploaded and as it was ingested, both compressed (11 bytes each in `examples/movietweetings`). */
const bytesAnInteraction = 2 * 20;
/** An assumption: torch with CUDA, and TensorFlow for Node.js, each compressed. */
const imageGigabytes = 5 + 1;

function restingCounts(
  counts: DataCounts,
  { operations }: PipelineConfig,
  deployed: DeployedCounts,
): RestingCounts {
  // The base model and the environment that was fitted on it, two bytes a parameter.
  const modelBytes = 2 * 2 * counts.baseModelParameters;
  return {
    ...deployed,
    imageGigabytes,
    dataGigabytes: (modelBytes + bytesAnInteraction * counts.interactions) / 1e9,
    customerManagedKey: operations.customerManagedKey,
    provisionedConcurrency: operations.serving.provisionedConcurrency,
  };
}

/** What a month of nights costs by the schedule, kind by kind, as a Markdown table. */
function monthTable(
  { interactions, newInteractions = Math.ceil(interactions / 100) }: CostQuestion,
  counts: DataCounts,
  config: PipelineConfig,
  tables: Prices,
): string {
  const { schedule } = config.operations;
  const month = monthOf(config, counts, tables, newInteractions / Math.max(1, interactions));
  if (month === undefined) {
    return `How many nights ${schedule} (operations.schedule) are, this cannot tell.`;
  }
  const total = sum(month.map(({ nights, usd }) => scale(usd, nights)));
  const row = (what: string, nights: number, { low, expected, high }: Range, all: string) =>
    `| ${what} | ${nights.toFixed(1)} | ${[low, expected, high].map(usdText).join(' | ')} | ${all} |`;
  return [
    `| of the nights of a month (${schedule ?? 'no schedule'}), ${number(newInteractions)} new interactions each, one that | nights | low | expected | high | all of them |`,
    '|---|---:|---:|---:|---:|---:|',
    ...month.map(({ what, nights, usd }) => row(what, nights, usd, usdText(nights * usd.expected))),
    `| **All nights** | ${month.reduce((nights, kind) => nights + kind.nights, 0).toFixed(1)} | ${usdText(total.low)} | ${usdText(total.expected)} | ${usdText(total.high)} | **${usdText(total.expected)}** |`,
  ].join('\n');
}

/** What the pipeline costs in a month in which nothing runs, as a Markdown table. */
function restTable(counts: RestingCounts, tables: Prices): string {
  const parts = costAtRest(counts, tables);
  const total = parts.reduce((usd, part) => usd + part.usd, 0);
  return [
    '| a month in which nothing runs | USD |',
    '|---|---:|',
    ...parts.map(({ part, usd }) => `| ${part} | ${usdText(usd)} |`),
    `| **Total** | **${usdText(total)}** |`,
  ].join('\n');
}

function partRows({ parts, usd }: CostEstimate): string[] {
  const row = (name: string, takes: string, range: CostEstimate['usd']) =>
    `| ${name} | ${takes} | ${usdText(range.low)} | ${usdText(range.expected)} | ${usdText(range.high)} |`;
  return [
    '| part | takes | low | expected | high |',
    '|---|---:|---:|---:|---:|',
    ...parts.map((part) => row(part.part, takenBy(part), part.usd)),
    row('**Total**', '', usd),
  ];
}

/** Time of instances, or what functions are paid by. */
function takenBy({ kind, seconds: { expected } }: CostEstimate['parts'][number]): string {
  if (kind === 'requests' || kind === 'storage') return '';
  const isFunction = kind === 'functions' || kind === 'waiting';
  return isFunction ? `${number(Math.ceil(expected))} GB-s` : timeText(expected);
}

/** What each step takes beside what it may take. */
function limitRows({ times, memory, counts }: CostEstimate): string[] {
  return [
    '| step | takes | may take | |',
    '|---|---:|---:|---|',
    ...times.map(
      ({ step, expectedSeconds, limitSeconds }) =>
        `| ${step} | ${timeText(expectedSeconds)} | ${timeText(limitSeconds)} |${expectedSeconds > limitSeconds ? refused : ' |'}`,
    ),
    ...memory.map(
      ({ step, expectedMegabytes, limitMegabytes }) =>
        `| ${step}, memory | ${number(expectedMegabytes)} MB | ${number(limitMegabytes)} MB |${expectedMegabytes > limitMegabytes ? refused : ' |'}`,
    ),
    ...counts.map(
      ({ step, what, expected, limit }) =>
        `| ${step}, ${what} | ${number(expected)} | ${number(limit)} |${expected > limit ? refused : ' |'}`,
    ),
  ];
}

const refused = ' **refused** |';

/** `1.2 GB`. */
function bytes(count: number): string {
  if (count < 1) return '0';
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const unit = Math.max(
    0,
    Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, count)) / 3)),
  );
  const value = count / 1000 ** unit;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

const number = (value: number) => value.toLocaleString('en-US');

function learnedFrom({ sequences }: PipelineConfig): string {
  const { maximumInteractions, historyDays } = sequences;
  const limits = [
    ...(maximumInteractions === null ? [] : [`the newest ${number(maximumInteractions)}`]),
    ...(historyDays === null
      ? []
      : [`those of ${number(historyDays)} days, which this does not know the number of`]),
  ];
  return limits.length === 0 ? '' : `, learned from: ${limits.join(' and ')}`;
}
