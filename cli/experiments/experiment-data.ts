import { readFileSync } from 'node:fs';
import { type SequencesConfig, sequencesConfig } from '#lib/contracts/config/sequences.ts';
import { ConfigError } from '#lib/contracts/errors.ts';
import { explain } from '#lib/contracts/explain.ts';
import { decodeItemVectors } from '#lib/environment/item-vectors.ts';
import { rankBaselines } from '#lib/evaluation/baselines.ts';
import type { SplitRanks } from '#lib/evaluation/evaluate.ts';
import { fitOnTraining } from '#lib/evaluation/rivals/fit-scorers.ts';
import { rankRivals } from '#lib/evaluation/rivals/rivals.ts';
import type { AsOf } from '#lib/popularity/as-of.ts';
import { randomStream } from '#lib/recommender/random.ts';
import { alignVectors, type TextVectors } from '#lib/recommender/text-table.ts';
import { type BuiltSequences, buildSequences } from '#lib/sequences/build.ts';
import { readInteractions, splitFor } from '../data/interaction-file.ts';
import { prepareSequences, sequencesFolder } from '../data/prepare-sequences.ts';
import { EnvironmentAnswerer } from './environment-answers.ts';
import { permutation } from './environment-study/control-values.ts';
import type { ExperimentHooks } from './experiment-hooks.ts';
import type { ReadOptions } from './options.ts';

/**
 * The data of an experiment, and what answers models with `lea` on them; nothing is fitted before it is asked.
 *
 * @param isWritten false where another process has written the sequences that environments are fitted on
 */
export async function readData(
  options: ReadOptions,
  hooks: ExperimentHooks,
  { isWritten = true }: { readonly isWritten?: boolean } = {},
): Promise<{
  readonly built: BuiltSequences;
  readonly answerer: EnvironmentAnswerer | undefined;
}> {
  const { environments, items, baseModels, out } = options;
  const needsAnswers = Object.keys(environments).length > 0;
  const sequences = parseSequences({
    ...options.sequences,
    split: splitFor(options.format, options.split),
    window: options.window,
    excludeHistory: options.excludeHistory,
    minimumUserInteractions: options.minimumUserInteractions,
    minimumItemInteractions: options.minimumItemInteractions,
    // One shard a request is for the environment; where there is none, one for all.
    ...(!needsAnswers && { shardItems: 1_000_000 }),
  });
  const source = {
    interactions: options.interactions,
    format: options.format,
    ...(items !== undefined && { items }),
  };
  const config = { interactions: options.reading, sequences };
  if (!needsAnswers) {
    const log = await readInteractions(source, config, hooks.onReport);
    return { built: buildSequences(log, sequences), answerer: undefined };
  }
  const { built, folder } = isWritten
    ? await prepareSequences(source, config, out, hooks.onReport)
    : {
        built: buildSequences(await readInteractions(source, config), sequences),
        folder: sequencesFolder(out),
      };
  const signal = hooks.signal ?? new AbortController().signal;
  const plan = { environments, baseModels: baseModels!, out };
  const onStage = (name: string, progress: number) =>
    hooks.onProgress?.({ stage: 'environment', name, progress });
  return { built, answerer: new EnvironmentAnswerer(plan, built, folder, signal, onStage) };
}

/** @throws ConfigError for a setting of `sequences` that there is not */
function parseSequences(value: object): SequencesConfig {
  const result = sequencesConfig.safeParse(value);
  if (result.success) return result.data;
  throw new ConfigError(`The experiment's "sequences" are not valid:\n${explain(result.error)}`);
}

/** The items' texts as they are, or handed out anew among the items of the vocabulary. */
export function textsOf(
  { vectors }: ReadOptions,
  { itemTable }: BuiltSequences,
): (isPermuted: boolean) => TextVectors | undefined {
  if (vectors === undefined) return () => undefined;
  const own = alignVectors(decodeItemVectors(readFileSync(vectors)), itemTable.itemIds);
  return (isPermuted) => (isPermuted ? permuteTexts(own) : own);
}

function permuteTexts(texts: TextVectors): TextVectors {
  const { dimension, known } = texts;
  const order = permutation(known.length / dimension, randomStream(1, 'texts'));
  const dealt = new Float32Array(known.length); // [items, dimension]
  order.forEach((from, item) => {
    dealt.set(known.subarray(from * dimension, (from + 1) * dimension), item * dimension);
  });
  return { ...texts, known: dealt };
}

/** Baselines, or with `asOf` the rivals of every night, as of then. */
export function scoreBaselines(
  built: BuiltSequences,
  asOf: AsOf | undefined,
): { readonly name: string; readonly ranks: SplitRanks; readonly seconds: number }[] {
  const begun = performance.now();
  const { manifest } = built;
  const data = { ...built, baskets: manifest.baskets };
  const ranked =
    asOf === undefined
      ? rankBaselines(data, built, manifest.excludeHistory)
      : rankRivals({
          ...manifest,
          ...built,
          cases: built,
          asOf,
          scorers: fitOnTraining(data, built.validation, manifest.excludeHistory),
        }).map((rival) => ({
          name: rival.model.name,
          ranks: { validation: rival.validation.ranks, test: rival.test.ranks },
        }));
  const seconds = round((performance.now() - begun) / 1000 / ranked.length);
  return ranked.map(({ name, ranks }) => ({ name, ranks, seconds }));
}

const round = (seconds: number) => Number(seconds.toFixed(1));
