import type { AugmentationSummary, RewardedAction } from '../augmentation.ts';
import { histogramChart } from '../charts/histogram-chart.ts';
import { dataTable } from '../data-table.ts';
import { percent, reward, whole } from '../format.ts';
import { type Html, html } from '../html.ts';

/** What the environment added to the training data. */
export function rewardsSection(augmentation: AugmentationSummary | undefined): Html | undefined {
  if (augmentation === undefined) return undefined;
  const { shards, totalShards, transitions, candidates, augmentedActions } = augmentation;
  const { rewards, meanRewards, examples } = augmentation;
  const share = augmentedActions / Math.max(1, transitions);
  return html`<p>${shards < totalShards && `Counted over ${whole(shards)} of ${whole(totalShards)} shards: `}${whole(transitions)} transitions with ${whole(candidates)} candidate actions; ${whole(augmentedActions)} transitions (${percent(share)}) got an augmented positive action. Mean reward: ${reward(meanRewards.logged)} of logged actions, ${reward(meanRewards.candidates)} of candidates.</p>
${histogramChart(
  [
    { name: 'logged actions', histogram: rewards.logged },
    { name: 'candidates', histogram: rewards.candidates },
    ...(augmentedActions > 0
      ? [{ name: 'augmented positive actions', histogram: rewards.augmentedActions }]
      : []),
  ],
  { title: 'Rewards of logged and candidate actions', xTitle: 'reward' },
)}
${
  examples.length > 0 &&
  html`<p>Some transitions, drawn at random:</p>${dataTable(
    'Examples of augmented actions',
    [
      { title: 'after', isLong: true },
      { title: 'logged action' },
      { title: 'reward', isNumber: true },
      { title: 'augmented action' },
      { title: 'reward', isNumber: true },
    ],
    examples.map(({ history, logged, augmented }) => [
      history.join(' → '),
      logged.title,
      rewardWithSpread(logged),
      augmented.title,
      rewardWithSpread(augmented),
    ]),
  )}`
}`;
}

function rewardWithSpread(action: RewardedAction): Html {
  return html`${reward(action.reward)}<br><small>± ${action.spread.toFixed(2)}</small>`;
}
