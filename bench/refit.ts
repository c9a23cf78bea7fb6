import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { resolveModel } from '#lib/contracts/config/presets.ts';
import { sequencesConfig } from '#lib/contracts/config/sequences.ts';
import { modelConfig, trainingSettings } from '#lib/contracts/config/training.ts';
import { compareRanks } from '#lib/evaluation/compare-ranks.ts';
import {
  type BlendedNetwork,
  judgeNetwork,
  rankNetworkAbroad,
} from '#lib/evaluation/network-blend.ts';
import { networkHistories } from '#lib/evaluation/network-histories.ts';
import { refitHistories } from '#lib/evaluation/refit.ts';
import { fitOnTraining } from '#lib/evaluation/rivals/fit-scorers.ts';
import { rankRivals } from '#lib/evaluation/rivals/rivals.ts';
import { collectRows } from '#lib/recommender/data/training-rows.ts';
import { refitModel } from '#lib/recommender/refit.ts';
import { trainModel } from '#lib/recommender/trainer.ts';
import { buildSequences } from '#lib/sequences/build.ts';
import { InteractionLog } from '#lib/sequences/interaction-log.ts';
import { decodeBlend } from '#lib/serving/blend-file.ts';
import { rankWithBlend } from '#lib/serving/rank-blend.ts';
import { rivalFiles } from '#lib/serving/rival-files.ts';
import { refitRival } from '#lib/serving/rival-refit.ts';
import { base64Of, floatsOf } from './shared/floats.ts';
import { readLog } from './shared/log.ts';

/**
 * `npm run bench -- refit [--interactions FILE] [--cuts 28,21,14,7] [--days 7] [--passes 1,2,4] [--shares 0.1,0.3,1]
 * [--model FILE] [--seed N] [--out FOLDER]`: what fitting the winner on everything gives. For each cut the log ends some days
 * before its end; a model is trained on that as a night does (the newest tenths held out), then fitted on all of it; both are
 * scored on what the `--days` after the cut bring, with the history before each action, beside the rivals, which are chosen on
 * the same held-out tenths and counted again on all of it, as a night would serve them. A model that is trained is kept in
 * the folder, so that the bench can be run in pieces. The last lines take the cuts together, users resampled whole.
 */
