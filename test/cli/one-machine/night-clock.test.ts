import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeLeft, NightClock } from '#cli/one-machine/night-clock.ts';

/** Stages of a night in seconds: the second in two parts, the last two without a word of how far they are. */
const usual = {
  build: 2,
  'fit/items': 32,
  'fit/people': 28,
  ask: 27,
  train: 125,
  rank: 14,
  last: 12,
};

/** Goes through a night of such stages, and looks at each tenth of each stage what is said to be left and what is. */
function replay(clock: (now: () => number) => NightClock, real: Readonly<Record<string, number>>) {
  let seconds = 0;
  const running = clock(() => seconds * 1000);
  const all = Object.values(real).reduce((sum, one) => sum + one, 0);
  const looks: { share: number; left: number; said: number | undefined }[] = [];
  let state = '';
  for (const [stage, takes] of Object.entries(real)) {
    const [name = '', part] = stage.split('/');
    if (name !== state) {
      if (state !== '') running.leave();
      running.enter(name);
      state = name;
    }
    running.at(0, part);
    for (let tenth = 1; tenth <= 10; tenth++) {
      seconds += takes / 10;
      running.at(tenth / 10, part);
      looks.push({ share: seconds / all, left: all - seconds, said: running.left() });
    }
  }
  running.leave();
  return { looks, took: running.took };
}

const scaled = (by: number) =>
  Object.fromEntries(Object.entries(usual).map(([stage, seconds]) => [stage, seconds * by]));

describe('Class: NightClock', () => {
  it('says exactly what is left of a night as usual, on however fast a machine', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.25, max: 50, noNaN: true }), (by) => {
        const { looks } = replay((now) => new NightClock(usual, now), scaled(by));

        for (const { left, said } of looks) {
          if (said !== undefined) expect(said).toBeCloseTo(left, 3);
        }
        expect(looks.filter(({ said }) => said === undefined).length).toBeLessThan(15);
      }),
    );
  });

  it('does not take this machine for slow because of a stage that nobody expected', () => {
    const plan = { ...usual, 'fit/items': 0 };
    const { looks } = replay((now) => new NightClock(plan, now), usual);

    const after = looks.filter(({ left }) => left < usual.ask + usual.train + usual.rank);
    expect(after.length).toBeGreaterThan(20);
    for (const { left, said } of after) expect(said).toBeCloseTo(left, 3);
  });

  it('says nothing before it knows how fast this machine is', () => {
    const { looks } = replay((now) => new NightClock(usual, now), scaled(2));

    expect(looks[0]!.said).toBeUndefined();
  });

  it('comes near to what is left where data make stages longer or shorter than usual', () => {
    // Retail orders: more to ask and to count, on a machine half as fast.
    const real = { ...scaled(2), ask: 120, train: 400 };
    const { looks } = replay((now) => new NightClock(usual, now), real);

    for (const { share, left, said } of looks) {
      if (share > 0.3 && left > 60) expect(Math.abs(said! - left) / left).toBeLessThan(0.5);
    }
  });

  it('goes by what the night before took', () => {
    const before = { ...usual, 'fit/items': 0, 'fit/people': 0, ask: 0, train: 30 };
    const real = { build: 20, train: 300, rank: 140, last: 120 };
    const { looks, took } = replay((now) => new NightClock(before, now), real);

    const halfway = looks.find(({ share }) => share > 0.5)!;
    expect(halfway.said).toBeCloseTo(halfway.left, 3);
    expect(took).toEqual({
      build: expect.closeTo(20),
      train: expect.closeTo(300),
      rank: expect.closeTo(140),
      last: expect.closeTo(120),
    });
  });

  it('does not take what was done before an interruption for speed', () => {
    let seconds = 0;
    const clock = new NightClock(usual, () => seconds * 1000);
    // Over at once, for they had ended before.
    for (const state of ['build', 'fit', 'ask']) {
      clock.enter(state);
      seconds += 0.1;
      clock.leave();
    }
    clock.enter('train');
    clock.at(0.6);
    seconds += 50;
    clock.at(0.8);

    // A fifth took 50 s, which is twice as long as usual.
    expect(clock.left()).toBeCloseTo(50 + 2 * (14 + 12), 3);
  });
});

describe('Function: describeLeft', () => {
  it.each([
    [3, 'about 10 s left'],
    [44, 'about 40 s left'],
    [89, 'about 90 s left'],
    [100, 'about 2 min left'],
    [3000, 'about 50 min left'],
    [9000, 'about 2.5 h left'],
  ])('says %d seconds as %s', (seconds, said) => {
    expect(describeLeft(seconds)).toBe(said);
  });
});
