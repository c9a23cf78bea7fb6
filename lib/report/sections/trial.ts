import type { EnvironmentTrial } from '#lib/promotion/environment-trial.ts';
import { dataTable } from '../data-table.ts';
import { type Html, html } from '../html.ts';

/** Do models with the environment rank better than the same ones without? Undefined where nobody looked. */
export function trialTable(trial: EnvironmentTrial | undefined, run: string): Html | undefined {
  if (trial === undefined) return undefined;
  return html`<p>${trial.run === run ? found(trial) : rests(trial)}</p>${dataTable(
    `Validation NDCG@10 in run ${trial.run}`,
    [
      { title: 'model' },
      { title: 'with the environment', isNumber: true },
      { title: 'without', isNumber: true },
      { title: 'with actions of item neighbours', isNumber: true },
    ],
    trial.models.map(({ name, ndcg10, alone, neighbours }) => [
      name,
      ndcg10.toFixed(4),
      alone.toFixed(4),
      neighbours.toFixed(4),
    ]),
  )}`;
}

const found = ({ pays }: EnvironmentTrial) =>
  pays
    ? 'This run tried the environment: a model with it is not behind both of its twins without, so it goes on.'
    : 'This run tried the environment: every model with it is behind both of its twins without, so it is neither fitted nor asked until the next trial.';

const rests = ({ run, usd }: EnvironmentTrial) =>
  `The environment rests: in run ${run} every model with it was behind both of its twins without. It was neither fitted nor asked, which that run was expected to pay ${usd.toFixed(2)} USD for; the better twins are trained in the place of its models.`;
