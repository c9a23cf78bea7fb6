import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../setup/paths.mjs';
import { encodeItemVectors } from '../lib/environment/item-vectors-file.ts';
import { temporaryFolder } from '../temporary/folders.ts';

const folder = temporaryFolder('lea-train');

async function train(...args: string[]) {
  const child = spawn(process.execPath, [join(root, 'bin/lea.mjs'), 'train', ...args]);
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}

describe('Command: train', () => {
  it('trains the first model of the configuration on a file of sequences', async () => {
    // Arrange: everybody walks around the same circle of items.
    const lines = Array.from({ length: 60 }, (_, user) =>
      [`u${user}`, ...Array.from({ length: 8 }, (__, at) => `i${(user + at) % 20}`)].join(' '),
    );
    const file = join(folder, 'circle.txt');
    writeFileSync(file, lines.join('\n'));
    const config = join(folder, 'config.json');
    const models = [
      { name: 'circle', backbone: 'sasrec', objective: 'supervised' },
      { name: 'other', backbone: 'gru4rec', objective: 'supervised' },
    ];
    const training = { dimension: 16, batchTargets: 64, learningRate: 0.01, maximumEpochs: 30 };
    writeFileSync(config, JSON.stringify({ training: { ...training, models } }));
    const out = join(folder, 'out');

    // Act
    const { code, stdout } = await train(
      ...['--interactions', file, '--format', 'sequences', '--config', config, '--out', out],
    );

    // Assess
    expect(code).toBe(0);
    expect(stdout).toContain(`circle is in ${out}`);
    const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
    expect(manifest.backbone).toBe('sasrec');
    expect(manifest.test.hr).toBeGreaterThan(0.9);
    expect(existsSync(join(out, 'learning-curve.svg'))).toBe(true);
  });

  it('trains a model of texts with their vectors, and asks for them', async () => {
    // Arrange: a circle of twenty items, and five more that nobody took.
    const lines = Array.from({ length: 60 }, (_, user) =>
      [`u${user}`, ...Array.from({ length: 8 }, (__, at) => `i${(user + at) % 20}`)].join(' '),
    );
    const file = join(folder, 'texts.txt');
    writeFileSync(file, lines.join('\n'));
    const ids = Array.from({ length: 25 }, (_, item) => `i${item}`);
    const vectors = join(folder, 'some-vectors.arrow');
    const place = ids.map((_, item) => [Math.cos(item / 4), Math.sin(item / 4), item / 10]);
    writeFileSync(vectors, encodeItemVectors(ids, place));
    const config = join(folder, 'texts.json');
    const models = [{ name: 'texts', backbone: 'sasrec', objective: 'supervised', text: {} }];
    const training = { dimension: 16, batchTargets: 64, maximumEpochs: 2 };
    writeFileSync(config, JSON.stringify({ training: { ...training, models } }));
    const out = join(folder, 'texts');
    const args = [
      ...['--interactions', file, '--format', 'sequences', '--config', config, '--out', out],
    ];

    // Act
    const without = await train(...args);
    const missing = await train(...args, '--vectors', join(folder, 'nowhere.arrow'));
    const { code } = await train(...args, '--vectors', vectors);

    // Assess
    expect(without.code).toBe(1);
    expect(without.stderr).toMatch(/Model texts uses its items' texts: give their vectors too/);
    expect(missing.stderr).toMatch(/--vectors is .*nowhere.arrow, which does not exist/);
    expect(code).toBe(0);
    const vocabulary = JSON.parse(readFileSync(join(out, 'vocabulary.json'), 'utf8'));
    expect(vocabulary.toSorted()).toStrictEqual(ids.toSorted());
  });

  it('says what is wrong', async () => {
    const without = await train('--out', join(folder, 'nothing'));
    const unknown = await train(
      ...['--sequences', folder, '--model', 'unknown', '--out', join(folder, 'unknown')],
    );

    expect(without.code).toBe(2);
    expect(without.stderr).toContain('--interactions or --sequences');
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toMatch(/no model "unknown".*sasrec-supervised/);
  });
});
