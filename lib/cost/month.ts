import type { PipelineConfig } from '#lib/contracts/config.ts';
import { usesEnvironment } from '#lib/contracts/needs.ts';
import { type CostEstimate, estimateCost } from './cost.ts';
import type { DataCounts } from './data-counts.ts';
import type { Prices, Range } from './prices.ts';
import { exactly } from './range.ts';
import { changedShare, firstNight, type NightReuse } from './reuse.ts';
import { nightsAMonth } from './schedule.ts';

/** What a kind of night does. */
interface NightKind {
  /** All models, or one that is renewed. */
  readonly trains: 'all' | 'one';
  /** Undefined where no model that is trained uses it. */
  readonly environment: 'fitted' | 'kept' | undefined;
}

/** Nights of one kind in a month. */
export interface NightsOfMonth {
  readonly what: string;
  readonly nights: number;
  /** Of one of them, USD. */
  readonly usd: Range;
}

/** Years over which nights are played through, so that a month is that of the long run. */
const years = 2;
const daysOfMonth = 365.25 / 12;

/**
 * The nights of a month by the configuration's schedule, when each finds a share of new interactions: which models it trains
 * (`promotion.renewalGrowth`, `promotion.renewalDays`) and what it does about the environment (`environment.maximumAgeDays`). Which
 * model is renewed is not known beforehand: the dearest one is expected. The very first night is no part of it.
 *
 * @param newShare of the interactions, a night; 0 for nights that find nothing new and end at once
 * @returns undefined where the schedule cannot be read
 */
export function monthOf(
  config: PipelineConfig,
  counts: DataCounts,
  tables: Prices,
  newShare: number,
): NightsOfMonth[] | undefined {
  const nights = nightsAMonth(config.operations.schedule);
  if (nights === undefined) return undefined;
  const idle = { what: 'finds nothing new', nights: 0, usd: exactly(idleUsd(tables)) };
  if (newShare === 0) return [{ ...idle, nights }];
  const kinds = new Map<string, NightKind & { count: number }>();
  const played = Math.round(nights * 12 * years);
  for (const kind of playThrough(config, played, daysOfMonth / nights, newShare)) {
    const key = describe(kind);
    kinds.set(key, { ...kind, count: (kinds.get(key)?.count ?? 0) + 1 });
  }
  const priced = [...kinds].map(([what, { count, ...kind }]) => ({
    what,
    nights: (count / played) * nights,
    usd: usdOf(config, counts, tables, newShare, kind),
  }));
  return [...priced.sort((a, b) => b.usd.expected - a.usd.expected), idle];
}

/** Nights after the first one, as `planRenewal` and `chooseEnvironment` decide them. */
function* playThrough(
  config: PipelineConfig,
  nights: number,
  daysApart: number,
  newShare: number,
): Generator<NightKind> {
  const { renewalGrowth, renewalDays } = config.promotion;
  const { maximumAgeDays } = config.environment;
  const { models } = config.training;
  const isRenewable = renewalGrowth > 0;
  let full = 0;
  let fitted = 0;
  for (let night = 1; night <= nights; night++) {
    const day = night * daysApart;
    const sinceFull = (day - full) / daysApart;
    const renews = isRenewable && sinceFull * newShare <= renewalGrowth && day - full < renewalDays;
    const trained = renews ? [dearest(config)] : models;
    if (!renews) full = day;
    if (!usesEnvironment(withModels(config, trained))) {
      yield { trains: renews ? 'one' : 'all', environment: undefined };
      continue;
    }
    // It is fitted some time after its night has begun.
    const isKept = day - fitted <= maximumAgeDays;
    if (!isKept) fitted = day;
    yield { trains: renews ? 'one' : 'all', environment: isKept ? 'kept' : 'fitted' };
  }
}

type Models = PipelineConfig['training']['models'];

const withModels = (config: PipelineConfig, models: Models): PipelineConfig => ({
  ...config,
  training: { ...config.training, models },
});

/** The model that a renewal is taken to be of: one that uses the environment, if there is one. */
const dearest = (config: PipelineConfig): Models[number] =>
  config.training.models.find((model) => usesEnvironment(withModels(config, [model]))) ??
  config.training.models[0]!;

function describe({ trains, environment }: NightKind): string {
  const models = trains === 'all' ? 'trains all models' : 'renews one model';
  if (environment === undefined) return models;
  return `${models}, ${environment === 'kept' ? 'asks about changed rows' : 'fits the environment'}`;
}

function usdOf(
  config: PipelineConfig,
  counts: DataCounts,
  tables: Prices,
  newShare: number,
  { trains, environment }: NightKind,
): Range {
  const reuse: NightReuse = {
    newShare,
    environmentIsFitted: environment === 'kept',
    asked: environment === 'kept' ? changedShare(newShare, counts) : firstNight.asked,
    // Nights that train all begin from nothing, unless every night does.
    beginsWarm: trains === 'one' || config.promotion.renewalGrowth === 0,
  };
  const usd = (models: Models) =>
    estimateCost(withModels(config, models), counts, tables, reuse).usd;
  if (trains === 'all') return usd(config.training.models);
  const each: CostEstimate['usd'][] = config.training.models.map((model) => usd([model]));
  return {
    low: Math.min(...each.map(({ low }) => low)),
    expected: Math.max(...each.map(({ expected }) => expected)),
    high: Math.max(...each.map(({ high }) => high)),
  };
}

/** A night that ends after its first states: two lists of what there is, a look at the last run, and its status. */
function idleUsd({ prices }: Prices): number {
  return (
    (10 / 1000) * prices.stepFunctionsThousandTransitions +
    (10 / 1000) * prices.s3ThousandWrites +
    (30 / 1000) * prices.s3ThousandReads +
    3 * prices.lambdaGbSecond
  );
}
