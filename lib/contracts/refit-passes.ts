import { resolveModel } from './config/presets.ts';
import type { ModelConfig } from './config/training.ts';
import type { PipelineConfig } from './config.ts';

/**
 * Passes by which a winner is fitted on all actions before it is served; 0 serves what was judged.
 *
 * @param model undefined for a rival, which has no passes of its own: it is counted again if models would be fitted
 */
export function refitPassesOf(
  { training: { models, ...shared } }: PipelineConfig,
  model: ModelConfig | undefined,
): number {
  return resolveModel(shared, model ?? { ...models[0]!, refitPasses: undefined }).refitPasses;
}

/** Test cases are answered by what was fitted on validation's actions too, see `evaluation.asServed`; as for `refitPassesOf`. */
export function isJudgedAsServed(config: PipelineConfig, model: ModelConfig | undefined): boolean {
  return config.evaluation.asServed && refitPassesOf(config, model) > 0;
}

/** Somebody's test cases are. */
export function needsRowsBeforeTest(config: PipelineConfig): boolean {
  return [undefined, ...config.training.models].some((model) => isJudgedAsServed(config, model));
}
