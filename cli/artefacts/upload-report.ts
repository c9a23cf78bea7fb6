import { count, number } from '#lib/interactions/insight.ts';
import { isUnread, type UploadReport } from '#lib/interactions/report.ts';
import { asCalled } from '../process/called.ts';

/** Lines of a reason that are shown. */
const examplesShown = 3;

/**
 * A report for a terminal: rows, reasons with the first lines, remarks, what to do.
 *
 * @param isAhead before an upload: what it would be told
 */
export function describeUploadReport(report: UploadReport, isAhead = false): string {
  const { file, status, message } = report;
  return asCalled(
    [
      `${file}: ${isAhead ? outcomeAhead(report) : status}. ${message}`,
      ...(isUnread(report) ? [] : [` ${countRows(report)}`]),
      ...describeRows(report),
      ...describeReasons(report),
      ...report.insights.map((insight) => `  * ${insight.message} ${insight.advice}`),
    ].join('\n'),
  );
}

/** Why rows are in quarantine, the first lines of each reason. */
export const describeReasons = ({ reasons }: UploadReport): string[] =>
  reasons.flatMap(({ reason, count: rows, meaning, advice, examples }) => [
    `  ${reason}, ${count(rows, 'row')}: ${meaning} ${advice}`,
    ...examples.slice(0, examplesShown).map(({ line, detail }) => `    line ${line}: ${detail}`),
  ]);

/** What would become of a file. */
export function outcomeAhead(report: UploadReport): string {
  if (report.status !== 'succeeded') return 'would be REFUSED';
  return isUnread(report) ? 'would add nothing' : 'would be taken';
}

/** What rows became. */
export type RowCounts = Pick<
  UploadReport,
  'read' | 'good' | 'quarantined' | 'duplicate' | 'omitted'
>;

export const countRows = ({ read, good, quarantined, duplicate, omitted }: RowCounts): string =>
  ` ${count(read, 'row')} = ${number(good)} good + ${number(quarantined)} quarantined + ${number(duplicate)} duplicate${omitted === 0 ? '' : `; ${number(omitted)} more are left out, as configured`}`;

function describeRows({ interactions, items }: UploadReport): string[] {
  if (items !== null) {
    const fields = Object.keys(items.fields).join(', ');
    return [
      `  ${count(items.items, 'item')}${fields === '' ? '' : `; besides the title: ${fields}`}`,
    ];
  }
  if (interactions === null || interactions.firstAt === null) return [];
  const { users, firstAt, lastAt, eventTypes } = interactions;
  const types = Object.entries(eventTypes).map(([type, rows]) => `${type} ${number(rows)}`);
  return [
    `  ${count(users, 'user')}, ${count(interactions.items, 'item')}, ${firstAt} to ${lastAt}${types.length === 0 ? '' : `; ${types.join(', ')}`}`,
  ];
}
