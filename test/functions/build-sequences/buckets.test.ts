import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sequencesStep, takeStep } from '#functions/build-sequences/step.ts';
import { pipelineConfig } from '#lib/contracts/config.ts';
import { prequential, runs } from '#lib/contracts/keys.ts';
import type { RunManifest } from '#lib/contracts/run.ts';
import { runStateMachine } from '#local/state-machine/run.ts';
import type { Objects } from '#platform/objects.ts';
import { sequencesStates } from '#stacks/retraining/sequences-states.ts';
import { sorted } from '../../lib/interactions/sorted.ts';
import { startBucket } from '../bucket.ts';

const start = 1_700_000_000;

/** A log with skewed items, some of them taken back, and days of different length. */
function* interactions(count: number) {
  let state = 1;
  const random = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  for (let line = 1; line <= count; line++) {
    yield {
      user_id: `user ${Math.floor(random() ** 2 * (count / 12))}`,
      item_id: `item ${Math.floor(random() ** 3 * 60)}`,
      timestamp: start + Math.floor((line / count) ** 2 * 30) * 86_400 + Math.floor(random() * 3),
      event_type: ['click', 'click', 'purchase', 'cancellation'][Math.floor(random() * 4)]!,
      value: null,
      line,
    };
  }
}

describe('The steps of BuildSequences', () => {
  let bucket: Awaited<ReturnType<typeof startBucket>>;
  let objects: Objects;
  beforeAll(async () => {
    bucket = await startBucket();
    objects = bucket.objects;
    const rows = [...interactions(3000)];
    for (const [range, some] of [rows.slice(0, 1100), rows.slice(1100)].entries()) {
      await objects.putBytes(
        `interactions/dt=2026-11-23/u-0000${range}.rows`,
        sorted(some, { piece: 700, block: 50 }),
      );
    }
    const items = Array.from({ length: 55 }, (_, i) => ({
      item_id: `item ${i}`,
      title: `Title ${i}`,
      fields: { genre: i % 2 ? 'odd' : 'even' },
    }));
    const lines = items.map((item) => `${JSON.stringify(item)}\n`).join('');
    await objects.putBytes('items/dt=2026-11-23/c-00000.jsonl.gz', gzipSync(lines));
  });
  afterAll(() => bucket.stop());

  async function inputsBelow(prefix: string) {
    const found = [];
    for await (const { key, etag, bytes } of objects.list(prefix)) {
      found.push({ key, etag, size: bytes });
    }
    return found;
  }

  /** Builds by the states of the nightly definition; the steps that were taken, and all that a run has. */
  async function build(run: string, sequences: object) {
    const config = pipelineConfig.parse({
      sequences: { shardItems: 64, minimumUserInteractions: 3, ...sequences },
      training: { models: [{ name: 'a', backbone: 'sasrec', objective: 'supervised' }] },
    });
    const manifest: RunManifest = {
      run,
      createdAt: '2026-11-24T00:00:00.000Z',
      inputs: {
        interactions: await inputsBelow('interactions/'),
        items: await inputsBelow('items/'),
      },
      attempts: [],
    };
    await objects.putJson(runs.manifest(run), manifest);
    await objects.putJson(runs.config(run), config);
    const steps: string[] = [];
    const states = sequencesStates({
      config,
      partition: 'aws',
      functionArns: { buildSequences: 'build-sequences' },
    } as never);
    const result = await runStateMachine({
      definition: {
        QueryLanguage: 'JSONata',
        StartAt: 'Begin',
        States: {
          Begin: { Type: 'Pass', Assign: { run }, Next: 'BuildSequences' },
          ...states,
          PlanEnvironment: { Type: 'Succeed' },
          'StopEnvironment?': {
            Type: 'Fail',
            Error: '{% $failure.Error %}',
            Cause: '{% $failure.Cause %}',
          },
        },
      },
      input: {},
      name: run,
      resources: {
        'arn:aws:states:::lambda:invoke': async (args: never) => {
          const step = sequencesStep.parse((args as { Payload: unknown }).Payload);
          steps.push(step.step);
          const first = await takeStep(objects, step);
          // A retry of a call whose answer was lost.
          const again = step.step === 'build' ? first : await takeStep(objects, step);
          expect(again).toStrictEqual(first);
          return { Payload: JSON.parse(JSON.stringify(first)) };
        },
      } as never,
      objects: {} as never,
      sleep: async () => undefined,
      checkLanguage: () => [],
    });
    const files = new Map<string, string>();
    for await (const { key } of objects.list(runs.prefix(run))) {
      const name = key.slice(runs.prefix(run).length);
      if (name === 'manifest.json' || name === 'config.json' || name.startsWith('buckets/')) {
        continue;
      }
      files.set(name, Buffer.from(await objects.getBytes(key)).toString('base64'));
    }
    return { result, steps, files };
  }

  it.each([
    ['by time', {}, undefined],
    [
      'by time, with nothing filtered',
      { minimumUserInteractions: 1, minimumItemInteractions: 1 },
      undefined,
    ],
    ['leave-one-out, baskets', { split: 'leave-one-out', baskets: 'on' }, undefined],
    ['by user, shuffled', { split: 'by-user', ties: 'shuffled', excludeHistory: true }, undefined],
    ['after a night', {}, start + 20 * 86_400],
  ])('write the same bytes in many buckets as in one: %s', async (name, settings, since) => {
    // Arrange
    const run = name.replaceAll(/[^a-z]+/g, '-').slice(0, 17);
    if (since) {
      await objects.putJson(prequential.night('earlier'), {
        ...{ run: 'earlier', createdAt: '2026-11-23T00:00:00.000Z', since: null, until: since },
        ...{ nextHalfLife: null, champion: null, why: 'first', cases: 0, users: 0, ndcg10: null },
      });
    }

    // Act
    const whole = await build(`whole-${run}`, settings);
    const shared = await build(`shared-${run}`, { ...settings, bucketInteractions: 900 });

    // Assess
    await objects.remove([prequential.night('earlier')]);
    expect([whole.result.status, whole.result.cause]).toStrictEqual(['SUCCEEDED', undefined]);
    expect([shared.result.status, shared.result.cause]).toStrictEqual(['SUCCEEDED', undefined]);
    expect(whole.files.has('sequences/evaluation/arrived.arrow')).toBe(since !== undefined);
    expect(whole.steps).toStrictEqual(['build']);
    const collected = shared.steps.filter((step) => step === 'collect').length;
    expect(collected).toBeGreaterThan(2);
    expect(shared.steps.filter((step) => step === 'cut')).toHaveLength(collected);
    expect([...shared.files.keys()].sort()).toStrictEqual([...whole.files.keys()].sort());
    for (const [file, bytes] of whole.files) {
      expect(`${file} ${shared.files.get(file)}`).toBe(`${file} ${bytes}`);
    }
  });

  it('are not taken again once the sequences are there', async () => {
    const again = await takeStep(objects, { step: 'build', run: 'shared-by-time' });

    expect(again).toStrictEqual({ buckets: 0 });
  });

  it('stop in the words of a whole build where nothing is left', async () => {
    const settings = { minimumItemInteractions: 5000 };

    const whole = await build('nothing-whole', settings);
    const shared = await build('nothing-shared', { ...settings, bucketInteractions: 500 });

    expect(whole.result.status).toBe('FAILED');
    expect(shared.result).toMatchObject({ status: 'FAILED', cause: whole.result.cause });
    expect(whole.result.cause).toContain('Nothing is left after filtering');
  });
});
