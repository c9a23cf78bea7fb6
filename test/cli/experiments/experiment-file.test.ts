import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { experimentFile } from '#cli/experiments/experiment-file.ts';
import { planExperiment } from '#cli/experiments/options.ts';
import { panelsOf } from '#cli/experiments/panels.ts';
import { root } from '../../../setup/paths.mjs';
import { temporaryFolder } from '../../temporary/folders.ts';

describe('Function: experimentFile', () => {
  it('reads the experiment of the bundled data, which can be planned', () => {
    const file = experimentFile(join(root, 'examples/movietweetings/experiment.json'));

    const { arms, cells } = planExperiment({ ...file, out: 'out' } as never);

    expect(existsSync(file?.interactions as string)).toBe(true);
    expect(cells).toHaveLength(5 * arms.length);
  });

  const threeSets = [
    ...['movietweetings, global-time', 'movietweetings, leave-one-out'],
    ...['goodbooks, leave-one-out', 'goodbooks, by-user'],
    ...['online-retail, global-time', 'online-retail, leave-one-out'],
  ];
  const planned: Record<string, { readonly panels: readonly string[]; readonly seeds: number }> = {
    'goodbooks-lea.json': { panels: ['goodbooks, by-user'], seeds: 2 },
    'goodbooks-text.json': { panels: ['goodbooks, by-user'], seeds: 3 },
    'lea-by-time.json': { panels: ['movietweetings, global-time'], seeds: 3 },
    'reproduction.json': { panels: ['movietweetings, by-user'], seeds: 5 },
    'states-joined.json': { panels: ['movietweetings, global-time'], seeds: 5 },
    'three-sets.json': { panels: threeSets, seeds: 5 },
    'three-sets-controls.json': { panels: threeSets, seeds: 5 },
  };

  it.each(readdirSync(join(root, 'examples/experiments')))(
    'reads examples/experiments/%s, whose data sets and splits can all be planned',
    (name) => {
      const file = experimentFile(join(root, 'examples/experiments', name));

      const panels = panelsOf({ ...file, out: 'out' });

      expect(panels.map((panel) => panel.name)).toEqual(planned[name]!.panels);
      for (const { options } of panels) {
        const { arms, cells } = planExperiment(options);
        expect(cells).toHaveLength(planned[name]!.seeds * arms.length);
      }
    },
  );

  it('takes paths of data sets from where the file lies too', () => {
    const folder = temporaryFolder('experiment-file');
    const path = join(folder, 'several.json');
    const data = [{ name: 'a', interactions: 'a.jsonl', items: '/b.jsonl' }, { name: 'b' }];
    writeFileSync(path, JSON.stringify({ data, baseModels: 'c' }));

    expect(experimentFile(path)).toEqual({
      data: [
        { name: 'a', interactions: join(folder, 'a.jsonl'), items: '/b.jsonl' },
        { name: 'b' },
      ],
      baseModels: join(folder, 'c'),
    });
  });

  it('takes paths from where the file lies', () => {
    const folder = temporaryFolder('experiment-file');
    const path = join(folder, 'experiment.json');
    const paths = {
      interactions: 'a.jsonl',
      items: 'b.jsonl',
      vectors: 'c.arrow',
      baseModels: 'd',
    };
    writeFileSync(path, JSON.stringify({ ...paths, seeds: 2 }));

    expect(experimentFile(path)).toEqual({
      ...Object.fromEntries(Object.entries(paths).map(([key, own]) => [key, join(folder, own)])),
      seeds: 2,
    });
  });
});
