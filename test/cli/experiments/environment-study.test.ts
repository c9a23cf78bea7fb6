import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { readStudy } from '#cli/experiments/environment-study/config.ts';
import { summariseStudy } from '#cli/experiments/environment-study/results.ts';
import { runStudy } from '#cli/experiments/environment-study/study.ts';
import { studyTable } from '#cli/experiments/environment-study/table.ts';
import { root } from '../../../setup/paths.mjs';
import { temporaryFolder } from '../../temporary/folders.ts';

let folder: string;
beforeAll(() => {
  folder = temporaryFolder('study');
  // Users walk a circle of 20 items.
  const interactions = Array.from({ length: 480 }, (_, at) => {
    const [user, step] = [Math.floor(at / 8), at % 8];
    return { user_id: `u${user}`, item_id: `i${(user * 3 + step) % 20}`, timestamp: 1.5e9 + step };
  });
  const items = Array.from({ length: 20 }, (_, item) => ({
    item_id: `i${item}`,
    title: `Stone ${item}`,
    colour: 'red',
  }));
  const lines = (rows: readonly object[]) =>
    `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`;
  writeFileSync(join(folder, 'interactions.jsonl.gz'), gzipSync(lines(interactions)));
  writeFileSync(join(folder, 'items.jsonl'), lines(items));
});

const study = {
  interactions: 'interactions.jsonl.gz',
  items: 'items.jsonl',
  baseModels: join(root, '.cache/base-models'),
  pipeline: {
    sequences: { window: 8, shardItems: 64, split: 'leave-one-out' },
    environment: { layers: 1, stateDimension: 8, candidates: 2, itemTokens: { epochs: 0.1 } },
    training: {
      dimension: 8,
      blocks: 1,
      maximumEpochs: 2,
      models: [
        { name: 'plain', backbone: 'sasrec', objective: 'supervised' },
        { name: 'with-lea', backbone: 'sasrec', objective: 'snqn', lea: {} },
      ],
    },
  },
  vary: { subsetFraction: [0.2, 0.5] },
  seeds: 1,
};

function write(name: string, change: object = {}): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify({ ...study, ...change }));
  return path;
}

