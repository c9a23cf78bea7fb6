import { describe, expect, it } from 'vitest';
import {
  EvidenceWriter,
  historyAt,
  historyComponent,
  unseenComponent,
} from '#lib/evaluation/rivals/evidence.ts';
import type { HistoryScorer } from '#lib/evaluation/rivals/history-scorer.ts';
import { casesOf } from '../../sequences/cases.ts';

/** Items 1 to 5, of which training saw four. */
const counts = Int32Array.of(8, 4, 0, 3, 1);
const floor = 5 / 4;
const shares = [0.5, 0.25, 0, 3 / 16, 1 / 16];

/** Speaks three times as much for the first item of a history as for the one after it. */
const scorer: HistoryScorer = {
  kind: 'item-knn',
  parameters: {},
  arrays: {},
  score({ items }, scores) {
    const [first] = items;
    if (first === undefined) return;
    scores.add(first, 3);
    scores.add(first + 1, 1);
  },
};
const historyOf = (...items: number[]) => ({
  items: Int32Array.from(items),
  times: Float64Array.from(items),
});
const closeTo = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 12));
const row = () => new Float64Array(6).fill(77);

describe('Class: EvidenceWriter', () => {
  const own = [0, 0.75, 0.25, 0, 0];

  it('writes the logarithm of shares, and of how much larger they are than in training', () => {
    const writer = new EvidenceWriter(counts);
    const rows = { evidence: row(), lift: row() };

    writer.write(scorer, historyOf(2), rows);

    expect([...rows.evidence.subarray(1)]).toEqual(
      closeTo(own.map((share) => Math.log(share + floor))),
    );
    expect([...rows.lift.subarray(1)]).toEqual(
      closeTo(own.map((share, at) => Math.log((share + floor) / (shares[at]! + floor)))),
    );
  });

  it('writes each scale alone as with the other, and nothing of the history before', () => {
    const writer = new EvidenceWriter(counts);
    const [evidence, lift, both] = [row(), row(), { evidence: row(), lift: row() }];

    writer.write(scorer, historyOf(4), both);
    writer.write(scorer, historyOf(2), { evidence });
    writer.write(scorer, historyOf(2), { lift });
    writer.write(scorer, historyOf(2), both);

    expect(both.evidence.subarray(1)).toEqual(evidence.subarray(1));
    expect(both.lift.subarray(1)).toEqual(lift.subarray(1));
  });

  it('says nothing against any item where the history says nothing', () => {
    const rows = { evidence: row(), lift: row() };
    const writer = new EvidenceWriter(counts);

    writer.write(scorer, historyOf(), rows);
    writer.write(scorer, historyOf(), {});

    expect([...rows.evidence.subarray(1)]).toEqual(closeTo(Array(5).fill(Math.log(floor))));
    expect([...rows.lift]).toEqual(Array(6).fill(0));
  });

  it('writes only what is said where that is asked for, and tells of which items', () => {
    const writer = new EvidenceWriter(counts);
    const rows = { evidence: row(), lift: row() };

    const said = writer.writeSaid(scorer, historyOf(2), rows);

    expect(said).toEqual([2, 3]);
    const whole = { evidence: row(), lift: row() };
    writer.write(scorer, historyOf(2), whole);
    for (const scale of ['evidence', 'lift'] as const) {
      expect([...rows[scale]]).toEqual(
        [...whole[scale]].map((value, item) => (item === 2 || item === 3 ? value : 77)),
      );
      expect(writer.unsaid(scale)[1]).toBe(whole[scale][1]);
      expect(writer.unsaid(scale)[5]).toBe(whole[scale][5]);
      expect(writer.unsaid(scale)).toHaveLength(6);
      expect(writer.unsaid(scale)).toBe(writer.unsaid(scale));
    }
  });

  it('takes a vocabulary of which training saw nothing', () => {
    const lift = row();

    new EvidenceWriter(new Int32Array(5)).write(scorer, historyOf(2), { lift });

    expect([...lift.subarray(1)]).toEqual(closeTo(own.map((share) => Math.log((share + 5) / 5))));
  });
});

describe('Function: historyComponent', () => {
  it('writes on one scale what the last items of a case say', () => {
    const cases = casesOf([
      { history: [5], target: 1 },
      { history: [1, 4, 2], target: 1 },
    ]);
    const writer = new EvidenceWriter(counts);
    const rows = { evidence: row(), lift: row() };
    writer.write(scorer, historyOf(4, 2), rows);

    for (const scale of ['evidence', 'lift'] as const) {
      const component = historyComponent(scorer, scale, counts, cases, 2);
      const written = row();
      component.write(1, written);
      expect(component.name).toBe('item-knn');
      expect(written.subarray(1)).toEqual(rows[scale].subarray(1));
    }
    const all = row();
    historyComponent(scorer, 'evidence', counts, cases).write(1, all);
    writer.write(scorer, historyOf(1, 4, 2), rows);
    expect(all.subarray(1)).toEqual(rows.evidence.subarray(1));
  });
});

describe('Function: historyAt', () => {
  const cases = casesOf([
    { history: [5, 3], historyTimes: [10, 20], target: 1 },
    { history: [1, 4, 2], historyTimes: [30, 40, 50], target: 1 },
  ]);

  it.each([
    [undefined, [1, 4, 2], [30, 40, 50]],
    [2, [4, 2], [40, 50]],
    [3, [1, 4, 2], [30, 40, 50]],
    [9, [1, 4, 2], [30, 40, 50]],
  ])('has the last items of a case, with a window of %s', (window, items, times) => {
    const view = historyAt(cases, 1, window);

    expect([[...view.items], [...view.times]]).toEqual([items, times]);
  });
});

describe('Function: unseenComponent', () => {
  it('marks the items of which training saw nothing, and those beyond', () => {
    const component = unseenComponent(counts);
    const scores = row();

    component.write(0, scores);

    expect([...scores]).toEqual([77, 0, 0, 1, 0, 0]);
    expect([component.name, component.ofOthers]).toEqual(['unseen', 1]);
  });
});
