import { type BilledPart, billedUsd } from '#lib/cost/bill.ts';
import { usdText } from '#lib/cost/usd.ts';
import { dataTable } from '../data-table.ts';
import { duration, whole } from '../format.ts';
import { type Html, html } from '../html.ts';

/** What the run has cost beside what it was estimated at; undefined where nothing is known of either. */
export function billSection(parts: readonly BilledPart[]): Html | undefined {
  if (parts.length === 0) return undefined;
  const total = billedUsd(parts);
  const estimated = (bound: 'expected' | 'high') =>
    parts.reduce((sum, { estimate }) => sum + (estimate?.[bound] ?? 0), 0);
  const number = { isNumber: true };
  return html`${dataTable(
    'What the run has cost, and what it was expected to',
    [
      { title: 'part', isLong: true },
      { title: 'used' },
      { title: 'cost', ...number },
      { title: 'expected', ...number },
      { title: 'at worst', ...number },
    ],
    [
      ...parts.map((part) => [
        part.part,
        usedBy(part),
        part.usd === undefined ? 'no price' : usdText(part.usd),
        part.estimate === undefined ? '' : usdText(part.estimate.expected),
        part.estimate === undefined ? '' : usdText(part.estimate.high),
      ]),
      [
        'Total',
        '',
        total === undefined ? 'not known' : usdText(total),
        usdText(estimated('expected')),
        usdText(estimated('high')),
      ],
    ],
  )}<p><small>Seconds that SageMaker billed jobs for and that the endpoint was there, and for which functions ran (building and evaluating: at most, by how long their states took), at the prices of config/prices.json. On one machine the seconds are this machine's. Not in it: ingestion, and jobs and endpoints of attempts that failed.</small></p>`;
}

function usedBy({ instances, gbSeconds, isMeasured }: BilledPart): string {
  if (gbSeconds !== undefined) return `${whole(Math.ceil(gbSeconds))} GB-s`;
  if (!isMeasured) return 'as estimated';
  if (instances.length === 0) return 'nothing';
  return instances
    .map(({ instanceType, seconds }) => `${duration(seconds)} of ${instanceType}`)
    .join(', ');
}
