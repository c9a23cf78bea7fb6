import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { readStudy } from '#cli/experiments/environment-study/config.ts';
import { runStudy } from '#cli/experiments/environment-study/study.ts';
import { studyTable } from '#cli/experiments/environment-study/table.ts';
import type { ExperimentProgress } from '#cli/experiments/experiment-hooks.ts';
import { planExperiment } from '#cli/experiments/options.ts';
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
  it('is an experiment with every environment of the grid, whose costs stand beside what comes of them', async () => {
    // Arrange
    const plan = readStudy(write('study.json'));
    const out = join(folder, 'out');
    const stopping = new AbortController();
    const stages = new Set<string>();
    const onProgress = (own: ExperimentProgress) => {
      if (own.stage !== 'environment') return;
      if (own.progress === 1) stages.add(own.name);
      if (own.name.endsWith('serve')) stopping.abort(); // in the middle of the first environment
    };

    // Act: stopped, then run to the end, then run again
    const run = runStudy(plan, out, 1, { onProgress, signal: stopping.signal });
    await expect(run).rejects.toThrow('go on');
    expect(stages.size).toBeGreaterThan(0);
    const study = await runStudy(plan, out, 1);
    let trained = 0;
    const again = await runStudy(plan, out, 1, {
      onProgress: ({ stage }) => {
        if (stage === 'train' || stage === 'environment') trained++;
      },
    });

    // Assess
    expect(trained).toBe(0);
    expect(again.models).toEqual(study.models);
    expect(JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(again)),
    );
    const names = ['with-lea+subsetFraction=0.2', 'with-lea+subsetFraction=0.5'];
    expect(study.summary.map(({ name }) => name)).toEqual(['plain', ...names]);
    expect(study.frontier.map(({ recommenders }) => recommenders[0]!.name)).toEqual(names);
    expect(study.reference).toMatchObject({ name: 'plain', difference: null });
    for (const {
      environment,
      cpuSecondsPerMillion,
      usdPerMillion,
      recommenders,
    } of study.frontier) {
      expect(environment.fitCpuSeconds).toBeGreaterThan(0);
      expect(environment.transitions).toBe(study.data.trainTransitions);
      expect(cpuSecondsPerMillion).toBeCloseTo(
        (1e6 * environment.askCpuSeconds!) / environment.transitions,
        6,
      );
      expect(usdPerMillion).toBeGreaterThan(0);
      expect(recommenders[0]!.difference).toMatchObject({ b: 'plain' });
      // The same statistics as any experiment: one of the grid's comparisons.
      expect(study.grid).toContainEqual(recommenders[0]!.difference);
    }
    const [small, large] = study.frontier;
    expect(large!.environment.tokens).toBeGreaterThan(small!.environment.tokens);
    const table = studyTable(study);
    expect(table).toContain('| 0.5 |');
    expect(table).toContain('Noise floor');
  });

  it('trains what an environment is to beat: itself on less than it says, a random base model, other texts', async () => {
    // Arrange
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
      ],
    };
    const controls = [
      ...['rewards-permuted', 'states-permuted'],
      ...['texts-permuted', 'base-model-random'],
    ];
    const primary = { model: 'reward+environment', against: 'plain' };
    const file = { pipeline: { ...study.pipeline, training }, vary: {}, controls, primary };

    // Act: nobody reads states, which is said
    expect(() =>
      planExperiment({ ...readStudy(write('idle.json', file)).experiment, out: 'out' }),
    ).toThrow('"states-permuted" replaces nothing');
    const plan = readStudy(
      write('controls.json', {
        ...file,
        controls: controls.filter((name) => name !== 'states-permuted'),
      }),
      'by-user',
    );
    const results = await runStudy(plan, join(folder, 'controls'), 1);

    // Assess
    expect(results.data.split).toBe('by-user');
    const own = 'reward+environment';
    expect(results.summary.filter((each) => each.controls === own).map(({ name }) => name)).toEqual(
      ['rewards-permuted', 'texts-permuted', 'base-model-random'].map((name) => `${own}, ${name}`),
    );
    expect(results.primary).toMatchObject({ a: own, b: 'plain' });
    const made = results.environments.map(({ name }) => name);
    expect(made).toEqual([
      'environment',
      'environment, texts-permuted',
      'environment, base-model-random',
    ]);
    const [asIs, texts, random] = results.environments;
    // The same users and shape, and another thing learned.
    expect(random!.parameters).toBe(asIs!.parameters);
    expect(random!.users).toBe(texts!.users);
    const logs = readdirSync(join(folder, 'controls/environments')).map((name) =>
      JSON.parse(
        readFileSync(
          join(folder, 'controls/environments', name, 'environment/model/metrics.json'),
          'utf8',
        ),
      ),
    );
    expect(
      logs.filter(({ baseModelOrigin }) => baseModelOrigin.startsWith('random weights')),
    ).toHaveLength(1);
    expect(studyTable(results)).toContain('itself, base-model-random');
  });

  it('only fits where no recommender wants an environment', async () => {
    // Arrange
    const [plainModel] = study.pipeline.training.models;
    const training = { ...study.pipeline.training, models: [plainModel] };
    const plan = readStudy(
      write('fits.json', { pipeline: { ...study.pipeline, training }, vary: {} }),
    );
    const stages = new Set<string>();

    // Act
    const results = await runStudy(plan, join(folder, 'fits'), 1, {
      onProgress: (own) => {
        if (own.stage === 'environment') stages.add(own.name.endsWith('serve') ? 'serve' : 'fit');
        else stages.add(own.stage);
      },
    });

    // Assess
    expect([...stages]).toEqual(['read', 'fit']);
    expect(results.frontier[0]).toMatchObject({ cpuSecondsPerMillion: null, recommenders: [] });
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
    const run = runStudy(plan, join(folder, 'layers'), 1);

    // Assess
    await expect(run).rejects.toThrow(/option environment.layers asks for 999/);
  });
});

describe('Function: readStudy', () => {
  it('makes a cell of every combination', () => {
    // Act
    const { cells, experiment } = readStudy(
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
    expect(experiment.seeds).toBe(3);
    expect(Object.keys(experiment.environments!)).toEqual(cells.map(({ name }) => name));
    expect(experiment.models).toMatchObject([{ name: 'plain' }, { name: 'with-lea' }]);
    expect(experiment.sequences).toMatchObject({ shardItems: 64 });
    expect(planExperiment({ ...experiment, out: 'out' }).cells).toHaveLength(3 * (1 + 4));
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

  it.each(['environment-study.json', 'lea-parts.json', 'lea-controls.json', 'cheaper-fit.json'])(
    'reads examples/movietweetings/%s, which can be planned',
    (name) => {
      const { experiment } = readStudy(join(root, 'examples/movietweetings', name));
      const { cells } = planExperiment({ ...experiment, out: 'out' });
      expect(cells.length % experiment.seeds!).toBe(0);
    },
  );

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
    const run = runStudy(plan, join(folder, 'bad'), 1);
    await expect(run).rejects.toThrow(
      /bad\.jsonl .*first in line 2: item_id must be text or a number/s,
    );
  });
});
