import { type IntervalBar, intervalBars } from '../interval-bars.ts';
import type { SeededMean } from '../seeded-means.ts';
import { informed, policyNames, untrained } from './config.ts';
import type { SimulationResults } from './results.ts';

/** The results as Markdown: what was asked first, then a table for each world. */
export function simulationTable(results: SimulationResults): string {
  const { plan, primary, worlds } = results;
  const asked = [
    `Primary comparison, named before the run: reward of a session, \`${primary.policy}\` less \`${primary.against}\`, 95 % over seeds and visitors (p after Holm over ${primary.worlds.length} worlds):`,
    '',
    ...primary.worlds.map(
      ({ world, holm, ...own }) =>
        `- ${world}: ${signed(own)}, p ${holm.toFixed(3)}${isShown(own) ? '' : ': no difference is shown'}`,
    ),
  ];
  const tables = worlds.flatMap(({ world, data, policies, ahead }) => [
    '',
    `**${world}** (${plan.seeds} seeds, ${plan.visitors} visitors each; logs of the first: ${data.interactions} actions of ${data.users} users on ${data.items} items)`,
    '',
    `| policy | seeds | reward of a session | less \`${primary.against}\` | requests | actions | purchases | NDCG@10 on logs |`,
    '|---|---:|---:|---|---:|---:|---:|---:|',
    ...policies.map(
      ({ policy, seeds, reward, difference, requests, actions, purchases, ndcg10 }) =>
        `| ${policy} | ${seeds} | ${reward.value.toFixed(2)} (${reward.low.toFixed(2)} to ${reward.high.toFixed(2)}) | ${difference === null ? '' : signed(difference)} | ${requests.toFixed(1)} | ${actions.toFixed(1)} | ${purchases.toFixed(1)} | ${ndcg10 === null ? '' : ndcg10.toFixed(4)} |`,
    ),
    ...(ahead === null
      ? []
      : ['', `Looking beyond the next request is worth ${signed(ahead)} to who knows the truth.`]),
  ]);
  return [...asked, ...tables].join('\n');
}

/** A picture of each world, by file name. */
export function simulationPictures({ worlds, plan }: SimulationResults): Map<string, string> {
  const known = new Set<string>([...untrained, ...plan.rivals, ...informed]);
  const order = policyNames(plan);
  return new Map(
    worlds.map(({ world, policies }) => [
      `${world}.svg`,
      intervalBars(
        `Reward of a session: ${world}`,
        [...policies]
          .sort((a, b) => order.indexOf(a.policy) - order.indexOf(b.policy))
          .map(({ policy, reward }): IntervalBar => {
            const { value, low, high } = reward;
            return { name: policy, value, low, high, isMuted: known.has(policy) };
          }),
        2,
      ),
    ]),
  );
}

const isShown = ({ low, high }: SeededMean) => low > 0 || high < 0;

const plus = (value: number) => `${value < 0 ? '' : '+'}${value.toFixed(2)}`;

const signed = ({ value, low, high }: SeededMean) =>
  `${plus(value)} (${plus(low)} to ${plus(high)})`;
