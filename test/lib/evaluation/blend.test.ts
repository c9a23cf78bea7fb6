import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BlendInput, type Component, rankBlends } from '#lib/evaluation/blend.ts';
import { collectChoices, fitBlends, fitSettings } from '#lib/evaluation/fit-blend.ts';
import { planCounting } from '#lib/popularity/as-of.ts';
import { randomStream } from '#lib/recommender/random.ts';
import { type EvaluationCases, takenBefore } from '#lib/sequences/evaluation-cases.ts';
import { type InteractionEvents, sortEvents } from '#lib/sequences/interaction-events.ts';
import { casesOf, type PlainCase } from '../sequences/cases.ts';

const items = 12;
const day = 86_400;

interface World {
  readonly cases: EvaluationCases;
  readonly events: InteractionEvents;
}

/** Requests of several users, baskets among them, and actions before, between and after them. */
function worldOf(seed: number, size = items, requests = 12): World {
  const random = randomStream(seed, 'blend-world');
  const plain: PlainCase[] = [];
  for (let request = 0; request < requests; request++) {
    const time = day + random.integer(20) * 3600;
    const history = Array.from({ length: random.integer(4) }, () => 1 + random.integer(size));
    const earlier = random.uniform() < 0.3 && !history.includes(1) ? [1] : [];
    const basket = 1 + random.integer(2);
    for (let one = 0; one < basket; one++) {
      plain.push({
        user: `u${request % 5}`,
        history,
        earlier,
        target: 1 + random.integer(size),
        time,
        request,
      });
    }
  }
  const count = 60;
  const events = sortEvents({
    items: Int32Array.from({ length: count }, () => 1 + Math.floor(random.uniform() ** 2 * size)),
    times: Float64Array.from({ length: count }, () => random.integer(48) * 3600),
    isHeldOut: new Uint8Array(count),
  });
  return { cases: casesOf(plain), events };
}

/** Some score for each item and case; the same for the cases of a request. */
const component = ({ requests }: EvaluationCases): Component => ({
  name: 'some',
  write(index, scores) {
    for (let item = 1; item < scores.length; item++) {
      scores[item] = ((item * 7 + requests[index]! * 5) % 11) / 4;
    }
  },
});

function inputOf({ cases, events }: World, excludeHistory: boolean, size = items): BlendInput {
  return {
    cases,
    counting: planCounting(events, cases.times, 'request', 'global-time'),
    items: size,
    excludeHistory,
    components: [component(cases)],
    counts: { halfLives: [day / 2, Number.POSITIVE_INFINITY], epsilon: 0.5 },
  };
}

/** The list of a case, sorted in full. */
function plainList(input: BlendInput, events: InteractionEvents, index: number, weights: number[]) {
  const { cases } = input;
  const time = cases.times[index]!;
  const own = new Float64Array(input.items + 1);
  input.components[0]!.write(index, own);
  const score = (item: number) =>
    input.counts.halfLives.reduce((sum, halfLife, which) => {
      const count = events.items.reduce(
        (total, other, at) =>
          other === item && events.times[at]! < time
            ? total + 2 ** -((time - events.times[at]!) / halfLife)
            : total,
        0,
      );
      return sum + weights[1 + which]! * Math.log(count + 0.5);
    }, weights[0]! * own[item]!);
  const taken = input.excludeHistory ? takenBefore(cases, index) : new Set();
  return Array.from({ length: input.items }, (_, place) => place + 1)
    .filter((item) => !taken.has(item))
    .map((item) => ({ item, score: score(item) }))
    .sort((a, b) => b.score - a.score || a.item - b.item);
}

describe('Function: rankBlends', () => {
  it('gives the places and first items of lists that are sorted in full', () => {
    fc.assert(
      fc.property(fc.nat(), fc.boolean(), (seed, excludeHistory) => {
        // Arrange
        const world = worldOf(seed);
        const input = inputOf(world, excludeHistory);
        const weights = [0.7, 0.61, 0.43];

        // Act
        const [ranked] = rankBlends(input, [() => Float64Array.from(weights)], 3);

        // Assess
        world.cases.users.forEach((_, index) => {
          const list = plainList(input, world.events, index, weights);
          const place = list.findIndex(({ item }) => item === world.cases.targets[index]) + 1;
          // Scores are sums in another order, so those of a near tie may change places.
          const tied = list.filter(
            ({ score }) => place > 0 && Math.abs(score - list[place - 1]!.score) < 1e-9,
          ).length;
          expect(Math.abs(ranked!.ranks[index]! - place)).toBeLessThan(Math.max(1, tied));
          const shown = [...ranked!.lists.subarray(index * 3, index * 3 + 3)];
          expect(shown.map((item) => list.find((one) => one.item === item)!.score)).toEqual(
            list.slice(0, 3).map(({ score }) => expect.closeTo(score, 9)),
          );
        });
      }),
      { numRuns: 40 },
    );
  });

  it('with a component of weight 0 and all time is popularity', () => {
    // Arrange: everything happened before the requests.
    const world = worldOf(3);
    const early = { ...world.events, times: world.events.times.map((time) => time / 100) };
    const counts = new Int32Array(items + 1);
    for (const item of early.items) counts[item]!++;
    const byCount = Array.from({ length: items }, (_, place) => place + 1).sort(
      (a, b) => counts[b]! - counts[a]! || a - b,
    );

    // Act
    const [ranked] = rankBlends(inputOf({ ...world, events: early }, false), [
      () => Float64Array.of(0, 0, 1),
    ]);

    // Assess
    expect([...ranked!.ranks]).toEqual(
      Array.from(world.cases.targets, (target) => byCount.indexOf(target) + 1),
    );
  });

  it('counts neither the request itself nor its basket nor anything later', () => {
    // Arrange: item 2 is taken at the time of the request and after it, item 3 before it.
    const time = 10 * day;
    const cases = casesOf([
      { user: 'u', history: [1], target: 2, time, request: 0 },
      { user: 'u', history: [1], target: 4, time, request: 0 },
    ]);
    const events = {
      items: Int32Array.of(3, 2, 2, 4, 2),
      times: Float64Array.of(time - 1, time, time, time, time + 1),
      isHeldOut: new Uint8Array(5),
    };

    // Act
    const [ranked] = rankBlends(inputOf({ cases, events }, true), [() => Float64Array.of(0, 1, 1)]);

    // Assess: item 3 first, then those that nobody took, by index.
    expect([...ranked!.ranks]).toEqual([2, 3]);
    expect([...ranked!.lists.subarray(0, 3)]).toEqual([3, 2, 4]);
  });
});

