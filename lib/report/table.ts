import { partRows } from './parts.ts';
import type { RunSummary, Served } from './summary.ts';

/** The results of a run as text for a terminal of 80 columns. */
export function summaryTable(summary: RunSummary): string {
  const rankers = [
    ...summary.models.map((model) => ({ ...model, kind: `${model.backbone}, ${model.objective}` })),
    ...summary.baselines.map((baseline) => ({ ...baseline, kind: 'rival' })),
  ].sort((a, b) => b.ndcg10 - a.ndcg10);
  const rows = rankers.map(({ name, kind, hr10, ndcg10 }) => [
    name === summary.winner && summary.promoted ? `${name} *` : name,
    kind,
    hr10.toFixed(4),
    ndcg10.toFixed(4),
  ]);
  const lines = alignColumns(
    [['ranker', 'kind', 'HR@10', 'NDCG@10'], ...rows],
    ['left', 'left', 'right', 'right'],
  );
  const [header = '', ...body] = lines;
  const verdict = `${summary.promoted ? '* ' : ''}${summary.verdict}`;
  return [
    header,
    '-'.repeat(header.length),
    ...body,
    '',
    ...wrap(verdict, 80),
    ...leftOutLines(summary),
    ...partLines(summary),
    ...(summary.served === null ? [] : [servedLine(summary.served)]),
  ].join('\n');
}

function leftOutLines({ leftOut, models }: RunSummary): string[] {
  if (leftOut.length === 0) return [];
  const trained = models.map(({ name }) => name).join(', ');
  const waiting = `${leftOut.join(', ')} ${leftOut.length === 1 ? 'waits' : 'wait'}`;
  return wrap(
    `Little was new: only ${trained} was trained, ${waiting} for the next night that trains all.`,
    80,
  );
}

/** What each part of the models added, if any is joined from parts. */
function partLines({ models }: RunSummary): string[] {
  const rows = partRows({ models });
  if (rows.length === 0) return [];
  const shown = models.filter(({ parts }) => parts.length > 0).map(({ name }) => name);
  const [header = '', ...body] = alignColumns(
    [
      ['what each part added', ...shown],
      ...rows.map(({ label, values }) => [
        label,
        ...shown.map((name) => values.get(name)?.toFixed(4) ?? ''),
      ]),
    ],
    ['left', ...shown.map(() => 'right' as const)],
  );
  return ['', header, '-'.repeat(header.length), ...body, ''];
}

function servedLine({ users, knownUsers, items, knownItems }: Served): string {
  const share = (part: number, all: number) => `${Math.round((100 * part) / Math.max(1, all))} %`;
  return `Served: ${users} users (${share(users, knownUsers)}), ${items} items (${share(items, knownItems)}).`;
}

/** Lines of at most so many columns, broken at blanks; a word that is longer has a line of its own. */
function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > columns) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** Pads cells so that columns line up; two spaces between columns, none at the end of a line. */
export function alignColumns(
  rows: readonly (readonly string[])[],
  alignment: readonly ('left' | 'right')[],
): string[] {
  const widths = alignment.map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) =>
        alignment[column] === 'right'
          ? cell.padStart(widths[column]!)
          : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  );
}
