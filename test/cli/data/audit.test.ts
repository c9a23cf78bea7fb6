import { describe, expect, it } from 'vitest';
import { auditData, describeAudit } from '#cli/data/audit.ts';
import { sequencesConfig } from '#lib/contracts/config/sequences.ts';
import { buildSequences } from '#lib/sequences/build.ts';
import { InteractionLog } from '#lib/sequences/interaction-log.ts';

interface Row {
  readonly user: string;
  readonly item: string;
  readonly time: number;
}

function audited(rows: readonly Row[], settings: Record<string, unknown> = {}) {
  const log = new InteractionLog({ eventRewards: {}, defaultReward: 1 });
  const part = log.part('file');
  rows.forEach(({ user, item, time }, line) => {
    log.add({ user_id: user, item_id: item, timestamp: time, event_type: null, line }, part);
  });
  const built = buildSequences(
    log,
    sequencesConfig.parse({
      split: 'leave-one-out',
      minimumUserInteractions: 1,
      minimumItemInteractions: 1,
      baskets: 'off',
      ...settings,
    }),
  );
  return auditData(built);
}

/** 40 users, six actions each; `last` says the item and time of the last one. */
const rowsOf = (last: (user: number) => { readonly item: string; readonly time: number }) =>
  Array.from({ length: 40 }, (_, user) => [
    ...Array.from({ length: 5 }, (_, step) => ({
      user: `u${user}`,
      item: `i${(user + step) % 10}`,
      time: 1000 * user + 10 * step,
    })),
    { user: `u${user}`, ...last(user) },
  ]).flat();

describe('Function: auditData', () => {
  it('counts ties of the last action with the one before', () => {
    const { tied } = audited(
      rowsOf((user) => ({ item: 'i99', time: 1000 * user + (user < 10 ? 40 : 50) })),
    );

    expect(tied).toBeCloseTo(0.25, 12);
  });

  it('counts test cases on items without a training action', () => {
    const { cold, drift } = audited(
      rowsOf((user) => ({
        item: user < 30 ? 'new' : `i${(user + 7) % 10}`,
        time: 1000 * user + 50,
      })),
    );

    expect(cold).toBeCloseTo(0.75, 12);
    expect(drift).toBeGreaterThan(0.7);
  });

  it('counts returns to the history, and sees no drift where there is none', () => {
    const { repeatedTargets, drift, driftByChance } = audited(
      rowsOf((user) => ({ item: `i${(user + (user < 20 ? 1 : 7)) % 10}`, time: 1000 * user + 50 })),
      { excludeHistory: false },
    );

    expect(repeatedTargets).toBeCloseTo(0.5, 12);
    expect(drift).toBeLessThan(0.1);
    expect(driftByChance).toBeLessThan(0.4);
  });

  it('says what follows', () => {
    const lines = describeAudit({
      tied: 0.4,
      cold: 0.3,
      repeats: 0.1,
      repeatedTargets: 0.2,
      drift: 0.6,
      driftByChance: 0.1,
    });

    expect(lines).toEqual([
      expect.stringContaining('sequences.ties "shuffled"'),
      expect.stringContaining('30.0 % of the test cases'),
      expect.stringContaining('20.0 % of the test cases return'),
      expect.stringContaining('recent popularity is a rival to beat'),
    ]);
  });
});
