import type { PipelineConfig } from '#lib/contracts/config.ts';
import { MissingArtefactError } from '#lib/contracts/errors.ts';
import { runs, uploads } from '#lib/contracts/keys.ts';
import { needsBaseModel, usesTexts } from '#lib/contracts/needs.ts';
import { parametersInName } from '#lib/cost/base-model.ts';
import { checkCap } from '#lib/cost/cap.ts';
import { type CostEstimate, estimateCost } from '#lib/cost/cost.ts';
import type { DataCounts } from '#lib/cost/data-counts.ts';
import { parsePrices } from '#lib/cost/prices.ts';
import { checkLimits } from '#lib/cost/refusals.ts';
import type { NightReuse } from '#lib/cost/reuse.ts';
import { everybodyManifest } from '#lib/sequences/everybody-files.ts';
import type { SequencesManifest } from '#lib/sequences/manifest.ts';
import type { Objects } from '#platform/objects.ts';
import prices from '../../config/prices.json' with { type: 'json' };
import throughput from '../../config/throughput.json' with { type: 'json' };

/** Bytes of a parameter in the files that base models come in (float16 or bfloat16). */
const BYTES_A_PARAMETER = 2;

const tables = parsePrices(prices, throughput);

/** How much the run has to learn from. */
export async function countRun(
  objects: Objects,
  run: string,
  config: PipelineConfig,
  sequences: SequencesManifest,
): Promise<DataCounts> {
  const everybody = await objects.getJson(runs.everybodyManifest(run), everybodyManifest);
  return {
    interactions: sequences.interactions,
    users: everybody.users,
    items: sequences.items,
    catalogueItems: usesTexts(config) ? everybody.items : sequences.items,
    transitions: sequences.trainTransitions,
    baseModelParameters: needsBaseModel(config)
      ? await countParameters(objects, config.environment.baseModel)
      : 0,
  };
}

/**
 * What a run is refused for before its vocabulary is looked at.
 *
 * @throws MemoryLimitError when a step is expected to run out of memory, CountLimitError when one would have too many users or
 *   shards
 */
export function refuseTooMuch(config: PipelineConfig, counts: DataCounts): void {
  checkLimits({ ...estimateCost(config, counts, tables), times: [] });
}

/**
 * Estimates what the run will cost, now that it is known how much there is to learn from and what is taken from earlier runs,
 * and records it.
 *
 * @throws TimeLimitError when a step is expected to be stopped before its end
 * @throws CostCapError when the worst case is above `operations.maxUsdPerRun`; no GPU has been started yet
 */
export async function priceRun(
  objects: Objects,
  run: string,
  config: PipelineConfig,
  counts: DataCounts,
  reuse: NightReuse,
): Promise<CostEstimate> {
  const estimate = estimateCost(config, counts, tables, reuse);
  await objects.putJson(runs.cost(run), estimate);
  checkLimits(estimate);
  checkCap(estimate, config.operations.maxUsdPerRun);
  return estimate;
}

async function countParameters(objects: Objects, baseModel: string): Promise<number> {
  const named = parametersInName(baseModel);
  if (named !== undefined) return named;
  let bytes = 0;
  for await (const object of objects.list(uploads.baseModelPrefix(baseModel))) {
    if (/\.(safetensors|bin)$/.test(object.key)) bytes += object.bytes;
  }
  if (bytes > 0) return bytes / BYTES_A_PARAMETER;
  throw new MissingArtefactError(
    `There is no base model "${baseModel}": upload a Hugging Face folder with weights to s3://${objects.bucket}/${uploads.baseModelPrefix(baseModel)}`,
  );
}