describe('Function: fitBlends', () => {
  /** Requests whose actions are drawn from the softmax of 1.2 x the component. */
  function drawnWorld(size: number, requests: number): World {
    const random = randomStream(2, 'drawn', size);
    const plain = Array.from({ length: requests }, (_, request): PlainCase => {
      const scores = new Float64Array(size + 1);
      component(casesOf([{ history: [], target: 1, request }])).write(0, scores);
      const masses = scores.map((score, item) => (item === 0 ? 0 : Math.exp(1.2 * score)));
      let left = random.uniform() * masses.reduce((sum, mass) => sum + mass, 0);
      const target = masses.findIndex((mass) => {
        left -= mass;
        return left < 0;
      });
      return { user: `u${request}`, history: [], target, time: day, request };
    });
    const none = {
      items: new Int32Array(0),
      times: new Float64Array(0),
      isHeldOut: new Uint8Array(0),
    };
    return { cases: casesOf(plain), events: none };
  }

  it('finds the weight that actions were drawn with', () => {
    // Arrange
    const input = inputOf(drawnWorld(40, 3000), false, 40);

    // Act
    const [all] = fitBlends(input, [[0]], { ...fitSettings, candidates: 40 });
    const [head] = fitBlends(input, [[0]], { ...fitSettings, candidates: 15 });

    // Assess
    expect(Math.abs(all!.weights[0]! - 1.2)).toBeLessThan(0.1);
    expect(Math.abs(head!.weights[0]! - 1.2)).toBeLessThan(0.15);
  });

  it('judges nobody with weights that learned from him', () => {
    // Arrange: the users of one half change their minds.
    const world = worldOf(1, items, 200);
    const [before] = fitBlends(inputOf(world, false), [[0, 2]]);
    const own = 'u0';
    const isSame = (user: string) =>
      before!.weightsFor(user).every((weight, k) => weight === before!.weightsFor(own)[k]);
    const targets = world.cases.targets.map((target, index) =>
      isSame(world.cases.users[index]!) ? 1 + (target % items) : target,
    );

    // Act
    const [after] = fitBlends(inputOf({ ...world, cases: { ...world.cases, targets } }, false), [
      [0, 2],
    ]);

    // Assess
    const users = [...new Set(world.cases.users)];
    expect(users.some((user) => !isSame(user))).toBe(true);
    expect(after!.weightsFor(own)).toEqual(before!.weightsFor(own));
    expect(after!.weights).not.toEqual(before!.weights);
  });

  it('takes users whole, and no more requests than it may', () => {
    // Arrange
    const world = worldOf(5, items, 60); // 12 requests per user

    // Act
    const { users } = collectChoices(inputOf(world, false), {
      ...fitSettings,
      maximumRequests: 30,
    });

    // Assess
    const numbers = new Map<string, number>();
    for (const user of users) numbers.set(user, (numbers.get(user) ?? 0) + 1);
    expect([...numbers.values()]).toEqual([12, 12]);
  });

  it('takes the first items of each row that the list may hold for candidates', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        // Arrange
        const world = worldOf(seed);
        const input = inputOf(world, true);

        // Act
        const { choices } = collectChoices(input, { ...fitSettings, candidates: 2 });

        // Assess: of each request with a hit, every row put two forward, those of its highest numbers.
        const rows = choices.features;
        for (let set = 0; set + 1 < choices.offsets.length; set++) {
          const [begin, end] = [choices.offsets[set]!, choices.offsets[set + 1]!];
          const members = Array.from({ length: end - begin }, (_, at) => begin + at);
          for (let k = 0; k < rows; k++) {
            const by = members.filter((row) => choices.proposers[row]! & (1 << k));
            const lowest = Math.min(...by.map((row) => choices.values[row * rows + k]!));
            const others = members.filter((row) => !by.includes(row));
            expect(by.length).toBe(2);
            expect(others.every((row) => choices.values[row * rows + k]! <= lowest)).toBe(true);
          }
          const shares = members.reduce((sum, row) => sum + choices.chosen[row]!, 0);
          expect(shares).toBeGreaterThan(0);
          expect(shares).toBeLessThanOrEqual(1 + 1e-6);
        }
      }),
      { numRuns: 30 },
    );
  });
});
