import { lineChart } from '../charts/line-chart.ts';
import { foldedTable } from '../data-table.ts';
import { metric } from '../format.ts';
import { type Html, html } from '../html.ts';
import type { LearningCurve } from '../learning-curve-file.ts';
import { modelLooks } from '../rankers.ts';

/** Validation NDCG@10 and training loss by epoch, all models in one picture each. */
export function learningSection(
  curves: readonly { readonly name: string; readonly curve: LearningCurve }[],
  models: readonly { readonly name: string }[],
): Html | undefined {
  const drawn = curves.filter(({ curve }) => curve.epochs.length > 0);
  if (drawn.length === 0) return undefined;
  const looks = modelLooks(models);
  const series = (value: (epoch: LearningCurve['epochs'][number]) => number) =>
    drawn.map(({ name, curve }) => ({
      name,
      look: looks.get(name),
      points: curve.epochs.map((epoch) => ({ x: epoch.epoch, y: value(epoch) })),
      marked: curve.epochs.findIndex((epoch) => epoch.epoch === curve.bestEpoch),
    }));
  return html`<p>The dot is the epoch that was kept: the best one on the validation cases.</p>
${lineChart(
  series((epoch) => epoch['validation_ndcg@10']),
  {
    title: 'Validation NDCG@10 by epoch',
    xTitle: 'epoch',
    xIsWhole: true,
    yTitle: 'NDCG@10',
  },
)}
${lineChart(
  series((epoch) => epoch.loss),
  { title: 'Training loss by epoch', xTitle: 'epoch', xIsWhole: true, yTitle: 'loss' },
)}
${foldedTable(
  'Learning curves',
  [
    { title: 'model' },
    { title: 'epochs', isNumber: true },
    { title: 'best epoch', isNumber: true },
    { title: 'its validation NDCG@10', isNumber: true },
    { title: 'its loss', isNumber: true },
    { title: 'last validation NDCG@10', isNumber: true },
  ],
  drawn.map(({ name, curve }) => {
    const best = curve.epochs.find((epoch) => epoch.epoch === curve.bestEpoch);
    return [
      name,
      curve.epochs.length,
      curve.bestEpoch,
      best === undefined ? '–' : metric(best['validation_ndcg@10']),
      best === undefined ? '–' : metric(best.loss),
      metric(curve.epochs.at(-1)!['validation_ndcg@10']),
    ];
  }),
)}`;
}
