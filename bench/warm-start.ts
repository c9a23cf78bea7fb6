import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { resolveModel } from '#lib/contracts/config/presets.ts';
import { sequencesConfig } from '#lib/contracts/config/sequences.ts';
import { modelConfig, trainingSettings } from '#lib/contracts/config/training.ts';
import { compareRanks } from '#lib/evaluation/compare-ranks.ts';
import { judgeNetwork } from '#lib/evaluation/network-blend.ts';
import { networkHistories } from '#lib/evaluation/network-histories.ts';
import { collectRows } from '#lib/recommender/data/training-rows.ts';
import { trainModel } from '#lib/recommender/trainer.ts';
import type { EarlierModel } from '#lib/recommender/warm-start.ts';
import { buildSequences } from '#lib/sequences/build.ts';
import { InteractionLog } from '#lib/sequences/interaction-log.ts';
import { base64Of, floatsOf } from './shared/floats.ts';
import { readLog } from './shared/log.ts';

/**
 * `npm run bench -- warm-start [--interactions FILE] [--model FILE] [--share 0.01] [--nights 1] [--seed N] [--patience 1,2,5]
 * [--out FOLDER]`: whether a training may begin from the last night's weights. A model is trained on the log without its newest
 * share; each night adds that share, and trains afresh and from the weights of the night before, patience by patience. Both are
 * judged on the test cases of the last night, alone and joined as they are served; a training is kept in the folder.
 */
const { values } = parseArgs({
  options: {
    interactions: { type: 'string', default: 'examples/movietweetings/interactions.jsonl.gz' },
    model: { type: 'string' },
    share: { type: 'string', default: '0.01' },
    nights: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    patience: { type: 'string', default: '5' },
    out: { type: 'string', default: 'out/bench-warm-start' },
  },
});
const usual = { name: 'model', backbone: 'sasrec', objective: 'supervised', prior: {} };
const given: unknown =
  values.model === undefined ? usual : JSON.parse(readFileSync(values.model, 'utf8'));
const model = resolveModel(trainingSettings.parse({}), {
  ...modelConfig.parse(given),
  seed: Number(values.seed),
});
const rows = await readLog(values.interactions);
rows.sort((a, b) => a.timestamp - b.timestamp || a.line - b.line);

/** The sequences of a night: without the newest actions. */
function sequencesWithout(nights: number) {
  const log = new InteractionLog({ eventRewards: {}, defaultReward: 1 });
  const part = log.part('bench');
  const left = Math.round(rows.length * (1 - nights * Number(values.share)));
  for (const row of rows.slice(0, left)) log.add(row, part);
  return buildSequences(log, sequencesConfig.parse({ shardItems: 1_000_000 }));
}

type Built = ReturnType<typeof sequencesWithout>;

interface Kept {
  readonly parameters: Record<string, string>;
  readonly itemIds: readonly string[];
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly cpuSeconds: number;
  /** Ranks of the test cases, from 1. */
  readonly alone: readonly number[];
  readonly joined: readonly number[];
  readonly validation: number;
}

/** Trains, or reads what an earlier call trained. */
async function train(
  built: Built,
  name: string,
  patience: number,
  earlier?: EarlierModel,
): Promise<Kept> {
  const { itemTable, manifest, shards, validation, test } = built;
  const folder = join(values.out, `${model.name}-seed${values.seed}`);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}-${manifest.dataHash.slice(0, 8)}.json`);
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8'));
  const parts = shards.map((sequences) => ({ sequences, augmented: undefined }));
  const training = await collectRows(parts, undefined, itemTable.counts);
  const { window, excludeHistory, baskets, split } = manifest;
  const before = process.cpuUsage();
  const trained = await trainModel({
    model: { ...model, patience, warmPatience: patience },
    rows: training,
    window,
    excludeHistory,
    baskets,
    validation,
    warm: earlier && { earlier, itemIds: itemTable.itemIds },
  });
  const { user, system } = process.cpuUsage(before);
  const judged = judgeNetwork(
    {
      backbone: model.backbone,
      shape: { ...trained.network.shape, items: itemTable.itemIds.length },
      excludeHistory,
      weights: trained.weights,
    },
    networkHistories({ itemTable, shards, baskets }, validation, excludeHistory, model.prior),
    model.prior,
    { events: built.events, split },
    built,
  );
  const kept: Kept = {
    parameters: Object.fromEntries(
      [...trained.parameters].map(([own, floats]) => [own, base64Of(floats)]),
    ),
    itemIds: itemTable.itemIds,
    epochs: trained.curve.length,
    bestEpoch: trained.bestEpoch,
    cpuSeconds: (user + system) / 1e6,
    alone: [...trained.rank(test)],
    joined: [...judged.test.ranks],
    validation: Math.max(...trained.curve.map((epoch) => epoch['validation_ndcg@10'])),
  };
  trained.dispose();
  writeFileSync(path, JSON.stringify(kept));
  return kept;
}

const earlierOf = ({ parameters, itemIds }: Kept): EarlierModel => ({
  parameters: new Map(Object.entries(parameters).map(([name, text]) => [name, floatsOf(text)])),
  itemIds,
});

const nights = Number(values.nights);
const first = await train(sequencesWithout(nights), 'first', model.patience);
const last = sequencesWithout(0);
const afresh = await train(last, 'afresh', model.patience);
for (const patience of values.patience.split(',').map(Number)) {
  let before = first;
  let cpuSeconds = 0;
  for (let night = nights - 1; night >= 0; night--) {
    const name = `warm-${patience}-${nights}`;
    before = await train(sequencesWithout(night), name, patience, earlierOf(before));
    cpuSeconds += before.cpuSeconds;
  }
  for (const how of ['alone', 'joined'] as const) {
    const { a, b, difference } = compareRanks(
      last.test.users,
      Int32Array.from(before[how]),
      Int32Array.from(afresh[how]),
      { bootstrapSamples: 1000, confidence: 0.95, seed: 1 },
    );
    report(`${how}, ndcg@10 of ${last.test.targets.length} test cases`, a.value, b.value, {
      difference: [difference.value, difference.low, difference.high].map((own) =>
        Number(own.toFixed(4)),
      ),
    });
  }
  report('CPU seconds of a training', cpuSeconds / nights, afresh.cpuSeconds);
  report('epochs', before.epochs, afresh.epochs, { best: [before.bestEpoch, afresh.bestEpoch] });

  function report(metric: string, value: number, peerValue: number, more: object = {}): void {
    console.log(
      JSON.stringify({
        bench: 'warm-start',
        case: `seed ${values.seed}, ${nights} nights of ${values.share}, patience ${patience}`,
        metric,
        value: Number(value.toPrecision(4)),
        unit: '',
        peer: 'trained afresh',
        peerValue: Number(peerValue.toPrecision(4)),
        ratio: Number((value / peerValue).toPrecision(3)),
        ...more,
      }),
    );
  }
}
