import type { UploadReport } from '#lib/interactions/report.ts';

/** Lines of a reason that are shown. */
const examplesShown = 3;

/**
 * A report for a terminal: rows, reasons with the first lines, remarks, what to do.
 *
 * @param isAhead before an upload: what it would be told
 */
export function describeUploadReport(report: UploadReport, isAhead = false): string {
  const { file, status, message, read, good, quarantined, duplicate, omitted } = report;
  return [
    `${file}: ${isAhead ? (status === 'succeeded' ? 'would be taken' : 'would be REFUSED') : status}. ${message}`,
    `  ${read} rows = ${good} good + ${quarantined} quarantined + ${duplicate} duplicate${omitted === 0 ? '' : `; ${omitted} more are left out, as configured`}`,
    ...describeRows(report),
    ...report.reasons.flatMap(({ reason, count, meaning, advice, examples }) => [
      `  ${reason}, ${count} ${count === 1 ? 'row' : 'rows'}: ${meaning} ${advice}`,
      ...examples.slice(0, examplesShown).map(({ line, detail }) => `    line ${line}: ${detail}`),
    ]),
    ...report.insights.map((insight) => `  * ${insight.message} ${insight.advice}`),
  ].join('\n');
}

function describeRows({ interactions, items }: UploadReport): string[] {
  if (items !== null) {
    const fields = Object.keys(items.fields).join(', ');
    return [`  ${items.items} items${fields === '' ? '' : `; besides the title: ${fields}`}`];
  }
  if (interactions === null || interactions.firstAt === null) return [];
  const { users, firstAt, lastAt, eventTypes } = interactions;
  const types = Object.entries(eventTypes).map(([type, count]) => `${type} ${count}`);
  return [
    `  ${users} users, ${interactions.items} items, ${firstAt} to ${lastAt}${types.length === 0 ? '' : `; ${types.join(', ')}`}`,
  ];
}
