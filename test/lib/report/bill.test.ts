import { describe, expect, it } from 'vitest';
import { billSection } from '#lib/report/sections/bill.ts';
import { reportOf } from './reports.ts';

const cellsOf = (page: string) =>
  [...page.matchAll(/<tr><th scope="row"[^>]*>(.*?)<\/th>(.*?)<\/tr>/g)].map(([, head, row]) => [
    head,
    ...[...row!.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell]) => cell),
  ]);

describe('Function: billSection', () => {
  it('shows what was used and paid beside what was expected, and what nobody measures as estimated', () => {
    expect(cellsOf(billSection(reportOf().bill)!.text)).toStrictEqual([
      [
        'Fit the environment (ml.g5.xlarge)',
        '1 min 52 s of ml.g5.xlarge',
        '$0.04',
        '$0.07',
        '$0.36',
      ],
      ['Orchestrate (Step Functions, S3 requests)', 'as estimated', '$0.03', '$0.03', '$0.03'],
      ['Total', '', '$0.07', '$0.10', '$0.39'],
    ]);
  });

  it('shows what functions took, what was not used, and what nobody expected', () => {
    const [first] = reportOf().bill;
    const unused = { ...first!, instances: [], isMeasured: true };

    const rows = cellsOf(
      billSection([
        { ...unused, gbSeconds: 12.3 },
        { ...unused, estimate: undefined },
      ])!.text,
    );

    expect(rows[0]![1]).toBe('13 GB-s');
    expect(rows[1]!.slice(1)).toStrictEqual(['nothing', '$0.04', '', '']);
    expect(rows[2]!.slice(3)).toStrictEqual(['$0.07', '$0.36']);
  });

  it('has no total where an instance has no price, and nothing where there is no estimate', () => {
    const [first, second] = reportOf().bill;
    const rows = cellsOf(billSection([{ ...first!, usd: undefined }, second!])!.text);

    expect(rows[0]![2]).toBe('no price');
    expect(rows[2]![2]).toBe('not known');
    expect(billSection([])).toBeUndefined();
  });
});
