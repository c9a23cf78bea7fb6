import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { acceleratorEnvironment } from '#lib/contracts/accelerators.ts';
import { historyKind } from '#lib/contracts/config/training.ts';
import { fitAllAnew, fitScorers } from '#lib/evaluation/rivals/fit-scorers.ts';
import { nativeEnvironment } from '#lib/graph/native-environment.ts';
import { decodeModel } from '#lib/recommender/model-file.ts';
import { decodeNetwork } from '../../../containers/trainer/blend-files.ts';
import { encodeItemVectors } from '../../lib/environment/item-vectors-file.ts';
import { rowsBeforeTest } from '../../lib/sequences/rows-before-test.ts';
import { createJob, type JobFolder, smallSequences, trainingJob } from './job-folder.ts';

const main = new URL('../../../containers/trainer/main.ts', import.meta.url).pathname;
const built = smallSequences();

function newJob(options: { withAnswers?: boolean } = {}): JobFolder {
  return createJob(built, options);
}

/** What TensorFlow says when it starts on a processor with AVX-512, whatever the log level. */
const tensorflowNotice = /^(WARNING: All log messages before absl::InitializeLog|I0000 ).*\n/gm;

/** Runs the container's process; `onLine` may kill it. */
async function run(
  job: JobFolder,
  onLine?: (line: string, kill: () => void) => void,
  given: Readonly<Record<string, string>> = {},
) {
  const child = spawn(process.execPath, [main, 'train'], {
    env: { ...process.env, ...nativeEnvironment(), ML_ROOT: job.root, ...given },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
    for (const line of text.split('\n')) onLine?.(line, () => child.kill('SIGTERM'));
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout: output.stdout, stderr: output.stderr.replaceAll(tensorflowNotice, '') };
}

const ranksOf = (job: JobFolder, split: string) => {
  const bytes = readFileSync(job.path(`model/ranks/${split}.bin`));
  return Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readInt32LE(4 * at));
};
const jsonOf = (job: JobFolder, file: string) => JSON.parse(readFileSync(job.path(file), 'utf8'));

