import type { Impression, VariantName } from '#lib/contracts/impression.ts';
import { hash32 } from '#lib/sequences/hash32.ts';
import {
  type ClusterSums,
  differenceOfRatios,
  ratioOf,
  type WithInterval,
} from './cluster-ratio.ts';

/*
 * What came of lists that were shown. An item of a list counts as taken because of it if the log says so by the list's
 * `recommendation_id`, or, in a log without ids, if the user took it within a window after he was shown it (of several lists
 * with the item, the newest counts).
 */

export interface AttributionOptions {
  /** The comparison whose lists count; null counts those shown while nothing was compared. */
  readonly experiment: string | null;
  /** Seconds after a list within which an item counts as taken because of it. */
  readonly window: number;
  /** Lists in memory; of more, those of a share of users count, the same share of either variant. @default 1_000_000 */
  readonly most?: number;
}

/** What somebody did, as a log has it. */
export interface TakenItem {
  readonly user_id: string;
  readonly item_id: string;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly recommendation_id?: string;
}

/** What came of the lists of one variant. */
export interface VariantOutcome {
  readonly variant: VariantName;
  /** Who answered, the model that did most often first: `name of run run`. */
  readonly models: readonly string[];
  readonly impressions: number;
  /** Users, and requests without one. */
  readonly users: number;
  /** Lists after which something was taken, whether it was in them or not. */
  readonly answered: number;
  /** Lists of which something was taken. */
  readonly taken: number;
  /** `taken / impressions`; its interval is null where too little is known. */
  readonly rate: WithInterval;
}

export interface Attribution {
  readonly experiment: string | null;
  /** How it is known what was taken because of what. */
  readonly by: 'recommendation_id' | 'user and item';
  /** Seconds; as in the options. */
  readonly window: number;
  /** The lists were shown between these times, Unix seconds. */
  readonly from: number;
  readonly to: number;
  /** Share of users that were looked at. */
  readonly share: number;
  readonly variants: readonly VariantOutcome[];
  /** Rate of the challenger minus that of the champion; null unless both showed lists, or where too little is known. */
  readonly difference: {
    readonly value: number;
    readonly low: number;
    readonly high: number;
  } | null;
}

interface Shown {
  readonly id: string;
  readonly user: string | null;
  readonly who: number;
  readonly variant: VariantName;
  readonly model: string;
  readonly time: number;
  readonly items: Int32Array;
  /** By `recommendation_id`, and by user and item. */
  answered: [boolean, boolean];
  taken: [boolean, boolean];
}

const hashRange = 2 ** 32;
const [byId, byUser] = [0, 1] as const;

/** Takes impressions, then the log, and says what came of them. */
export function createAttribution({ experiment, window, most = 1_000_000 }: AttributionOptions) {
  let share = 1;
  let shown = new Map<string, Shown>();
  let ofUser: Map<string, Shown[]> | undefined;
  const itemNumbers = new Map<string, number>();
  let newest = Number.NEGATIVE_INFINITY;

  function halve(): void {
    share /= 2;
    shown = new Map([...shown].filter(([, { who }]) => who < share * hashRange));
  }

  /** Lists by user, the oldest first. */
  function index(): Map<string, Shown[]> {
    const users = new Map<string, Shown[]>();
    for (const one of shown.values()) {
      if (one.user === null) continue;
      const known = users.get(one.user);
      if (known === undefined) users.set(one.user, [one]);
      else known.push(one);
    }
    for (const lists of users.values()) lists.sort((a, b) => a.time - b.time);
    return users;
  }

  const numberOf = (item: string): number => {
    const known = itemNumbers.get(item) ?? itemNumbers.size;
    if (known === itemNumbers.size) itemNumbers.set(item, known);
    return known;
  };

  return {
    /** Takes an impression; one that came before (Firehose delivers at least once) changes nothing. */
    addImpression(one: Impression): void {
      if (one.operation === 'similar' || one.experiment !== experiment) return;
      const who = hash32(one.user_id ?? one.recommendation_id, 11);
      if (who >= share * hashRange) return;
      shown.set(one.recommendation_id, {
        id: one.recommendation_id,
        user: one.user_id,
        who,
        variant: one.variant,
        model: `${one.model.name} of run ${one.model.run}`,
        time: one.time,
        items: Int32Array.from(one.items, numberOf),
        answered: [false, false],
        taken: [false, false],
      });
      if (shown.size > most) halve();
    },

    /** Takes an action of the log, in any order, once all impressions are there. */
    addAction({ user_id, item_id, timestamp, recommendation_id }: TakenItem): void {
      ofUser ??= index();
      newest = Math.max(newest, timestamp);
      const item = itemNumbers.get(item_id) ?? -1;
      const named = recommendation_id === undefined ? undefined : shown.get(recommendation_id);
      if (named !== undefined) {
        named.answered[byId] = true;
        if (named.items.includes(item)) named.taken[byId] = true;
      }
      let because: Shown | undefined;
      for (const list of ofUser.get(user_id) ?? []) {
        // Logs have whole seconds.
        if (timestamp < Math.floor(list.time) || timestamp > list.time + window) continue;
        list.answered[byUser] = true;
        if (list.items.includes(item)) because = list;
      }
      if (because !== undefined) because.taken[byUser] = true;
    },

    /** @returns undefined where nothing came back that any of the lists is known by */
    finish(): Attribution | undefined {
      // A list whose time is not over yet would count as refused.
      const over = [...shown.values()].filter(({ time }) => time + window <= newest);
      const how = [byId, byUser].find((way) => over.some(({ answered }) => answered[way]));
      if (how === undefined) return undefined;
      const counted = how === byId ? over : over.filter(({ user }) => user !== null);
      const times = counted.map(({ time }) => time);
      const variants = (['champion', 'challenger'] as const).flatMap((variant) => {
        const own = counted.filter((one) => one.variant === variant);
        return own.length === 0 ? [] : [{ variant, own, sums: sumByUser(own, how) }];
      });
      const [champion, challenger] = variants;
      return {
        experiment,
        by: how === byId ? 'recommendation_id' : 'user and item',
        window,
        from: times.reduce((a, b) => Math.min(a, b)),
        to: times.reduce((a, b) => Math.max(a, b)),
        share,
        variants: variants.map(({ variant, own, sums }) => ({
          variant,
          models: modelsOf(own),
          impressions: own.length,
          users: sums.cases.length,
          answered: own.filter(({ answered }) => answered[how]).length,
          taken: own.filter(({ taken }) => taken[how]).length,
          rate: ratioOf(sums),
        })),
        difference:
          challenger === undefined ? null : differenceOfRatios(challenger.sums, champion!.sums),
      };
    },
  };
}

/** Lists, and lists of which something was taken, of each user; a request without one is a user of its own. */
function sumByUser(lists: readonly Shown[], how: 0 | 1): ClusterSums {
  const numbers = new Map<string, number>();
  const cases: number[] = [];
  const hits: number[] = [];
  for (const { id, user, taken } of lists) {
    const who = user === null ? `request ${id}` : `user ${user}`;
    const number = numbers.get(who) ?? numbers.size;
    if (number === numbers.size) {
      numbers.set(who, number);
      cases.push(0);
      hits.push(0);
    }
    cases[number]! += 1;
    if (taken[how]) hits[number]! += 1;
  }
  return { cases: Float64Array.from(cases), hits: Float64Array.from(hits) };
}

function modelsOf(lists: readonly Shown[]): string[] {
  const counts = new Map<string, number>();
  for (const { model } of lists) counts.set(model, (counts.get(model) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a).map(([model]) => model);
}
