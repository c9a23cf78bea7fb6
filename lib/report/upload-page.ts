import type { UploadReport } from '#lib/interactions/report.ts';
import { type Bar, barChart } from './charts/bar-chart.ts';
import { dataTable } from './data-table.ts';
import { percent, whole } from './format.ts';
import { type Html, html } from './html.ts';
import { bodyOfSections, renderPage, type Section } from './page.ts';

/** Earlier uploads that one is held against. */
export const comparedUploads = 7;
/** Event types that have a bar of their own. */
const typesShown = 20;

/** What evaluation meets in rows that were looked at together, all shares 0-1. */
export interface UploadAudit {
  /** Test cases whose target has the timestamp of the action before it. */
  readonly tied: number;
  /** Test cases on an item that training never saw. */
  readonly cold: number;
  /** Test cases on an item of the history. */
  readonly repeatedTargets: number;
  /** Distance (total variation) of the items taken in test from those of training, and as much by chance. */
  readonly drift: number;
  readonly driftByChance: number;
}

/** What a page about an upload shows besides its report. */
export interface UploadContext {
  /** Uploads of the same kind before it, the newest first; as many as are compared are looked at. */
  readonly earlier?: readonly UploadReport[];
  readonly audit?: UploadAudit | undefined;
}

/** What became of an upload, and what is in it, as a page for any browser. */
export function renderUploadPage(report: UploadReport, context: UploadContext = {}): string {
  const before = (context.earlier ?? [])
    .filter(({ kind, status, good }) => kind === report.kind && status === 'succeeded' && good > 0)
    .slice(0, comparedUploads);
  const sections: Section[] = [
    ['rows', 'Rows', rowsSection(report)],
    ['reasons', 'Why rows are in quarantine', reasonsSection(report)],
    ['remarks', 'Remarks', remarksSection(report)],
    ['completeness', 'Completeness', completenessSection(report)],
    ['events', 'Events', eventsSection(report)],
    ['audit', 'What evaluation meets', context.audit && auditSection(context.audit)],
    ['before', 'Against the uploads before', beforeSection(report, before)],
  ];
  const head = html`<p>${day(report.arrivedAt)}</p><h1>${report.file}</h1><p>${report.message}</p>`;
  return renderPage({ title: report.file, body: bodyOfSections(head, sections) });
}

const day = (iso: string) => `${iso.slice(0, 16).replace('T', ' ')} UTC`;

const bar = (name: string, value: number, isMuted = false): Bar => ({
  name,
  value,
  label: whole(value),
  isMuted,
});

const shareBar = (name: string, part: number, all: number): Bar => ({
  name,
  value: part / Math.max(1, all),
  label: percent(part / Math.max(1, all)),
});

function rowsSection({ read, good, quarantined, duplicate, omitted }: UploadReport): Html {
  const bars = [
    bar('rows read', read),
    bar('good', good),
    bar('in quarantine', quarantined, true),
    bar('repeat another row', duplicate, true),
    bar('left out, as configured', omitted, true),
  ];
  return barChart(
    'What became of the rows',
    bars.filter(({ value, isMuted }) => value > 0 || isMuted !== true),
  );
}

function reasonsSection({ reasons }: UploadReport): Html | undefined {
  if (reasons.length === 0) return undefined;
  return dataTable(
    'Reasons, with the first lines',
    [
      { title: 'reason', isLong: true },
      { title: 'rows', isNumber: true },
    ],
    reasons.map(({ reason, count, meaning, advice, examples }) => [
      html`${reason}<br><small>${meaning} ${advice}</small>${examples.map(({ line, detail }) => html`<br><small>line ${line}: ${detail}</small>`)}`,
      whole(count),
    ]),
  );
}

function remarksSection({ insights }: UploadReport): Html | undefined {
  if (insights.length === 0) return undefined;
  return html`<ul>${insights.map(({ message, advice }) => html`<li>${message}<br><small>${advice}</small></li>`)}</ul>`;
}

/** How many of the good rows have what they may have. */
function completenessSection({ good, interactions, items }: UploadReport): Html | undefined {
  if (items !== null) {
    const fields = Object.entries(items.fields).toSorted(([, a], [, b]) => b - a);
    if (fields.length === 0) return undefined;
    return barChart(
      'Items that have each field',
      fields.map(([field, count]) => shareBar(field, count, good)),
    );
  }
  if (interactions === null) return undefined;
  const { users, usersWithSeveral, eventTypes } = interactions;
  const typed = Object.values(eventTypes).reduce((sum, count) => sum + count, 0);
  return barChart('What rows and users have', [
    shareBar('rows with an event type', typed, good),
    shareBar('users with two rows or more', usersWithSeveral, users),
  ]);
}