const { values } = parseArgs({
  options: {
    interactions: { type: 'string', default: 'examples/movietweetings/interactions.jsonl.gz' },
    cuts: { type: 'string', default: '28,21,14,7' },
    days: { type: 'string', default: '7' },
    passes: { type: 'string', default: '1,2,4' },
    shares: { type: 'string', default: '0.1,0.3,1' },
    model: { type: 'string' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string', default: 'out/bench-refit' },
  },
});
const numbers = (text: string) => text.split(',').map(Number);
const day = 86_400;
const usual = { name: 'model', backbone: 'sasrec', objective: 'supervised', prior: {} };
const given: unknown =
  values.model === undefined ? usual : JSON.parse(readFileSync(values.model, 'utf8'));
const model = resolveModel(trainingSettings.parse({}), {
  ...modelConfig.parse(given),
  seed: Number(values.seed),
});
const sequences = sequencesConfig.parse({ shardItems: 1_000_000 });
const rows = await readLog(values.interactions);
const end = rows.reduce((newest, { timestamp }) => Math.max(newest, timestamp), 0);

/** The log up to a time. */
function upTo(time: number): InteractionLog {
  const log = new InteractionLog({ eventRewards: {}, defaultReward: 1 });
  const part = log.part('bench');
  for (const row of rows) if (row.timestamp <= time) log.add(row, part);
  return log;
}

interface Trained {
  readonly parameters: Record<string, string>;
  readonly course: { epochs: number; bestEpoch: number; steps: number };
}

/** Prints what a ranker has beside another, with an interval over users. */
function tellDifference(
  name: string,
  users: readonly string[],
  ranks: Int32Array,
  peer: string,
  peers: Int32Array,
): void {
  const { a, b, difference } = compareRanks(users, ranks, peers, {
    bootstrapSamples: 1000,
    confidence: 0.95,
    seed: 1,
  });
  console.log(
    JSON.stringify({
      bench: 'refit',
      case: name,
      metric: 'ndcg@10',
      value: Number(a.value.toFixed(4)),
      unit: `of ${users.length} cases`,
      peer,
      peerValue: Number(b.value.toFixed(4)),
      ratio: Number((a.value / b.value).toFixed(3)),
      difference: [difference.value, difference.low, difference.high].map((number) =>
        Number(number.toFixed(4)),
      ),
    }),
  );
}

/** Ranks of all cuts, by ranker and rival. */
const pooled = new Map<string, { users: string[]; ranks: number[]; peers: number[] }>();

function together(
  name: string,
  rival: string,
  users: readonly string[],
  ranks: Int32Array,
  peers: Int32Array,
): void {
  const key = JSON.stringify([name, rival]);
  const kept = pooled.get(key) ?? { users: [], ranks: [], peers: [] };
  users.forEach((user, at) => {
    kept.users.push(user);
    kept.ranks.push(ranks[at]!);
    kept.peers.push(peers[at]!);
  });
  pooled.set(key, kept);
}

for (const days of numbers(values.cuts)) {
  const cut = end - days * day;
  const before = buildSequences(upTo(cut), sequences);
  const after = buildSequences(upTo(cut + Number(values.days) * day), sequences, cut);
  const { itemIds, counts } = before.itemTable;
  const { window, excludeHistory, baskets, split } = before.manifest;
  const trainingRows = await collectRows(
    before.shards.map((shard) => ({ sequences: shard, augmented: undefined })),
    undefined,
    counts,
  );
  const folder = join(values.out, `${model.name}-seed${values.seed}`);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `cut${days}-${before.manifest.dataHash.slice(0, 8)}.json`);
  const task = {
    model,
    rows: trainingRows,
    window,
    excludeHistory,
    baskets,
    validation: before.validation,
  };
  if (!existsSync(path)) {
    const trained = await trainModel(task);
    const { curve, bestEpoch, steps, parameters } = trained;
    const kept: Trained = {
      parameters: Object.fromEntries([...parameters].map(([name, own]) => [name, base64Of(own)])),
      course: { epochs: curve.length, bestEpoch, steps },
    };
    writeFileSync(path, JSON.stringify(kept));
    trained.dispose();
  }
  const kept = JSON.parse(readFileSync(path, 'utf8')) as Trained;
  const parameters = new Map(
    Object.entries(kept.parameters).map(([name, text]) => [name, floatsOf(text)]),
  );
  const refitted = async (passes: number, share: number) => {
    const trained = await refitModel({
      model: { ...model, refitPasses: passes, refitLearningRate: share },
      parameters,
      course: kept.course,
      shards: before.allActions,
      items: itemIds.length,
      window,
      excludeHistory,
      baskets,
      text: undefined,
    });
    trained.dispose();
    return trained;
  };
  const best = await refitted(0, 1);
  const network = {
    backbone: model.backbone,
    shape: { ...best.network.shape, items: itemIds.length },
    excludeHistory,
    weights: best.weights,
  };
  const { itemTable, shards, allActions } = before;
  const all = { itemTable, shards: allActions, baskets };
  const { served } = judgeNetwork(
    network,
    networkHistories(
      { itemTable, shards, baskets },
      before.validation,
      excludeHistory,
      model.prior,
    ),
    model.prior,
    { events: before.events, split },
    before,
  );
  const cases = after.arrived!;
  const rank = (one: BlendedNetwork) =>
    rankNetworkAbroad(
      one,
      { events: after.events, split },
      cases,
      after.itemTable.itemIds,
      itemIds,
    );
  const alone = (one: BlendedNetwork): BlendedNetwork => ({
    network: one.network,
    blend: undefined,
    histories: undefined,
  });
  const judged = { joined: rank(served), alone: rank(alone(served)) };
  const place = `${days} days before the end`;
  const tell = (name: string, refitted: BlendedNetwork) => {
    const joined = rank(refitted);
    tellDifference(`${place}, joined, ${name}`, cases.users, joined, 'judged', judged.joined);
    tellDifference(
      `${place}, alone, ${name}`,
      cases.users,
      rank(alone(refitted)),
      'judged',
      judged.alone,
    );
    for (const [rival, ranks] of rivals) {
      tellDifference(`${place}, joined, ${name}`, cases.users, joined, rival, ranks);
      together(`joined, ${name}`, rival, cases.users, joined, ranks);
    }
  };
  const rivals = rankRivals({
    ...{ itemTable, events: before.events, excludeHistory, window, split },
    scorers: fitOnTraining({ itemTable, shards, baskets }, before.validation, excludeHistory),
    cases: before,
    asOf: model.prior?.asOf ?? 'request',
  })
    .filter(({ model: { name } }) => name.endsWith('recent') || name === 'recent-popularity')
    .map(({ model: rival }) => {
      const { description, weights } = rivalFiles(rival);
      const counted = refitRival(decodeBlend(description, weights), all);
      const world = { cases, itemIds: after.itemTable.itemIds, events: after.events, split };
      const asOf = model.prior?.asOf ?? 'request';
      return [rival.name, rankWithBlend(counted, itemIds, { ...world, asOf })] as const;
    });
  tell('rules counted again', refitHistories(served, all));
  for (const passes of numbers(values.passes)) {
    for (const share of numbers(values.shares)) {
      const { weights } = await refitted(passes, share);
      const joined = { ...served, network: { ...served.network, weights } };
      tell(`${passes} passes at ${share} of the rate`, refitHistories(joined, all));
    }
  }
}
for (const [key, { users, ranks, peers }] of pooled) {
  const [name, rival] = JSON.parse(key) as [string, string];
  tellDifference(`all cuts, ${name}`, users, Int32Array.from(ranks), rival, Int32Array.from(peers));
}
