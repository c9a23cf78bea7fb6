import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { controlNames } from '#cli/experiments/environment-study/controls.ts';
import { runExperiment } from '#cli/experiments/experiment.ts';
import { renderExperiment } from '#cli/experiments/experiment-page.ts';
import { experimentPicture, experimentTable } from '#cli/experiments/table.ts';
import { root } from '../../../setup/paths.mjs';
import { temporaryFolder } from '../../temporary/folders.ts';

let folder: string;

beforeAll(() => {
  folder = temporaryFolder('experiment');
});

/** Users walk a circle of 20 items. */
function writeSequences(name: string, repeat = false): string {
  const lines = Array.from({ length: 60 }, (_, user) => {
    const items = Array.from({ length: 5 + (user % 6) }, (_, step) => `i${(user * 3 + step) % 20}`);
    return `u${user} ${items.join(' ')}${repeat ? ` ${items[0]} ${items[0]} ${items[0]}` : ''}`;
  });
  const path = join(folder, name);
  const text = `${lines.join('\n')}\n`;
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
  return path;
}

const quick = { dimension: 8, blocks: 1, batchTargets: 64, maximumEpochs: 4, learningRate: 0.02 };

const common = {
  format: 'sequences' as const,
  split: 'leave-one-out' as const,
  window: 8,
  training: quick,
};