function eventsSection({ interactions }: UploadReport): Html | undefined {
  if (interactions === null || interactions.firstAt === null) return undefined;
  const { users, items, firstAt, lastAt, eventTypes, exact } = interactions;
  const types = Object.entries(eventTypes).toSorted(([, a], [, b]) => b - a);
  const about = exact ? '' : 'about ';
  return html`<p>From ${day(firstAt)} to ${day(lastAt ?? firstAt)} (${daysOf(firstAt, lastAt) === 1 ? '1 day' : `${whole(daysOf(firstAt, lastAt))} days`}), ${about}${whole(users)} users, ${about}${whole(items)} items.</p>
${
  types.length > 0 &&
  barChart(
    'Event mix',
    types.slice(0, typesShown).map(([type, count]) => bar(type, count)),
  )
}`;
}

const daysOf = (firstAt: string, lastAt: string | null) =>
  Math.floor((Date.parse(lastAt ?? firstAt) - Date.parse(firstAt)) / 86_400_000) + 1;

function auditSection(audit: UploadAudit): Html {
  const shares = [
    ['ties', audit.tied],
    ['cold items', audit.cold],
    ['repeats', audit.repeatedTargets],
    ['drift', audit.drift],
    ['drift by chance', audit.driftByChance],
  ] as const;
  return html`<p>Of the test cases: ties share their time with the action before, cold items were never seen in training, repeats return to an item of the history. Drift is how far what is taken in test is from training, and as much by chance.</p>
${barChart(
  'Ties, cold items, repeats and drift',
  shares.map(([name, value]) => ({ name, value, label: percent(value) })),
)}`;
}

/** The upload among those before it: a feed that broke shows here. */
function beforeSection(report: UploadReport, before: readonly UploadReport[]): Html | undefined {
  if (before.length === 0) return undefined;
  const all = [report, ...before];
  const mix = report.interactions === null ? undefined : driftOfMix(report, before);
  return html`${barChart(
    'Rows taken, the newest first',
    all.map((one) =>
      bar(one === report ? 'this upload' : day(one.arrivedAt), one.good, one !== report),
    ),
  )}
${
  mix !== undefined &&
  html`<p>The event mix is ${percent(mix)} away from that of the ${before.length === 1 ? 'upload' : `${before.length} uploads`} before (total variation: 0${'\u202f'}% is the same mix, 100${'\u202f'}% another one altogether).</p>`
}
${dataTable(
  'This upload and those before',
  [
    { title: 'arrived' },
    { title: 'good', isNumber: true },
    { title: 'bad share', isNumber: true },
    { title: 'users', isNumber: true },
    { title: 'items', isNumber: true },
    { title: 'days', isNumber: true },
  ],
  all.map(({ arrivedAt, good, badShare, interactions, items }) => [
    day(arrivedAt),
    whole(good),
    percent(badShare),
    interactions === null ? '' : whole(interactions.users),
    whole(interactions?.items ?? items?.items ?? 0),
    interactions === null || interactions.firstAt === null
      ? ''
      : whole(daysOf(interactions.firstAt, interactions.lastAt)),
  ]),
)}`;
}

/** Total variation between the event types of an upload and of those before, rows without a type as one; 0 to 1. */
export function driftOfMix(report: UploadReport, before: readonly UploadReport[]): number {
  const own = mixOf([report]);
  const theirs = mixOf(before);
  const types = new Set([...own.keys(), ...theirs.keys()]);
  let distance = 0;
  for (const type of types) distance += Math.abs((own.get(type) ?? 0) - (theirs.get(type) ?? 0));
  return distance / 2;
}

function mixOf(reports: readonly UploadReport[]): Map<string, number> {
  const counts = new Map<string, number>();
  let all = 0;
  for (const { good, interactions } of reports) {
    let untyped = good;
    for (const [type, count] of Object.entries(interactions?.eventTypes ?? {})) {
      counts.set(type, (counts.get(type) ?? 0) + count);
      untyped -= count;
    }
    counts.set('', (counts.get('') ?? 0) + Math.max(0, untyped));
    all += good;
  }
  return new Map([...counts].map(([type, count]) => [type, count / Math.max(1, all)]));
}
