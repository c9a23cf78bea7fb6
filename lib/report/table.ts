import type { RunSummary } from './summary.ts';

/** The results of a run as text for a terminal of 80 columns. */
export function summaryTable(summary: RunSummary): string {
  const rankers = [
    ...summary.models.map((model) => ({ ...model, kind: `${model.backbone}, ${model.objective}` })),
    ...summary.baselines.map((baseline) => ({ ...baseline, kind: 'baseline' })),
  ].sort((a, b) => b.ndcg10 - a.ndcg10);
  const rows = rankers.map(({ name, kind, hr10, ndcg10 }) => [
    name === summary.winner && summary.promoted ? `${name} *` : name,
    kind,
    hr10.toFixed(4),
    ndcg10.toFixed(4),
  ]);
  const lines = alignColumns(
    [['model', 'kind', 'HR@10', 'NDCG@10'], ...rows],
    ['left', 'left', 'right', 'right'],
  );
  const [header = '', ...body] = lines;
  const verdict = summary.promoted
    ? `* ${summary.winner} is the new champion.`
    : 'Nothing was promoted; the report says why.';
  return [header, '-'.repeat(header.length), ...body, '', verdict].join('\n');
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