describe('Function: runStudy', () => {
  it('fits, augments and trains every cell with the containers, and does nothing twice', async () => {
    // Arrange
    const plan = readStudy(write('study.json'));
    const out = join(folder, 'out');
    const stopping = new AbortController();
    const stages: string[] = [];
    const onProgress = (
      _: string,
      { name, stage, progress }: { name: string; stage: string; progress: number },
    ) => {
      if (progress === 1) stages.push(`${name} ${stage}`);
      if (stage === 'serve') stopping.abort(); // in the middle of the first cell
    };

    // Act: stopped, then run to the end, then run again
    await expect(runStudy(plan, out, stopping.signal, { onProgress })).rejects.toThrow('go on');
    const whenStopped = stages.length;
    const results = await runStudy(plan, out, new AbortController().signal, { onProgress });
    const inAll = stages.length;
    const again = await runStudy(plan, out, new AbortController().signal, { onProgress });

    // Assess
    expect(whenStopped).toBeGreaterThan(0);
    expect(stages.length).toBe(inAll);
    expect(stages.filter((stage) => stage === 'lea-environment metrics')).toHaveLength(2);
    expect(stages.filter((stage) => stage === 'lea-trainer rank').length).toBe(1 + 2);
    expect(again).toEqual(results);
    expect(JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(results)),
    );
    expect(results.cells.map(({ name }) => name)).toEqual([
      'subsetFraction=0.2',
      'subsetFraction=0.5',
    ]);
    for (const cell of results.cells) {
      const [recommender] = cell.recommenders;
      expect(cell.fit.cpuSeconds).toBeGreaterThan(0);
      expect(cell.augmentation!.transitions).toBe(results.data.trainTransitions);
      expect(cell.augmentation!.cpuSeconds).toBeGreaterThan(0);
      expect(cell.pairAccuracy).toBeGreaterThan(0);
      expect(recommender!.name).toBe('with-lea');
      expect(recommender!.bySeed).toEqual([recommender!.ndcg10]);
      expect(readdirSync(join(out, cell.folder, 'augmented'))).toHaveLength(results.data.shards);
      expect(cell.provenance.commit).not.toBe('');
    }
    expect(results.cells[1]!.fit.tokens).toBeGreaterThan(results.cells[0]!.fit.tokens);
    expect(results.plain[0]!.difference).toBeNull();
    expect(studyTable(results)).toContain('| 0.5 |');
  });

  it('trains what an environment is to beat with the same seeds, and does nothing twice', async () => {
    // Arrange: a model that reads rewards alone, and one that is joined with counts and reads actions
    const training = {
      ...study.pipeline.training,
      models: [
        { name: 'plain', backbone: 'sasrec', objective: 'snqn', prior: {} },
        {
          name: 'reward',
          backbone: 'sasrec',
          objective: 'snqn',
          lea: { state: 'off', augmentedWeight: 0 },
        },
        {
          name: 'actions',
          backbone: 'sasrec',
          objective: 'snqn',
          prior: {},
          lea: { state: 'off', reward: 'off' },
        },
      ],
    };
    const controls = ['rewards-permuted', 'states-permuted', 'actions-neighbours'];
    const plan = readStudy(
      write('controls.json', { pipeline: { ...study.pipeline, training }, vary: {}, controls }),
      'by-user',
    );
    const out = join(folder, 'controls');
    let trained = 0;
    const onProgress = (_: string, { stage, progress }: { stage: string; progress: number }) => {
      if (stage === 'rank' && progress === 1) trained++;
    };

    // Act
    const results = await runStudy(plan, out, new AbortController().signal, { onProgress });
    const afterOnce = trained;
    const again = await runStudy(plan, out, new AbortController().signal, { onProgress });

    // Assess: nobody reads states
    expect(afterOnce).toBe(5);
    expect(trained).toBe(afterOnce);
    expect(again).toEqual(results);
    expect(results.data.split).toBe('by-user');
    const [cell] = results.cells;
    expect(
      cell!.controls.map(({ name, recommenders }) => [name, recommenders.map((own) => own.name)]),
    ).toEqual([
      ['rewards-permuted', ['reward']],
      ['actions-neighbours', ['actions']],
    ]);
    const replaced = join(out, cell!.folder, 'controls/actions-neighbours/augmented');
    expect(readdirSync(replaced)).toHaveLength(results.data.shards);
    expect(studyTable(results)).toContain('| actions | actions, actions-neighbours |');
  });

  it('only fits where no recommender wants an environment', async () => {
    // Arrange
    const [plainModel] = study.pipeline.training.models;
    const training = { ...study.pipeline.training, models: [plainModel] };
    const plan = readStudy(
      write('fits.json', { pipeline: { ...study.pipeline, training }, vary: {} }),
    );
    const jobs = new Set<string>();

    // Act
    const results = await runStudy(plan, join(folder, 'fits'), new AbortController().signal, {
      onProgress: (_, { name, stage }) =>
        jobs.add(`${name} ${stage === 'serve' ? stage : 'train'}`),
    });

    // Assess
    expect([...jobs]).toEqual(['lea-environment train']);
    expect(results.cells[0]).toMatchObject({ augmentation: null, recommenders: [] });
    expect(studyTable(results)).not.toContain('NDCG');
  });

  it('passes on what a container says is wrong', async () => {
    // Arrange
    const pipeline = {
      ...study.pipeline,
      environment: { ...study.pipeline.environment, layers: 999 },
    };
    const plan = readStudy(write('layers.json', { pipeline, vary: {} }));

    // Act
    const run = runStudy(plan, join(folder, 'layers'), new AbortController().signal);

    // Assess
    await expect(run).rejects.toThrow(/option environment.layers asks for 999/);
  });
});

describe('Function: summariseStudy', () => {
  it('takes means over seeds and compares with the reference of the same users', () => {
    // Arrange: three users, ranks of two seeds; NDCG of rank 1 is 1, of rank 3 1/2, of rank 0 0
    const plan = readStudy(write('summary.json', { vary: {}, seeds: 2 }));
    const cases = { users: ['a', 'b', 'c'], offsets: new Int32Array(4), items: new Int32Array(0) };
    const built = { test: { ...cases, targets: Int32Array.of(1, 2, 3) }, manifest: {} };
    const ranked = (name: string, seed: number, ...ranks: number[]) => ({
      name,
      seed,
      ranks: Int32Array.from(ranks),
    });
    const cell = {
      cell: plan.cells[0]!,
      folder: 'cells/one',
      fit: {
        baseModel: 'base',
        baseModelOrigin: 'nowhere',
        parameters: 10,
        trainableParameters: 1,
        layers: 1,
        subsetFraction: 0.5,
        users: 4,
        pairAccuracy: 0.75,
        popularityPairAccuracy: 0.5,
        heldOutPositions: 8,
        recallAt10: 0.5,
        recallAt50: 0.5,
        popularityRecallAt10: 0.25,
        seconds: 1,
        tokens: 100,
        cpuSeconds: 3,
        itemTokenFlops: 1e12,
        adapterFlops: 2e12,
      },
      augmentation: { transitions: 500_000, cpuSeconds: 10 },
      recommenders: [ranked('with-lea', 1, 1, 1, 3), ranked('with-lea', 2, 1, 0, 3)],
      controls: [
        {
          name: 'rewards-permuted' as const,
          recommenders: [ranked('with-lea', 1, 0, 1, 3), ranked('with-lea', 2, 0, 0, 3)],
        },
      ],
      provenance: { commit: 'abc', machine: { processor: 'p', cores: 2 }, finishedAt: '' },
    };

    // Act
    const plain = [ranked('plain', 1, 1, 0, 3), ranked('plain', 2, 0, 0, 3)];
    const results = summariseStudy(plan, built as never, plain, [cell]);

    // Assess
    const [own] = results.cells[0]!.recommenders;
    expect(own!.bySeed).toEqual([2.5 / 3, 0.5]);
    expect(own!.ndcg10).toBeCloseTo(4 / 6, 12);
    expect(own!.difference!.difference).toBeCloseTo(4 / 6 - 2 / 6, 12);
    expect(own!.difference!.low).toBeLessThan(own!.difference!.difference);
    expect(results.plain).toMatchObject([{ name: 'plain', difference: null }]);
    expect(results.cells[0]!.augmentation!.cpuSecondsPerMillion).toBe(20);
    expect(results.cells[0]!.augmentation!.usdPerMillion).toBeGreaterThan(0);
    expect(results.cells[0]!.fit).toEqual({ cpuSeconds: 3, tokens: 100, flops: 3e12, users: 4 });
    const table = studyTable(results);
    expect(table).toContain('| 4 | 3 | 100 | 3.00 | 20 |');
    expect(table).toContain('| 0.6667 +- 0.2357 | +0.3333 (');
    const { controls, comparisons } = results.cells[0]!;
    expect(controls).toMatchObject([
      { name: 'rewards-permuted', recommenders: [{ name: 'with-lea', bySeed: [0.5, 0.5 / 3] }] },
    ]);
    expect(comparisons.map(({ a, b }) => [a, b])).toEqual([
      ['with-lea', 'plain'],
      ['with-lea', 'with-lea, rewards-permuted'],
    ]);
    // Both seeds lose what the first user gave.
    expect(comparisons[1]!.difference).toBeCloseTo(1 / 3, 12);
    expect(table).toContain('| with-lea | with-lea, rewards-permuted | +0.3333 (');
  });
});

