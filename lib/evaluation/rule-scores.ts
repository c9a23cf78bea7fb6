import type { ItemScores } from './baselines/baseline.ts';
import { type Rules, scoreByRules } from './baselines/sequential-rules.ts';

/** Added to what rules say of an item, so that one which they do not speak for has a logarithm too. */
export const ruleEpsilon = 0.01;

/**
 * Rules as a component of a blend: `log(score + 0.01)`.
 *
 * @param scores memory of the model's size, empty before and after
 * @param out `[items + 1]`; place 0 is left alone
 */
export function ruleLogScores(
  rules: Rules | undefined,
  history: Int32Array,
  scores: ItemScores,
  out: Float64Array,
): void {
  if (rules !== undefined) scoreByRules(rules, history, scores);
  out.fill(Math.log(ruleEpsilon), 1);
  for (const item of scores.touched) out[item] = Math.log(scores.values[item]! + ruleEpsilon);
  scores.clear();
}
