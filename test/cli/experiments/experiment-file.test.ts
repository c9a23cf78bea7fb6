import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { experimentFile } from '#cli/experiments/experiment-file.ts';
import { planExperiment } from '#cli/experiments/options.ts';
import { root } from '../../../setup/paths.mjs';
import { temporaryFolder } from '../../temporary/folders.ts';

describe('Function: experimentFile', () => {
  it('reads the experiment of the bundled data, which can be planned', () => {
    const file = experimentFile(join(root, 'examples/movietweetings/experiment.json'));

    const { arms, cells } = planExperiment({ ...file, out: 'out' } as never);

    expect(existsSync(file?.interactions as string)).toBe(true);
    expect(cells).toHaveLength(5 * arms.length);
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
