import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sequencesConfig } from '#lib/contracts/config/sequences.ts';
import { encodeAugmentedShard } from '#lib/environment/augmented-shard.ts';
import type { FittedScorers } from '#lib/evaluation/rivals/fit-scorers.ts';
import { type AllActionsManifest, countActions } from '#lib/sequences/all-actions.ts';
import { type BuiltSequences, buildSequences } from '#lib/sequences/build.ts';
import { encodeEvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import { encodeInteractionEvents } from '#lib/sequences/interaction-events.ts';
import { InteractionLog } from '#lib/sequences/interaction-log.ts';
import { encodeItemTable } from '#lib/sequences/item-table.ts';
import { encodeSequenceShard, type SequenceShard } from '#lib/sequences/shard.ts';
import { encodeScorers } from '#lib/serving/scorers-file.ts';
import { answerTo } from '../../lib/recommender/fixtures.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

/** A small log with a rule: after an item comes the next one of a circle, now and then another. */
export function smallSequences(items = 30, since?: number): BuiltSequences {
  const log = new InteractionLog({ eventRewards: {}, defaultReward: 1 });
  const part = log.part('log');
  for (let user = 0; user < 80; user++) {
    let item = (user * 7) % items;
    for (let step = 0; step < 6 + (user % 9); step++) {
      const row = { user_id: `u${user}`, item_id: `i${item}`, event_type: null };
      log.add({ ...row, timestamp: 1_600_000_000 + user + step * 100, line: step }, part);
      item = ((user + step) % 5 === 0 ? item * 3 + 2 : item + 1) % items;
    }
  }
  return buildSequences(
    log,
    sequencesConfig.parse({ split: 'leave-one-out', window: 8, shardItems: 256 }),
    since,
  );
}

/** `/opt/ml` of a job in a temporary folder. */
export interface JobFolder {
  readonly root: string;
  readonly path: (...parts: string[]) => string;
  /** Replaces `input/config/hyperparameters.json`. */
  readonly setHyperparameters: (values: Readonly<Record<string, unknown>>) => void;
  /** Writes rows into a channel. */
  readonly putRows: (channel: string, shards: readonly SequenceShard[]) => void;
  /** Writes what the night has fitted into channel `rivals`. */
  readonly putScorers: (on: 'training' | 'before-test', fitted: FittedScorers) => void;
}

/** Writes the input channels as S3 would be copied. */
export function createJob(built: BuiltSequences, { withAnswers = false } = {}): JobFolder {
  const root = temporaryFolder('trainer-job');
  const put = (path: string, content: string | Uint8Array) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  const sequences = 'input/data/sequences';
  put(`${sequences}/items.arrow`, encodeItemTable(built.itemTable));
  put(`${sequences}/manifest.json`, JSON.stringify(built.manifest));
  put(`${sequences}/evaluation/validation.arrow`, encodeEvaluationCases(built.validation));
  put(`${sequences}/evaluation/test.arrow`, encodeEvaluationCases(built.test));
  put(`${sequences}/events.arrow`, encodeInteractionEvents(built.events));
  if (built.arrived !== undefined) {
    put(`${sequences}/evaluation/arrived.arrow`, encodeEvaluationCases(built.arrived));
  }
  built.shards.forEach((shard, index) => {
    const name = `part-${String(index).padStart(5, '0')}.arrow`;
    put(`${sequences}/train/${name}`, encodeSequenceShard(shard));
    if (withAnswers) {
      const answer = answerTo(shard, { items: built.manifest.items });
      put(`input/data/augmented/${name}`, encodeAugmentedShard(answer));
    }
  });
  const putRows = (channel: string, shards: readonly SequenceShard[]) => {
    shards.forEach((shard, index) => {
      const name = `part-${String(index).padStart(5, '0')}.arrow`;
      put(`input/data/${channel}/${name}`, encodeSequenceShard(shard));
    });
    const manifest: AllActionsManifest = {
      parts: shards.length,
      rows: shards.reduce((sum, { users }) => sum + users.length, 0),
      actions: countActions(shards),
      dataHash: built.manifest.dataHash,
    };
    put(`input/data/${channel}/manifest.json`, JSON.stringify(manifest));
  };
  putRows('all-actions', built.allActions);
  return {
    root,
    path: (...parts) => join(root, ...parts),
    setHyperparameters: (values) => {
      put('input/config/hyperparameters.json', JSON.stringify(values));
    },
    putRows,
    putScorers: (on, fitted) => {
      const { description, weights } = encodeScorers(fitted, built.manifest);
      put(`input/data/rivals/${on}/model.json`, JSON.stringify(description));
      put(`input/data/rivals/${on}/weights.bin`, weights);
    },
  };
}

/** Hyperparameters of a training job, as SageMaker passes them. */
export function trainingJob(
  model: Readonly<Record<string, unknown>>,
  training: Readonly<Record<string, unknown>> = {},
): Record<string, string> {
  return {
    task: 'train',
    run: '2026-11-23',
    recipe: '0123456789abcdef',
    model: JSON.stringify({ name: 'model', backbone: 'sasrec', objective: 'supervised', ...model }),
    training: JSON.stringify({ dimension: 8, blocks: 1, batchTargets: 64, ...training }),
  };
}
