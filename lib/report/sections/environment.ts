import type { EnvironmentMetrics } from '#lib/environment/metrics.ts';
import { lineChart } from '../charts/line-chart.ts';
import { dataTable, foldedTable } from '../data-table.ts';
import { duration, percent, reward, whole } from '../format.ts';
import { type Html, html } from '../html.ts';
import { type EnvironmentReuse, reuseParagraph } from './reuse.ts';

/** How good the environment is on users that it was not fitted on. */
export function environmentSection(
  metrics: EnvironmentMetrics | undefined,
  reuse: EnvironmentReuse | undefined,
): Html {
  if (metrics === undefined) return html`<p>No model of this run uses the LLM environment.</p>`;
  return html`<p>${metrics.baseModel} (${metrics.baseModelOrigin}), ${metrics.layers} layers, ${whole(metrics.parameters)} parameters of which ${whole(metrics.trainableParameters)} were trained, fitted on ${percent(metrics.subsetFraction)} of the training users (${whole(metrics.users)}) in ${duration(metrics.seconds)}, ${whole(metrics.tokens)} tokens.</p>
${reuseParagraph(reuse)}
${dataTable(
  'Quality on held-out users',
  [
    { title: 'measure' },
    { title: 'environment', isNumber: true },
    { title: 'popularity', isNumber: true },
  ],
  [
    [
      'pair accuracy: logged action above a sampled one',
      withError(metrics.pairAccuracy, metrics.pairAccuracyError),
      optional(metrics.popularityPairAccuracy),
    ],
    [
      'the same, the sampled one as popular as actions are',
      withError(metrics.pairAccuracyPopular, metrics.pairAccuracyPopularError),
      optional(metrics.popularityPairAccuracyPopular),
    ],
    [
      `the same, next items that it was not fitted on (${whole(metrics.coldItems?.positions ?? 0)})`,
      optional(metrics.coldItems?.pairAccuracy ?? undefined),
      '–',
    ],
    [
      'recall@10 of the next item',
      percent(metrics.recallAt10),
      percent(metrics.popularityRecallAt10),
    ],
    [
      'recall@50 of the next item',
      percent(metrics.recallAt50),
      optional(metrics.popularityRecallAt50),
    ],
  ],
)}
${actionsTable(metrics.actions)}
${calibrationCharts(metrics)}`;
}

/** Are the actions that models may copy taken later, more often than what everybody takes? */
function actionsTable(actions: EnvironmentMetrics['actions']): Html | undefined {
  if (actions === undefined) return undefined;
  return html`${dataTable(
    'Positive actions, at the same positions of held-out users',
    [{ title: 'action' }, { title: 'taken later', isNumber: true }],
    [
      [
        `kept by the environment (${whole(actions.kept)} of ${whole(actions.positions)} positions, ${whole(actions.effectiveActions ?? 0)} effective items)`,
        withError(actions.precision, actions.precisionError),
      ],
      ['most popular item not taken yet', optional(actions.popularPrecision)],
      ['nearest neighbour of the last items', optional(actions.neighbourPrecision)],
    ],
  )}${
    actions.refused !== null &&
    html`<p>Augmentation is refused: ${actions.refused}. Models of this run learn from logged actions alone.</p>`
  }`;
}

const withError = (share: number | undefined, error: number | undefined) =>
  share === undefined || error === undefined
    ? optional(share)
    : `${percent(share)} ± ${percent(error)}`;

const optional = (share: number | undefined) => (share === undefined ? '–' : percent(share));

function calibrationCharts({ calibration, spreadAgainstError }: EnvironmentMetrics): Html {
  return html`${
    calibration !== undefined &&
    calibration.length > 0 &&
    html`<h3>Calibration</h3><p>Actions in bins of equal size by their reward; logged and sampled actions weigh the same, so 50 % is chance. The share of logged actions should rise with the reward.</p>
${lineChart(
  [
    {
      name: 'share of logged actions',
      points: calibration.map((bin) => ({ x: bin.reward, y: bin.loggedShare })),
    },
  ],
  {
    title: 'Share of logged actions by reward',
    xTitle: 'mean reward of the bin',
    yTitle: 'share',
    yIncludes: [0, 1],
    dots: true,
  },
)}
${foldedTable(
  'Calibration',
  [
    { title: 'mean reward', isNumber: true },
    { title: 'logged actions', isNumber: true },
    { title: 'actions', isNumber: true },
  ],
  calibration.map((bin) => [reward(bin.reward), percent(bin.loggedShare), whole(bin.actions)]),
)}`
  }${
    spreadAgainstError !== undefined &&
    spreadAgainstError.length > 0 &&
    dataTable(
      'Does a wide spread mean errors?',
      [
        { title: 'spread of the margin', isNumber: true },
        { title: 'pairs in the wrong order', isNumber: true },
        { title: 'pairs', isNumber: true },
      ],
      spreadAgainstError.map((bin) => [
        bin.spread.toFixed(3),
        percent(bin.errorRate),
        whole(bin.pairs),
      ]),
    )
  }`;
}
