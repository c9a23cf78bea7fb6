import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { concludeWhole, type RunPanel, runPanels } from '#cli/experiments/whole.ts';
import { wholePicture, wholeTable } from '#cli/experiments/whole-table.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

let folder: string;

beforeAll(() => {
  folder = temporaryFolder('whole');
});

/** Users walk a circle of items, `step` further every time. */
function writeCircle(name: string, items: number, step: number): string {
  const rows = Array.from({ length: 60 }, (_, user) =>
    Array.from({ length: 8 }, (_, at) => ({
      user_id: `u${user}`,
      item_id: `i${(user * 3 + at * step) % items}`,
      timestamp: 1.6e9 + user * 5000 + at * 60,
    })),
  ).flat();
  const path = join(folder, name);
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}

const options = (out: string, jobs: number) => ({
  out: join(folder, out),
  jobs,
  format: 'interactions',
  window: 8,
  training: { dimension: 8, blocks: 1, batchTargets: 64, maximumEpochs: 3, learningRate: 0.02 },
  seeds: 2,
  data: [
    { name: 'small', interactions: writeCircle('small.jsonl', 20, 1) },
    { name: 'large', interactions: writeCircle('large.jsonl', 30, 2), splits: ['leave-one-out'] },
  ],
  splits: ['leave-one-out', 'by-user'],
  grid: { backbones: ['sasrec'], objectives: ['supervised', 'snqn'] },
  models: ['sasrec:supervised:prior={}'],
  controls: ['discount-0'],
  primary: { model: 'sasrec:supervised', against: 'popularity' },
});

/** Everything but when, where and how fast. */
const numbers = (panels: readonly RunPanel[]) =>
  panels.map(({ name, results: { models, grid, primary, summary } }) => ({
    ...{ name, grid, primary, summary },
    models: models.map(({ name, seed, ndcg10, validation, manifest }) => ({
      ...{ name, seed, ndcg10, validation, fingerprint: manifest.fingerprint },
    })),
  }));

describe('Function: runPanels', () => {
  it('names a file of the last data set that is not there before the first one is read', async () => {
    const asked = options('missing', 1);
    const vectors = join(folder, 'vectors.arrow');
    const data = [
      asked.data[0]!,
      { ...asked.data[1]!, items: asked.data[1]!.interactions, vectors },
    ];
    const read: string[] = [];

    const run = runPanels({ ...asked, data }, { onProgress: ({ stage }) => read.push(stage) });

    await expect(run).rejects.toThrow(
      `${vectors} is not there, which the experiment names as "vectors": \`npx lea vectors --items ${data[1]!.interactions} --out ${vectors}\` makes it.`,
    );
    expect(read).toEqual([]);
  });

  it('runs every data set with every split, in processes as in one, and corrects over all of it', async () => {
    // Arrange
    const ends: string[] = [];
    const lefts: number[] = [];

    // Act
    const asked = options('processes', 2);
    const panels = await runPanels(asked, {
      onProgress: (own) => {
        if (own.stage === 'panel') ends.push(own.name);
        if (own.stage === 'done') lefts.push(own.cells - own.finished);
      },
    });
    const [one] = panels;
    const alone = await runPanels({ ...one!.options, out: join(folder, 'alone'), jobs: 1 });
    const whole = concludeWhole(asked, panels);

    // Assess
    expect(ends).toEqual(['small, leave-one-out', 'small, by-user', 'large, leave-one-out']);
    // One count for all panels: two of the grid, one joined, one control, two seeds.
    expect(lefts).toEqual(Array.from({ length: 24 }, (_, at) => 23 - at));
    expect(numbers([one!])).toEqual(numbers(alone).map((own) => ({ ...own, name: one!.name })));
    for (const { manifest, seed } of panels[0]!.results.models) {
      expect(manifest).toMatchObject({
        dataHash: panels[0]!.results.data.dataHash,
        configHash: panels[0]!.results.configHash,
        settings: { seed },
      });
      expect(manifest.machine.cores).toBeGreaterThan(0);
    }
    expect(whole.primary.map(({ panel }) => panel)).toEqual(ends);
    const all = panels.flatMap(({ results }) => results.grid);
    expect(whole.grid.map(({ p }) => p)).toEqual(all.map(({ p }) => p));
    whole.grid.forEach(({ holm }, at) => {
      expect(holm).toBeGreaterThanOrEqual(all[at]!.holm);
    });
    const table = wholeTable(whole);
    expect(table).toMatch(/^Primary comparison.*better on 3 of 3, worse on none/);
    expect(table).toContain(
      '| NDCG@10 | small, leave-one-out | small, by-user | large, leave-one-out |',
    );
    expect(table).toContain('| sasrec:snqn | itself, discount-0 |');
    expect(wholePicture(whole)).toContain('small, by-user: sasrec:supervised less popularity');
  });

  it('stops in processes when it is told to, and goes on', async () => {
    // Arrange
    const { data, splits: _, ...shared } = options('stopped', 2);
    const asked = { ...shared, ...data[0], name: undefined, split: 'leave-one-out' };
    const { name: _name, ...one } = asked;
    let epochs = 0;
    let stopAt = 4;
    const hooks = {
      onProgress: ({ stage }: { stage: string }) => {
        if (stage === 'train') epochs++;
      },
      shouldStop: () => epochs >= stopAt,
    };

    // Act
    const run = runPanels(one, hooks);
    await expect(run).rejects.toThrow('run again to go on');
    stopAt = Number.POSITIVE_INFINITY;
    const [panel] = await runPanels(one, hooks);
    const before = epochs;
    await runPanels(one, hooks);

    // Assess: what was finished is not trained again
    expect(epochs).toBe(before);
    expect(panel!.results.models).toHaveLength(8);
    const written = JSON.parse(readFileSync(join(one.out, 'results.json'), 'utf8'));
    expect(written.grid).toHaveLength(panel!.results.grid.length);
  });

  it('says which option is wrong before anything is run', async () => {
    const asked = { ...options('wrong', 1), seedz: 1 };
    await expect(runPanels(asked)).rejects.toThrow('seedz: unknown key');
  });
});
