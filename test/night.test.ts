import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { type RunSummary, runSummary } from '#lib/report/summary.ts';
import {
  eventually,
  listeningAddresses,
  loopbackInHexadecimal,
  treeOf,
} from './local/fixture/processes.ts';
import { temporaryFolder } from './temporary/folders.ts';

const root = join(import.meta.dirname, '..');
const example = join(root, 'examples/movietweetings');

/** Small enough for a test, and every part of the pipeline in it. */
const config = {
  sequences: {
    minimumUserInteractions: 4,
    minimumItemInteractions: 4,
    shardItems: 256,
    window: 20,
  },
  environment: {
    layers: 1,
    subsetFraction: 0.5,
    candidates: 3,
    similarCandidates: 2,
    itemTokens: { epochs: 0.2 },
    adapter: { epochs: 0.5 },
    itemVectors: { layers: 1, maximumTextTokens: 6 },
  },
  training: {
    dimension: 16,
    blocks: 1,
    maximumEpochs: 2,
    models: [
      { name: 'plain', backbone: 'sasrec', objective: 'supervised' },
      { name: 'with-lea', backbone: 'sasrec', objective: 'snqn', lea: {} },
      { name: 'with-texts', backbone: 'sasrec', objective: 'supervised', text: {} },
    ],
  },
  evaluation: { bootstrapSamples: 200 },
  // Every night with all models, whatever has come; what becomes of them otherwise has a night of its own.
  promotion: { renewalGrowth: 0 },
  operations: { trainingConcurrency: 1 },
};

/** Begins every user id, so that one can be found wherever it should not be. */
const somebody = 'somebody-';
const exampleLines = (name: string) =>
  gunzipSync(readFileSync(join(example, `${name}.jsonl.gz`)))
    .toString()
    .trim()
    .split('\n');

let dir: string;
let files: readonly string[];

beforeAll(() => {
  dir = temporaryFolder('night');
  const rows = exampleLines('interactions')
    .filter((line) => Number(JSON.parse(line).user_id) % 10 === 3)
    .map((line) => line.replace('"user_id":"', `"user_id":"${somebody}`));
  const bad = [
    `{"user_id": "${somebody}1"`,
    `{"user_id":"${somebody}1","item_id":"nowhere","timestamp":1365029107}`,
  ];
  writeFileSync(join(dir, 'interactions.jsonl'), [...rows, rows[0], ...bad, ''].join('\n'));
  writeFileSync(join(dir, 'config.json'), JSON.stringify(config));
  files = [
    ...['--interactions', join(dir, 'interactions.jsonl')],
    ...['--items', join(example, 'items.jsonl.gz')],
    ...['--config', join(dir, 'config.json')],
  ];
});