describe('Function: readStudy', () => {
  it('makes a cell of every combination', () => {
    // Act
    const { cells, plain, augmented } = readStudy(
      write('grid.json', { vary: { layers: [1, null], 'adapter.rank': [4, 8] }, seeds: 3 }),
    );

    // Assess
    expect(cells.map(({ name }) => name)).toEqual([
      'layers=1, adapter.rank=4',
      'layers=1, adapter.rank=8',
      'layers=null, adapter.rank=4',
      'layers=null, adapter.rank=8',
    ]);
    expect(cells[3]!.config.environment).toMatchObject({ layers: null, candidates: 2 });
    expect(cells[3]!.config.environment.adapter).toMatchObject({ rank: 8, joint: true });
    expect(plain.map(({ model }) => model.seed)).toEqual([1, 2, 3]);
    expect(augmented).toHaveLength(3);
  });

  const { training } = study.pipeline;
  it.each([
    [{ vary: { layers: [0] } }, 'environment.layers'],
    [{ vary: { layer: [1] } }, 'environment.layer: unknown key'],
    [{ vary: { layers: [] } }, 'vary.layers'],
    [{ sedes: 1 }, 'sedes: unknown key'],
    [{ items: undefined }, 'items'],
    [
      { pipeline: { training: { ...training, models: training.models.slice(1) } } },
      'needs a model without "lea"',
    ],
    [{ controls: ['rewards-shuffled'] }, 'controls[0]'],
    [{ controls: ['states-permuted', 'states-permuted'] }, 'controls: each control once'],
    [
      {
        pipeline: {
          training: {
            ...training,
            models: training.models.map((model) => ({ ...model, text: {} })),
          },
        },
      },
      'give "vectors" too',
    ],
  ])('refuses %j', (change, message) => {
    expect(() => readStudy(write('wrong.json', change))).toThrow(message);
  });

  it('takes another split, and refuses one that there is not', () => {
    const path = write('split.json');
    expect(readStudy(path).cells[0]!.config.sequences.split).toBe('leave-one-out');
    expect(readStudy(path, 'global-time').cells[0]!.config.sequences.split).toBe('global-time');
    expect(() => readStudy(path, 'by-time')).toThrow('--split by-time');
  });

  it('refuses what is not there or is not JSON', () => {
    writeFileSync(join(folder, 'broken.json'), '{');
    expect(() => readStudy(join(folder, 'broken.json'))).toThrow('cannot be read as JSON');
    expect(() => readStudy(join(folder, 'missing.json'))).toThrow('missing.json');
  });

  it('names the line of a bad catalogue', async () => {
    // Arrange
    writeFileSync(
      join(folder, 'bad.jsonl'),
      '{"item_id": "i1", "title": "Stone"}\n{"item_id": {}, "title": "Stone"}\n',
    );
    const plan = readStudy(write('bad.json', { items: 'bad.jsonl' }));

    // Act & Assess
    const run = runStudy(plan, join(folder, 'bad'), new AbortController().signal);
    await expect(run).rejects.toThrow(
      /bad\.jsonl .*first in line 2: item_id must be text or a number/s,
    );
  });
});
