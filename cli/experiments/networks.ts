import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ResolvedModel } from '#lib/contracts/config/training.ts';
import { PipelineError } from '#lib/contracts/errors.ts';
import type { AugmentedShard } from '#lib/environment/augmented-shard.ts';
import { nativeBackend } from '#lib/graph/tensorflow.ts';
import { collectRows } from '#lib/recommender/data/training-rows.ts';
import { decodeModel, encodeModel, type RecommenderModel } from '#lib/recommender/model-file.ts';
import type { TextVectors } from '#lib/recommender/text-table.ts';
import { trainModel } from '#lib/recommender/trainer.ts';
import type { TrainingHooks } from '#lib/recommender/training-task.ts';
import type { BuiltSequences } from '#lib/sequences/build.ts';
import { loadCheckpoint, saveCheckpoint } from '../../containers/trainer/checkpoints.ts';
import { copyNeighbours } from '../../containers/trainer/neighbour-answers.ts';
import { fingerprintOf } from './cells.ts';
import type { CurvePoint } from './results.ts';
import { writeWhole } from './whole-file.ts';

/** A network and how it was trained. */
export interface TrainedNetwork {
  readonly network: RecommenderModel;
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly seconds: number;
  /** By epoch; none of a network of an earlier release. */
  readonly curve: readonly CurvePoint[];
}

/** What an environment says of the training shards, in their order. */
export interface EnvironmentAnswers {
  readonly shards: readonly AugmentedShard[];
  /** Tells these answers from others. */
  readonly hash: string;
}

/**
 * Trains a network, or reads the one that was trained in this folder with the same settings on the same data: what its
 * scores are joined with afterwards (`prior`) takes no other training.
 *
 * @throws PipelineError `Stopped` if the hooks ended it
 */
export async function networkOf(
  built: BuiltSequences,
  model: ResolvedModel,
  text: TextVectors | undefined,
  out: string,
  hooks: Pick<TrainingHooks, 'shouldStop' | 'onProgress'>,
  answers?: EnvironmentAnswers,
): Promise<TrainedNetwork> {
  const { dataHash, excludeHistory, baskets, window, items } = built.manifest;
  const alone = { ...model, prior: undefined };
  const learnedFrom = answers === undefined ? dataHash : `${dataHash} ${answers.hash}`;
  const fingerprint = fingerprintOf(alone, learnedFrom, excludeHistory, text?.known);
  const folder = join(out, 'networks', fingerprint.slice(0, 16));
  const path = (name: string) => join(folder, name);
  if (existsSync(path('trained.json'))) {
    nativeBackend();
    const description = JSON.parse(readFileSync(path('model.json'), 'utf8'));
    return {
      network: decodeModel(description, readFileSync(path('weights.bin'))),
      curve: [],
      ...JSON.parse(readFileSync(path('trained.json'), 'utf8')),
    };
  }
  const begun = performance.now();
  const checkpoints = path('checkpoints');
  const asked = built.shards.map((sequences, at) => ({
    sequences,
    augmented: answers?.shards[at],
  }));
  const isNeighbours = model.lea?.actions === 'neighbours';
  const parts = isNeighbours
    ? copyNeighbours(asked, { itemTable: built.itemTable, ...built.manifest })
    : asked;
  const trained = await trainModel(
    {
      model,
      rows: await collectRows(parts, model.lea, built.itemTable.counts),
      window,
      excludeHistory,
      baskets,
      validation: built.validation,
      text,
    },
    {
      ...hooks,
      resumeFrom: loadCheckpoint(checkpoints, fingerprint, () => undefined),
      saveCheckpoint: (state) => saveCheckpoint(checkpoints, state, fingerprint),
    },
  );
  try {
    if (trained.wasStopped) {
      throw new PipelineError('Stopped', `Stopped in seed ${model.seed}; run again to go on.`);
    }
    const network: RecommenderModel = {
      backbone: model.backbone,
      shape: { ...trained.network.shape, items: items + trained.otherIds.length },
      excludeHistory,
      weights: trained.weights,
    };
    const { description, weights } = encodeModel(network);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path('weights.bin'), weights);
    writeWhole(path('model.json'), description);
    const history = {
      epochs: trained.curve.length,
      bestEpoch: trained.bestEpoch,
      seconds: Number(((performance.now() - begun) / 1000).toFixed(1)),
      curve: trained.curve.map(
        ({ epoch, loss, 'validation_ndcg@10': ndcg10 }): CurvePoint => ({
          ...{ epoch, loss, 'validation_ndcg@10': ndcg10 },
        }),
      ),
    };
    writeWhole(path('trained.json'), history);
    rmSync(checkpoints, { recursive: true, force: true });
    return { network, ...history };
  } finally {
    trained.dispose();
  }
}
