import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatherAttribution } from '#functions/publish-report/attribution.ts';
import { type PipelineConfig, pipelineConfig } from '#lib/contracts/config.ts';
import type { Impression } from '#lib/contracts/impression.ts';
import { impressions } from '#lib/contracts/keys.ts';
import { startIngestion } from '../ingest.ts';

const configOf = (serving: object): PipelineConfig =>
  pipelineConfig.parse({
    training: { models: [{ name: 'a', backbone: 'sasrec', objective: 'snqn' }] },
    interactions: {
      columns: { recommendation_id: 'reco' },
      eventRewards: { view: 0, buy: 1, cancellation: 1 },
    },
    operations: { serving },
  });
const now = Math.floor(Date.now() / 1000);
const day = 86_400;
const shown = (id: string, user_id: string, ago: number): Impression => ({
  recommendation_id: id,
  time: now - ago,
  operation: 'recommend',
  user_id,
  experiment: null,
  variant: 'champion',
  propensity: 1,
  model: { run: 'one', name: 'small' },
  source: 'model',
  items: ['a', 'b'],
  scores: [null, null],
  count: 2,
});
const dayOf = (ago: number) => new Date((now - ago) * 1000).toISOString().slice(0, 10);

let ingestion: Awaited<ReturnType<typeof startIngestion>>;
let inputs: { key: string; etag: string; size: number }[];

beforeAll(async () => {
  ingestion = await startIngestion('attribution', configOf({}));
  const row = (user: string, item: string, ago: number, event: string, reco: string) =>
    [user, item, now - ago, event, reco].join(',');
  await ingestion.ingest(
    'logs/a.csv',
    [
      'user_id,item_id,timestamp,event_type,reco',
      row('u', 'a', 3 * day - 60, 'buy', 'r1'),
      row('v', 'b', 3 * day - 60, 'view', 'r2'),
      row('w', 'b', 3 * day - 60, 'cancellation', 'r3'),
      row('x', 'q', 3 * day - 60, 'buy', 'r4'),
      row('y', 'q', 60, 'buy', ''),
    ].join('\n'),
  );
  const lists = ['u', 'v', 'w', 'x'].map((user, at) => shown(`r${at + 1}`, user, 3 * day));
  const lines = lists.map((one) => JSON.stringify(one));
  const { objects } = ingestion;
  const put = (ago: number, name: string, text: string) =>
    objects.putBytes(impressions.file(dayOf(ago), name), gzipSync(text));
  await put(3 * day, 'one', `${lines.slice(0, 2).join('\n')}\n`);
  // A file that was written twice, and lines of another release.
  await put(3 * day, 'two', `${lines.join('\n')}\n{"schema":2}\nnot JSON\n`);
  const torn = gzipSync(lines.join('\n'), { level: 0 }).subarray(0, -9);
  await objects.putBytes(impressions.file(dayOf(3 * day), 'torn'), torn);
  await put(30 * day, 'old', JSON.stringify(shown('r5', 'u', 30 * day)));
  inputs = [];
  for await (const { key, etag, bytes } of objects.list('interactions/')) {
    inputs.push({ key, etag, size: bytes });
  }
});
afterAll(() => ingestion.stop());

const gather = (serving: object) =>
  gatherAttribution(
    ingestion.objects,
    {
      createdAt: new Date(now * 1000).toISOString(),
      inputs: { interactions: inputs, items: [] },
    },
    configOf(serving),
  );

describe('Function: gatherAttribution', () => {
  it('joins what was shown of late with what the log says was taken because of it', async () => {
    // Act
    const found = await gather({ impressions: { reportDays: 7 } });
    // Assess: a view is no action, and a cancellation takes back. The file without its end counts as one line.
    expect(found).toMatchObject({
      by: 'recommendation_id',
      window: day,
      variants: [{ impressions: 4, answered: 2, taken: 1 }],
      unreadable: 3,
    });
  });

  it('says nothing where answers are not kept, of other comparisons, and of what is too old', async () => {
    const variants = { experiment: 'x', share: 0.5, challenger: { run: 'a' } };

    expect(await gather({})).toBeUndefined();
    expect(await gather({ impressions: {}, variants })).toBeUndefined();
    expect(await gather({ impressions: { reportDays: 1 } })).toBeUndefined();
  });
});