/** `lea run`, with what it prints. */
function lea(...args: string[]): {
  child: ChildProcess;
  output: () => string;
  ended: Promise<number>;
} {
  const child = spawn(process.execPath, [join(root, 'bin/lea.mjs'), 'run', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  child.stderr.on('data', (chunk) => {
    text += chunk;
  });
  const ended = new Promise<number>((resolve) => {
    child.on('exit', (code) => resolve(code ?? -1));
  });
  return { child, output: () => text, ended };
}

function readSummary(out: string): RunSummary {
  return runSummary.parse(JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8')));
}

/** What must not depend on when, where and how often something ran. */
function results({ models, baselines, environment }: RunSummary) {
  return { models, baselines, pairAccuracy: environment?.pairAccuracy };
}

describe('A night on one machine', () => {
  test('from files to a verdict and a report', async () => {
    const out = join(dir, 'whole');

    const { child, ended, output } = lea(...files, '--out', out);
    const listening = new Set<string>();
    const watch = setInterval(() => {
      for (const pid of treeOf(child.pid!)) {
        for (const address of listeningAddresses(pid)) listening.add(address);
      }
    }, 200);

    expect(await ended, output()).toBe(0);
    clearInterval(watch);
    // Nobody else reaches any process of the night.
    expect([...listening]).toEqual([loopbackInHexadecimal]);
    const summary = readSummary(out);
    // In words, with what is left.
    expect(output()).toMatch(/training the recommenders +\d/);
    expect(summary.status).toBe('succeeded');
    expect(summary.quarantined).toBe(2);
    expect(output()).toMatch(/broken-json, 1 row: .*\n {4}line \d+: /);
    expect(output()).toMatch(/unknown-item, 1 row: /);
    expect(summary.augmentedTransitions).toBeGreaterThan(500);
    expect(summary.environment?.pairAccuracy).toBeGreaterThan(0.5);
    expect(summary.models.map(({ name }) => name)).toEqual(['plain', 'with-lea', 'with-texts']);
    expect(summary.baselines.map(({ name }) => name)).toContain('popularity');
    expect(readFileSync(summary.report, 'utf8')).toContain('<svg');
    for (const path of ['', 'cloud/s3/objects.jsonl', 'summary.json', 'report/index.html']) {
      expect([path, statSync(join(out, path)).mode & 0o077]).toEqual([path, 0]);
    }
  });

  test('leaves no user id and no item text in any log', () => {
    // Arrange
    const logs = join(dir, 'whole/cloud/logs');
    // One word may be one of ours (there is a film called Quarantine).
    const titles = exampleLines('items')
      .map((line) => JSON.parse(line).title as string)
      .filter((title) => title.length > 8 && title.includes(' '));
    // Act
    const texts = readdirSync(logs).map((name) => readFileSync(join(logs, name), 'utf8'));
    // Assess
    expect(texts.length).toBeGreaterThan(10);
    const text = texts.join('\n');
    expect(text).toContain('"level":"INFO"');
    expect(text).not.toContain(somebody);
    expect(titles.filter((title) => text.includes(title))).toEqual([]);
  });

  test('interrupted and killed, it goes on and comes to the same end', async () => {
    // Arrange: a Ctrl-C during the fit, which npm hands on, too
    const out = join(dir, 'killed');
    const interrupted = lea(...files, '--out', out);
    await eventually(() => existsSync(join(out, 'cloud/containers/training-jobs')));
    interrupted.child.kill('SIGINT');
    interrupted.child.kill('SIGINT');
    expect(await interrupted.ended, interrupted.output()).toBe(130);
    expect(interrupted.output()).toMatch(
      /stopped; what had ended is kept in .*, and the same command goes on from here/,
    );
    expect(interrupted.output()).not.toContain('    at ');
    expect(readdirSync(join(out, 'cloud/containers/training-jobs'))).toEqual([]);

    // Then a kill
    const first = lea(...files, '--out', out);
    await new Promise<void>((resolve, reject) => {
      first.child.stdout?.on('data', () => {
        // A state that takes no time has no line; the next one does.
        if (/(keeping|asking) the language model/.test(first.output())) resolve();
      });
      first.child.on('exit', () => reject(new Error(`ended too early:\n${first.output()}`)));
    });
    first.child.kill('SIGKILL');
    await first.ended;

    // Act
    const second = lea(...files, '--out', out);

    // Assess
    expect(await second.ended, second.output()).toBe(0);
    expect(second.output()).not.toContain('adapting the language model');
    expect(results(readSummary(out))).toEqual(results(readSummary(join(dir, 'whole'))));
  });

  test('the next night, with 1 % new rows, fits no environment and asks about what is new', async () => {
    // Arrange: rows of before the split, so that they are trained on, some of them of an item that nobody had taken
    const out = join(dir, 'whole');
    const rows = exampleLines('interactions').map((line) => JSON.parse(line));
    const own = rows.filter(({ user_id }) => Number(user_id) % 10 === 3);
    const taken = new Set(own.map(({ item_id }) => item_id));
    const fresh = rows.find(({ item_id }) => !taken.has(item_id)).item_id;
    const newRows = own.slice(0, Math.round(own.length / 100)).map((row, index) => ({
      ...row,
      user_id: `${somebody}${row.user_id}`,
      item_id: index % 10 === 0 ? fresh : own[index + 2000].item_id,
      timestamp: Number(row.timestamp) + 30,
    }));
    const file = join(dir, 'second.jsonl');
    writeFileSync(file, newRows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    // Act
    const { ended, output } = lea('--interactions', file, ...files.slice(2), '--out', out);
    // Assess
    expect(await ended, output()).toBe(0);
    expect(output()).not.toContain('adapting the language model');
    const { augmentedTransitions, reusedTransitions, report } = readSummary(out);
    expect(reusedTransitions).toBeGreaterThan(0.75 * augmentedTransitions);
    expect(reusedTransitions).toBeLessThan(augmentedTransitions);
    expect(readFileSync(report, 'utf8')).toMatch(/It is that of run .* \d+ items have come since/);
  });
});

describe('A night on one machine with little new', () => {
  test('renews the champion alone, from its weights, and says which models wait', async () => {
    // Arrange: after nights that trained all
    const out = join(dir, 'whole');
    const rows = exampleLines('interactions').filter(
      (line) => Number(JSON.parse(line).user_id) % 10 === 4,
    );
    const file = join(dir, 'third.jsonl');
    writeFileSync(file, `${rows.slice(0, 100).join('\n')}\n`);
    const renewing = { ...config, promotion: { renewalGrowth: 0.05 } };
    writeFileSync(join(dir, 'renewing.json'), JSON.stringify(renewing));
    const before = readSummary(out);
    // Act
    const { ended, output } = lea(
      ...['--interactions', file, ...files.slice(2, 4)],
      ...['--config', join(dir, 'renewing.json'), '--out', out],
    );
    // Assess
    expect(await ended, output()).toBe(0);
    const { models, leftOut, baselines } = readSummary(out);
    const [renewed] = models.map(({ name }) => name);
    expect(models).toHaveLength(1);
    expect([renewed, ...leftOut].sort()).toEqual(['plain', 'with-lea', 'with-texts']);
    expect(baselines.length).toBe(before.baselines.length);
    expect(output()).toContain(`Little was new: only ${renewed} was trained`);
  });
});

describe('Command: lea run', () => {
  test('a configuration with a wrong key stops before any work', async () => {
    const file = join(dir, 'wrong.json');
    writeFileSync(file, JSON.stringify({ ...config, sequencs: {} }));

    const { ended, output } = lea(...files.slice(0, 4), '--config', file, '--out', join(dir, 'x'));

    expect(await ended).toBe(1);
    expect(output()).toContain('sequencs: unknown key');
    expect(output()).not.toContain('making this machine ready');
  });

  test('a file that ingestion refuses is told why, with the first line', async () => {
    const log = join(dir, 'no-times.csv');
    const rows = Array.from({ length: 40 }, (_, i) => `u${i},i${i},some day`);
    writeFileSync(log, ['user_id,item_id,timestamp', ...rows].join('\n'));

    const { ended, output } = lea(
      ...['--interactions', log, ...files.slice(2), '--out', join(dir, 'refused')],
    );

    expect(await ended).toBe(1);
    expect(output()).toContain('40 of the 40 rows');
    expect(output()).toMatch(/impossible-timestamp, 40 rows, first in line 2: /);
    expect(output()).not.toContain('failed and is tried again');
  });

  test('a file that is not there is named', async () => {
    const { ended, output } = lea(
      ...['--interactions', 'nowhere.jsonl', '--items', 'x.csv', '--out', join(dir, 'x')],
    );

    expect(await ended).toBe(1);
    expect(output()).toContain('There is no file nowhere.jsonl');
  });

  test('an unknown option shows the usage', async () => {
    const { ended, output } = lea('--interaction', 'x');

    expect(await ended).toBe(2);
    expect(output()).toContain("Unknown option '--interaction'");
    expect(output()).toContain('Usage: npx lea run');
  });
});