describe('Container: trainer', () => {
  it('fails at once where it was given a GPU that TensorFlow cannot use, and never trains on the processor', async () => {
    // Arrange: as on a GPU instance, with the TensorFlow for processors that is installed here.
    const job = newJob();
    job.setHyperparameters(trainingJob({ objective: 'supervised' }));
    const given = acceleratorEnvironment('trainer', 'nvidia');
    // Act
    const { code, stdout } = await run(job, undefined, given);
    // Assess
    expect(code).toBe(1);
    expect(stdout).not.toContain('epoch=');
    expect(readFileSync(job.path('output/failure'), 'utf8')).toMatch(
      /finds no GPU that it can use.*Host driver: .*CUDA 12\.5.*driver 525.*AMI: chosen by SageMaker/,
    );
    expect(existsSync(job.path('checkpoints'))).toBe(false);
  });

  it('trains with LEA, is stopped, goes on, and leaves what the contract says; the champion scores alike', async () => {
    // Arrange
    const whole = newJob({ withAnswers: true });
    const stopped = newJob({ withAnswers: true });
    const hyperparameters = trainingJob(
      { objective: 'snqn', lea: {} },
      { maximumEpochs: 12, patience: 20 },
    );
    for (const job of [whole, stopped]) job.setHyperparameters(hyperparameters);

    // Act
    const complete = await run(whole);
    const first = await run(stopped, (line, kill) => {
      if (line.includes('epoch=3')) kill();
    });
    const savedAfterStop = readdirSync(stopped.path('checkpoints'));
    const hadModel = existsSync(stopped.path('model/manifest.json'));
    const second = await run(stopped);

    // Assess: exit codes and progress
    expect(complete).toMatchObject({ code: 0, stderr: '' });
    expect(complete.stdout).toMatch(
      /^stage=train progress=0\.083 epoch=1 loss=[\d.]+ validation_ndcg@10=[\d.]+ /m,
    );
    expect(complete.stdout).toMatch(/^stage=rank progress=1\.000 /m);
    expect(first.code).toBe(143);
    expect(savedAfterStop.join()).toMatch(/^step-\d{10}\.checkpoint$/);
    expect(hadModel).toBe(false);
    expect(second.code).toBe(0);
    expect(second.stdout).toMatch(/resumed=\d+/);

    // Assess: the model
    const files = readdirSync(whole.path('model')).toSorted();
    expect(files).toEqual([
      'learning-curve.json',
      'learning-curve.svg',
      'lists',
      'manifest.json',
      'model.json',
      'parameters.bin',
      'ranks',
      'vocabulary.json',
      'weights.bin',
    ]);
    const model = decodeModel(
      jsonOf(whole, 'model/model.json'),
      readFileSync(whole.path('model/weights.bin')),
    );
    expect(model.shape).toMatchObject({ window: 8, items: built.manifest.items });
    expect(jsonOf(whole, 'model/vocabulary.json')).toEqual(built.itemTable.itemIds);
    expect(ranksOf(whole, 'test')).toHaveLength(built.test.targets.length);
    expect(jsonOf(whole, 'model/learning-curve.json').epochs).toHaveLength(12);
    expect(jsonOf(whole, 'model/manifest.json')).toMatchObject({
      run: '2026-11-23',
      name: 'model',
      objective: 'snqn',
      dataHash: built.manifest.dataHash,
      seed: 1,
      recipe: hyperparameters.recipe,
      epochs: 12,
    });

    // Assess: a stop changes nothing
    for (const file of ['weights.bin', 'ranks/test.bin', 'learning-curve.json']) {
      const [one, other] = [whole, stopped].map((job) => readFileSync(job.path('model', file)));
      expect(one!.equals(other!), file).toBe(true);
    }

    // Arrange: the model as the champion of another night whose vocabulary has lost an item
    const champion = newJob();
    cpSync(whole.path('model'), champion.path('input/data/model'), { recursive: true });
    const ids = jsonOf(whole, 'model/vocabulary.json') as string[];
    const lost = built.test.targets[0]!;
    ids[lost - 1] = 'not-there-any-more';
    writeFileSync(champion.path('input/data/model/vocabulary.json'), JSON.stringify(ids));
    champion.setHyperparameters({ task: 'score', run: 'next' });

    // Act
    const scored = await run(champion);

    // Assess
    expect(scored.code).toBe(0);
    const [own, again] = [ranksOf(whole, 'test'), ranksOf(champion, 'test')];
    let same = 0;
    built.test.targets.forEach((target, at) => {
      const history = built.test.items.subarray(
        built.test.offsets[at]!,
        built.test.offsets[at + 1]!,
      );
      if (target === lost) expect(again[at]).toBe(0);
      else if (!history.includes(lost)) {
        expect(again[at]).toBe(own[at]);
        same++;
      }
    });
    expect(same).toBeGreaterThan(10);
  });

  it('answers test cases with what was fitted on validation too, is stopped on the way, and serves that', async () => {
    // Arrange
    const [plain, whole, stopped] = Array.from({ length: 3 }, () => newJob());
    const task = { ...built, baskets: built.manifest.baskets };
    const { excludeHistory } = built.manifest;
    const before = rowsBeforeTest(built.allActions, built.test, {
      ...built.manifest,
      minimumUserInteractions: 1,
      minimumItemInteractions: 1,
    });
    const rules = fitScorers(task, built.validation, excludeHistory, ['sequential-rules']);
    const known = fitAllAnew(rules, { ...task, shards: before });
    for (const job of [plain!, whole!, stopped!]) {
      job.putScorers('training', { scorers: rules, trainingCounts: built.itemTable.counts });
      job.setHyperparameters(
        trainingJob(
          { prior: { histories: ['sequential-rules'] } },
          { maximumEpochs: 2, refitPasses: 6 },
        ),
      );
    }
    for (const job of [whole!, stopped!]) {
      job.putScorers('before-test', known);
      job.putRows('before-test', before);
    }

    // Act
    const complete = await run(whole!);
    const judged = await run(plain!);
    const first = await run(stopped!, (line, kill) => {
      if (line.startsWith('stage=before-test') && line.includes('epoch=2')) kill();
    });
    const second = await run(stopped!);

    // Assess: a stop changes nothing
    expect(complete).toMatchObject({ code: 0, stderr: '' });
    expect(judged).toMatchObject({ code: 0, stderr: '' });
    expect([first.code, second.code]).toEqual([143, 0]);
    expect(second.stdout).not.toContain('stage=before-test progress=0.167 epoch=1 ');
    for (const file of ['weights.bin', 'ranks/test.bin', 'ranks/validation.bin']) {
      const [one, other] = [whole!, stopped!].map((job) => readFileSync(job.path('model', file)));
      expect(one!.equals(other!), file).toBe(true);
    }
    // Assess: validation is judged by what training saw, and what is fitted on afterwards is that, too
    expect(ranksOf(whole!, 'validation')).toEqual(ranksOf(plain!, 'validation'));
    expect(ranksOf(whole!, 'test')).not.toEqual(ranksOf(plain!, 'test'));
    const [own, trained] = [whole!, plain!].map((job) =>
      readFileSync(job.path('model/parameters.bin')),
    );
    expect(own!.equals(trained!)).toBe(true);
    const manifests = [whole!, plain!].map((job) => jsonOf(job, 'model/manifest.json').asServed);
    expect(manifests).toEqual([true, false]);
    const { histories } = decodeNetwork(
      jsonOf(whole!, 'model/model.json'),
      readFileSync(whole!.path('model/weights.bin')),
    );
    expect(histories!.trainingCounts).toEqual(known.trainingCounts);
  });

  it('joins a model with what is popular and what its texts say, which ranks the same as a champion', async () => {
    // Arrange: the catalogue has one item more
    const job = newJob();
    const itemIds = [...built.itemTable.itemIds, 'new'];
    const vectors = itemIds.map((_, item) => [Math.sin(item), Math.cos(item)]);
    mkdirSync(job.path('input/data/vectors'), { recursive: true });
    writeFileSync(
      job.path('input/data/vectors/item-vectors.arrow'),
      encodeItemVectors(itemIds, vectors),
    );
    job.setHyperparameters(trainingJob({ text: {}, prior: {} }, { maximumEpochs: 2 }));

    // Act
    const trained = await run(job);
    const champion = newJob();
    cpSync(job.path('model'), champion.path('input/data/model'), { recursive: true });
    champion.setHyperparameters({ task: 'score', run: 'next' });
    const scored = await run(champion);

    // Assess
    expect(trained).toMatchObject({ code: 0, stderr: '' });
    expect(scored.code).toBe(0);
    const { network, blend } = decodeNetwork(
      jsonOf(job, 'model/model.json'),
      readFileSync(job.path('model/weights.bin')),
    );
    expect(network.shape.items).toBe(itemIds.length);
    expect(jsonOf(job, 'model/vocabulary.json')).toEqual(itemIds);
    expect(blend).toMatchObject({
      components: ['network', ...historyKind.options, 'unseen'],
    });
    expect(ranksOf(champion, 'test')).toEqual(ranksOf(job, 'test'));
    // Arrange: another night, on which somebody else was served than was judged
    const night = smallSequences(30, 1_600_000_300);
    const [same, other] = ['model', 'serving'].map((channel) => {
      const scoring = createJob(night);
      cpSync(job.path('model'), scoring.path('input/data/model'), { recursive: true });
      if (channel === 'serving') {
        const served = scoring.path('input/data/serving');
        cpSync(job.path('model'), served, { recursive: true });
        const ids = jsonOf(job, 'model/vocabulary.json') as string[];
        writeFileSync(join(served, 'vocabulary.json'), JSON.stringify(ids.toReversed()));
      }
      scoring.setHyperparameters({ task: 'score', run: 'next' });
      return scoring;
    }) as [JobFolder, JobFolder];
    // Act
    for (const scoring of [same, other]) expect((await run(scoring)).code).toBe(0);
    // Assess
    expect(ranksOf(same, 'arrived')).toHaveLength(night.arrived!.targets.length);
    expect(ranksOf(other, 'test')).toEqual(ranksOf(same, 'test'));
    expect(ranksOf(other, 'arrived')).not.toEqual(ranksOf(same, 'arrived'));
    expect(existsSync(champion.path('model/ranks/arrived.bin'))).toBe(false);
    const lists = readFileSync(job.path('model/lists/test.bin'));
    expect(lists).toHaveLength(4 * 10 * built.test.targets.length);
  });

  it('fits a judged model on all actions, stopped or not, and leaves what weighs its parts', async () => {
    // Arrange: a model with everything, the environment's states in its Q head included
    const trained = newJob({ withAnswers: true });
    const itemIds = built.itemTable.itemIds;
    const vectors = itemIds.map((_, item) => [Math.sin(item), Math.cos(item)]);
    const withVectors = (job: JobFolder) => {
      mkdirSync(job.path('input/data/vectors'), { recursive: true });
      writeFileSync(
        job.path('input/data/vectors/item-vectors.arrow'),
        encodeItemVectors(itemIds, vectors),
      );
      return job;
    };
    const hyperparameters = trainingJob(
      { objective: 'snqn', lea: {}, text: {}, prior: {} },
      { maximumEpochs: 3, refitPasses: 12 },
    );
    withVectors(trained).setHyperparameters(hyperparameters);
    expect(await run(trained)).toMatchObject({ code: 0 });
    const [whole, stopped] = [newJob(), newJob()].map((job) => {
      cpSync(trained.path('model'), job.path('input/data/model'), { recursive: true });
      withVectors(job).setHyperparameters({ ...hyperparameters, task: 'refit' });
      return job;
    }) as [JobFolder, JobFolder];

    // Act
    const complete = await run(whole);
    const first = await run(stopped, (line, kill) => {
      if (/epoch=3 /.test(line)) kill();
    });
    const second = await run(stopped);

    // Assess
    expect(complete).toMatchObject({ code: 0, stderr: '' });
    expect(first.code).toBe(143);
    expect(existsSync(stopped.path('checkpoints'))).toBe(true);
    expect(second.code).toBe(0);
    for (const file of ['model.json', 'weights.bin', 'vocabulary.json']) {
      const [one, other] = [whole, stopped].map((job) => readFileSync(job.path('model', file)));
      expect(one!.equals(other!), file).toBe(true);
    }
    expect(jsonOf(whole, 'model/manifest.json')).toMatchObject({
      run: '2026-11-23',
      task: 'refit',
      name: 'model',
      recipe: hyperparameters.recipe,
      passes: 12,
      dataHash: built.manifest.dataHash,
    });
    const [before, after] = [trained, whole].map((job) =>
      decodeNetwork(jsonOf(job, 'model/model.json'), readFileSync(job.path('model/weights.bin'))),
    );
    expect(after!.blend).toStrictEqual(before!.blend);
    const taken = (model: typeof before) =>
      model!.histories!.trainingCounts.reduce((sum, count) => sum + count, 0);
    expect(taken(after)).toBe(built.manifest.interactions);
    expect(taken(before)).toBeLessThan(built.manifest.interactions);
    expect(after!.network.weights.get('item_embedding')).not.toStrictEqual(
      before!.network.weights.get('item_embedding'),
    );
    expect(jsonOf(whole, 'model/vocabulary.json')).toStrictEqual(itemIds);
  });

  it.each([
    [
      'a model of an older release',
      (job: JobFolder) => rmSync(job.path('input/data/model/parameters.bin')),
      /parameters\.bin is missing: an older release/,
    ],
    [
      'rows of another build',
      (job: JobFolder) => {
        const manifest = jsonOf(job, 'input/data/all-actions/manifest.json');
        const other = { ...manifest, dataHash: 'f'.repeat(64) };
        writeFileSync(job.path('input/data/all-actions/manifest.json'), JSON.stringify(other));
      },
      /rows of all actions cannot be used, they are of another build/,
    ],
    [
      'a part that is missing',
      (job: JobFolder) => rmSync(job.path('input/data/all-actions/part-00000.arrow')),
      /part-00000\.arrow is missing/,
    ],
  ])('refuses to fit on: %s', async (_, spoil, reason) => {
    // Arrange
    const trained = newJob();
    const hyperparameters = trainingJob({}, { maximumEpochs: 1 });
    trained.setHyperparameters(hyperparameters);
    await run(trained);
    const job = newJob();
    cpSync(trained.path('model'), job.path('input/data/model'), { recursive: true });
    job.setHyperparameters({ ...hyperparameters, task: 'refit' });
    spoil(job);
    // Act
    const { code } = await run(job);
    // Assess
    expect(code).toBe(1);
    expect(readFileSync(job.path('output/failure'), 'utf8')).toMatch(reason);
    expect(existsSync(job.path('model/manifest.json'))).toBe(false);
  });

  it.each([
    ['a wrong setting', trainingJob({ dropout: 3 }), /ConfigError: .*dropout/s],
    ['no augmented channel', trainingJob({ lea: {} }), /MissingArtefactError: .*"augmented"/s],
    ['a head count that does not fit', trainingJob({ heads: 3 }), /not a multiple of 3 heads/],
  ])('writes the reason to the failure file: %s', async (_, hyperparameters, reason) => {
    // Arrange
    const job = newJob();
    job.setHyperparameters(hyperparameters);

    // Act
    const { code } = await run(job);

    // Assess
    expect(code).toBe(1);
    expect(readFileSync(job.path('output/failure'), 'utf8')).toMatch(reason);
    expect(existsSync(job.path('model/manifest.json'))).toBe(false);
  });

  it('copies actions of item neighbours without any answers', async () => {
    // Arrange
    const off = { state: 'off', reward: 'off', actions: 'neighbours' };
    const copying = newJob();
    const alone = newJob();
    const epochs = { maximumEpochs: 2 };
    copying.setHyperparameters(
      trainingJob({ objective: 'snqn', lea: { ...off, augmentedWeight: 1 } }, epochs),
    );
    alone.setHyperparameters(trainingJob({ objective: 'snqn' }, epochs));

    // Act
    const ended = [await run(copying), await run(alone)];

    // Assess
    expect(ended).toMatchObject([
      { code: 0, stderr: '' },
      { code: 0, stderr: '' },
    ]);
    expect(ranksOf(copying, 'test')).not.toEqual(ranksOf(alone, 'test'));
  });

  it('trains on without the LE where a shard was not augmented, and leaves out a damaged checkpoint', async () => {
    // Arrange
    const job = newJob({ withAnswers: true });
    rmSync(job.path('input/data/augmented/part-00000.arrow'));
    writeFileSync(
      job.path('input/data/augmented/manifest.json'),
      JSON.stringify({ shards: built.shards.length, missing: [0] }),
    );
    job.setHyperparameters(trainingJob({ objective: 'sqn', lea: {} }, { maximumEpochs: 1 }));
    mkdirSync(job.path('checkpoints'));
    writeFileSync(job.path('checkpoints/step-0000000009.checkpoint'), 'half');

    // Act
    const { code, stderr } = await run(job);

    // Assess
    expect(code).toBe(0);
    expect(stderr).toContain('step-0000000009.checkpoint is left out: The checkpoint is damaged');
  });
});
