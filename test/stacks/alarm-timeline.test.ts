import { describe, expect, it } from 'vitest';
import { ringing, type Series, type TimedAlarm } from './alarm-timeline.ts';
import { synthesise } from './synthesis.ts';

const alarms = new Map(
  Object.values(synthesise().template('monitoring').findResources('AWS::CloudWatch::Alarm')).map(
    ({ Properties }) => [Properties.AlarmName as string, Properties as TimedAlarm],
  ),
);
const alarm = (name: string) => alarms.get(`lea-dev-${name}`)!;

/** Periods in which nothing was deployed yet, in which nobody reported anything. */
const earlier = 40;
const never = (periods: number): Series => Array(earlier + periods).fill(undefined);
/** From the deployment on. */
const since = (...values: Series): Series => [...never(0), ...values];
const always = (periods: number, value: number): Series => since(...Array(periods).fill(value));

/** How many periods after the deployment an alarm rings for the first time; undefined if it never does. */
function firstRing(name: string, reported: Readonly<Record<string, Series>>): number | undefined {
  const rings = ringing(alarm(name), reported);
  expect(rings.slice(0, earlier), `${name}, before the deployment`).not.toContain(true);
  const at = rings.indexOf(true);
  return at < 0 ? undefined : at - earlier + 1;
}

describe('An alarm for what does not happen, period by period from the first deployment on', () => {
  it('no-recent-success: rings 36 hours after the deployment, not before, if no run succeeds', () => {
    expect(
      firstRing('no-recent-success', {
        Invocations: always(10, 6),
        ExecutionsSucceeded: never(10),
      }),
    ).toBe(6);
  });

  it('no-recent-success: is quiet with a success a day, and rings 36 hours after the last one', () => {
    // Arrange: periods of six hours; a success in the second, and every fourth after it.
    const nightly = Array.from({ length: 20 }, (_, at) => (at % 4 === 1 ? 1 : undefined));
    const ended = nightly.map((value, at) => (at < 6 ? value : undefined));
    const Invocations = always(20, 6);
    // Assess
    expect(
      firstRing('no-recent-success', { Invocations, ExecutionsSucceeded: since(...nightly) }),
    ).toBeUndefined();
    expect(
      firstRing('no-recent-success', { Invocations, ExecutionsSucceeded: since(...ended) }),
    ).toBe(12);
  });

  it('no-new-data: rings after two days without a log', () => {
    const Invocations = always(12, 6);

    expect(firstRing('no-new-data', { Invocations, InteractionsTaken: never(12) })).toBe(8);
    expect(
      firstRing('no-new-data', { Invocations, InteractionsTaken: since(...Array(12).fill(1)) }),
    ).toBeUndefined();
  });

  it('batch-missing: rings when lists are missing for six hours, and when nobody looks', () => {
    const Invocations = always(10, 1);
    const late = since(0, 0, 1, 1, 1, 1, 1, 1, 1, 1);

    expect(
      firstRing('batch-missing', { Invocations, BatchMissing: always(10, 0) }),
    ).toBeUndefined();
    expect(firstRing('batch-missing', { Invocations, BatchMissing: late })).toBe(8);
    expect(firstRing('batch-missing', { Invocations, BatchMissing: never(10) })).toBe(6);
  });

  it('uploads-failed: rings with the first upload that fails, though the other function never said anything', () => {
    const reported = { unreadable: never(3), unusable: since(undefined, 1, undefined) };

    expect(ringing(alarm('uploads-failed'), reported).slice(-3)).toStrictEqual([
      false,
      true,
      false,
    ]);
  });

  it('many-rows-quarantined: rings with the share, and says nothing where nothing was read', () => {
    const reported = {
      RowsRead: since(100, undefined, 100),
      RowsQuarantined: since(4, undefined, 6),
    };

    expect(ringing(alarm('many-rows-quarantined'), reported).slice(-3)).toStrictEqual([
      false,
      false,
      true,
    ]);
  });
});