describe('Function: runExperiment', () => {
  it('trains the grid, scores it beside baselines, and does not repeat what is done', async () => {
    // Arrange
    const interactions = writeSequences('circle.txt.gz');
    const options = {
      ...common,
      interactions,
      out: join(folder, 'out'),
      models: ['sasrec:supervised', 'gru4rec:sqn:dimension=12'],
      seeds: 2,
    };
    let trainedEpochs = 0;
    let stopAt = 5;

    // Act: stopped in the middle, then run to the end, then run again
    const hooks = {
      onProgress: ({ stage }: { stage: string }) => {
        if (stage === 'train') trainedEpochs++;
      },
      shouldStop: () => trainedEpochs >= stopAt,
    };
    await expect(runExperiment(options, hooks)).rejects.toThrow('run again to go on');
    stopAt = Number.POSITIVE_INFINITY;
    const { results, path } = await runExperiment(options, hooks);
    const epochsInAll = trainedEpochs;
    const again = await runExperiment(options, hooks);

    // Assess
    expect(epochsInAll).toBe(16);
    expect(trainedEpochs).toBe(16);
    expect(again.results.models).toEqual(results.models);
    const written = JSON.parse(readFileSync(path, 'utf8'));
    expect(written).toEqual(JSON.parse(JSON.stringify(results)));
    expect(results.models.map(({ name, seed }) => [name, seed])).toEqual([
      ['sasrec:supervised', 1],
      ['sasrec:supervised', 2],
      ['gru4rec:sqn:dimension=12', 1],
      ['gru4rec:sqn:dimension=12', 2],
    ]);
    for (const model of results.models) {
      expect(model.hr10).toBeGreaterThan(0.5);
      expect(model.hr5).toBeLessThanOrEqual(model.hr10);
      expect(model.ndcg10).toBeLessThanOrEqual(model.hr10);
      expect(model.manifest.settings.seed).toBe(model.seed);
      expect(model.manifest.versions).toHaveProperty('tensorflow');
    }
    expect(results.models[2]!.manifest.settings.dimension).toBe(12);
    // Nobody repeats an item, so a repeat is never right.
    expect(results.data).toMatchObject({ excludeHistory: true, users: 60, items: 20 });
    expect(results.baselines.map(({ name }) => name)).toContain('popularity');
    expect(experimentTable(results)).toContain('| gru4rec:sqn:dimension=12 | 2 |');
    const sasrec = results.comparisons.find(
      ({ a, b }) => a === 'sasrec:supervised' && b === 'popularity',
    )!;
    const popularity = results.baselines.find(({ name }) => name === 'popularity')!;
    const mean = results.summary[0]!.mean.ndcg10;
    expect(sasrec.difference).toBeCloseTo(mean - popularity.ndcg10, 12);
    expect(sasrec.low).toBeGreaterThan(0);
    // Every model beside the best rival on validation, and the others beside the first model.
    expect(results.grid.map(({ a, b }) => [a, b])).toEqual([
      ['sasrec:supervised', 'sequential-rules'],
      ['gru4rec:sqn:dimension=12', 'sequential-rules'],
      ['gru4rec:sqn:dimension=12', 'sasrec:supervised'],
    ]);
    for (const own of results.grid) {
      expect(own.holm).toBeGreaterThanOrEqual(own.p);
      const isNone = own.holm >= 0.05 || Math.abs(own.difference) < results.noiseFloor!;
      expect(own.verdict === 'none').toBe(isNone);
    }
    expect(experimentPicture(results)).toContain('gru4rec:sqn:dimension=12 less sasrec:supervised');
  });

  it('trains once what differs in its prior alone, beside rivals that know time too', async () => {
    // Arrange
    const rows = Array.from({ length: 60 }, (_, user) =>
      Array.from({ length: 8 }, (_, step) => ({
        user_id: `u${user}`,
        item_id: `i${(user * 3 + step) % 20}`,
        timestamp: 1_600_000_000 + user * 5000 + step * 60,
      })),
    ).flat();
    const interactions = join(folder, 'circle.jsonl');
    writeFileSync(interactions, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    let trainedEpochs = 0;

    // Act
    const { results } = await runExperiment(
      {
        ...common,
        format: 'interactions',
        interactions,
        out: join(folder, 'priors'),
        models: ['sasrec:supervised', 'sasrec:supervised:prior={"halfLives":[1]}'],
        rivals: 'request',
      },
      {
        onProgress: ({ stage }) => {
          if (stage === 'train') trainedEpochs++;
        },
      },
    );

    // Assess
    const [alone, joined] = results.models;
    expect(trainedEpochs).toBe(alone!.epochs);
    expect(joined).toMatchObject({ epochs: alone!.epochs, bestEpoch: alone!.bestEpoch });
    expect(joined!.manifest.settings.prior).toMatchObject({ halfLives: [1] });
    expect(results.baselines.map(({ name }) => name)).toContain('rules-x-recent');
    expect(joined!.shown).toBeGreaterThan(10);
  });

  it('tunes every model with the same budget on validation, and answers the primary comparison', async () => {
    const interactions = writeSequences('tuned.txt');
    const { results } = await runExperiment({
      ...common,
      interactions,
      out: join(folder, 'tuned'),
      models: ['sasrec:supervised:dimension=8', 'gru4rec:supervised:dimension=8'],
      seeds: 2,
      tune: 3,
      primary: { model: 'gru4rec:supervised:dimension=8', against: 'popularity' },
    });

    expect(results.tuning.map(({ trials }) => trials.length)).toEqual([3, 3]);
    for (const { name, trials, chosen } of results.tuning) {
      expect(trials.map(({ settings }) => settings)).toEqual(
        results.tuning[0]!.trials.map(({ settings }) => settings),
      );
      expect(trials[0]!.settings).toEqual({});
      expect(trials[1]!.settings).not.toHaveProperty('dimension');
      const best = Math.max(...trials.map(({ validation }) => validation));
      const own = trials.find(({ settings }) => settings === chosen)!;
      expect(own.validation).toBe(best);
      const [first] = results.models.filter((model) => model.name === name);
      expect(first!.validation.ndcg10).toBe(best);
      expect(first!.manifest.settings).toMatchObject({ ...chosen, dimension: 8 });
    }
    expect(results.primary).toMatchObject({
      a: 'gru4rec:supervised:dimension=8',
      b: 'popularity',
      verdict: 'better',
    });
    expect(experimentTable(results)).toMatch(/^Primary comparison, named before the run: .*better/);
  });

  it('copies actions of item neighbours without any environment or reinforcement', async () => {
    const interactions = writeSequences('neighbours.txt');
    const name = 'sasrec:supervised:lea={"actions":"neighbours","augmentedWeight":1}';
    const { results } = await runExperiment({
      ...common,
      interactions,
      out: join(folder, 'neighbours'),
      models: ['sasrec:supervised', name],
    });

    const [, copying] = results.models;
    expect(copying!.manifest.settings.lea).toMatchObject({ actions: 'neighbours', reward: 'off' });
    const networks = join(folder, 'neighbours/networks');
    const [one, other] = readdirSync(networks).map((name) =>
      readFileSync(join(networks, name, 'weights.bin')),
    );
    expect(one!.equals(other!)).toBe(false);
  });

  it('asks an environment, sets what reads it beside controls, and goes on where it was stopped', async () => {
    // Arrange
    const rows = Array.from({ length: 480 }, (_, at) => {
      const [user, step] = [Math.floor(at / 8), at % 8];
      return {
        user_id: `u${user}`,
        item_id: `i${(user * 3 + step) % 20}`,
        timestamp: 1.5e9 + step,
      };
    });
    const items = Array.from({ length: 20 }, (_, item) => ({
      ...{ item_id: `i${item}`, title: `Stone ${item}` },
    }));
    const write = (name: string, lines: readonly object[]) => {
      const path = join(folder, name);
      writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      return path;
    };
    const lea = 'sasrec:snqn:lea={"stateWeight":0.1,"augmentedWeight":1}';
    const stopping = new AbortController();
    const options = {
      ...common,
      format: 'interactions' as const,
      interactions: write('asked.jsonl', rows),
      items: write('items.jsonl', items),
      baseModels: join(root, '.cache/base-models'),
      out: join(folder, 'asked'),
      models: ['sasrec:snqn', lea],
      environments: {
        small: { layers: 1, stateDimension: 8, candidates: 2, itemTokens: { epochs: 0.1 } },
      },
      controls: [...controlNames, 'discount-0' as const],
      baseModelDate: '2017-07-13',
      rivals: 'request' as const,
      primary: { model: `${lea}+small`, against: 'sasrec:snqn' },
    };

    // Act
    const run = runExperiment(options, {
      signal: stopping.signal,
      onProgress: (own) => {
        if (own.stage === 'environment') stopping.abort();
      },
    });
    await expect(run).rejects.toThrow('go on');
    const { results } = await runExperiment(options);
    const again = await runExperiment(options);

    // Assess
    const arms = [
      ...['sasrec:snqn', 'sasrec:snqn, discount-0', `${lea}+small`],
      ...[...controlNames, 'discount-0'].map((control) => `${lea}+small, ${control}`),
    ];
    expect(results.summary.map(({ name }) => name)).toEqual(arms);
    expect(results.summary.map(({ controls }) => controls)).toEqual(
      arms.map((name) => (name.includes(', ') ? name.split(', ')[0] : null)),
    );
    expect(again.results.models).toEqual(results.models);
    const [environment] = results.environments;
    expect(environment).toMatchObject({
      name: 'small',
      transitions: results.data.trainTransitions,
    });
    expect(environment!.fitCpuSeconds).toBeGreaterThan(0);
    // Nobody beside a control but its model; controls stand in no other comparison.
    const pairs = results.grid.map(({ a, b }) => [a, b]);
    expect(pairs).toContainEqual([`${lea}+small`, `${lea}+small, actions-popular`]);
    expect(pairs).toHaveLength(2 + 1 + 1 + arms.length - 3);
    expect(pairs).toContainEqual(['sasrec:snqn', 'sasrec:snqn, discount-0']);
    expect(pairs.filter(([a]) => a!.includes(', '))).toEqual([]);
    const settings = results.models.map(({ manifest }) => manifest.settings.discount);
    expect(settings.map((discount) => discount === 0)).toEqual(
      arms.map((name) => name.endsWith('discount-0')),
    );
    const networks = readdirSync(join(folder, 'asked/networks'));
    expect(networks).toHaveLength(arms.length);
    const table = experimentTable(results);
    expect(table).toContain('| small |');
    expect(renderExperiment(results)).toContain('Beside controls');
  });

  it('refuses a primary comparison with nobody before it trains anything', async () => {
    const interactions = writeSequences('nobody.txt');
    const run = runExperiment({
      ...common,
      interactions,
      out: join(folder, 'nobody'),
      models: ['sasrec:supervised'],
      primary: { model: 'sasrec:supervised', against: 'magic' },
    });

    await expect(run).rejects.toThrow('primary.against is "magic", which is none of');
  });

  it('ranks with the history where people repeat themselves', async () => {
    // Arrange
    const interactions = writeSequences('repeats.txt', true);

    // Act
    const { results } = await runExperiment({
      ...common,
      interactions,
      out: join(folder, 'repeats'),
      models: ['sasrec:supervised:maximumEpochs=1'],
    });

    // Assess
    expect(results.data.excludeHistory).toBe(false);
  });

  it.each([
    ['bad.txt', 'u1\n', /line 1: expected a user and at least one item/, 'sequences'],
    ['bad.txt', '\n{"user_id": "u"}\n', /holds JSON, not seq.*--format interactions/, 'sequences'],
    ['bad.csv', 'USER_ID,item_id,timestamp\n', /holds CSV with a header.*--format/, 'sequences'],
    ['bad.jsonl', '{"user_id": "u"}\n', /first in line 1: item_id is absent/, 'interactions'],
    ['bad.jsonl', '\nnot json\n', /first in line 2: the line is not one complete/, 'interactions'],
    ['bad.text', '{}\n', /must end in \.jsonl/, 'interactions'],
    ['missing.jsonl', undefined, /missing\.jsonl cannot be read/, 'interactions'],
  ] as const)('says what is wrong with %s: %s', async (name, text, message, format) => {
    // Arrange
    const interactions = join(folder, name);
    if (text !== undefined) writeFileSync(interactions, text);

    // Act
    const run = runExperiment({
      ...common,
      format,
      interactions,
      out: join(folder, 'bad'),
      models: ['sasrec:supervised'],
    });

    // Assess
    await expect(run).rejects.toThrow(message);
  });
});
