import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MissingArtefactError, ValidationError } from '#lib/contracts/errors.ts';
import type { ReadableObjects } from '#lib/contracts/objects.ts';
import { gatherEverybody } from '#lib/sequences/everybody.ts';
import { orderHistories } from '#lib/sequences/histories.ts';
import { writeEverybody } from '#lib/sequences/write.ts';
import { answerRecommend, answerRerank, answerSimilar, type Serving } from '#lib/serving/answer.ts';
import { activateTensorflow, loadRecommender } from '#lib/serving/champion-model.ts';
import { openDirectory } from '#lib/serving/directory.ts';
import {
  parseRequest,
  recommendRequest,
  rerankRequest,
  similarRequest,
} from '#lib/serving/request.ts';
import { recommendAnswer, rerankAnswer, similarAnswer } from '#lib/serving/response.ts';
import { startBucket } from '../../functions/bucket.ts';
import { itemIds, promoteSmallModel } from '../../functions/champion.ts';
import { histories, logOf } from '../sequences/arbitraries.ts';

/** Every fourth item is a drama, every other one of them of 1999. */
const catalogue = new Map(
  itemIds.map((id, item) => [
    id,
    {
      title: `Title of ${id}`,
      fields: { genres: item % 4 === 0 ? 'Drama, War' : 'Comedy', year: `${1990 + (item % 8)}` },
    },
  ]),
);
const taken = { ann: 'item-1 item-2 item-3 item-4 item-5', bob: 'item-9' };

let bucket: Awaited<ReturnType<typeof startBucket>>;
let serving: Serving;
/** Ranges that have been read. */
const ranges: string[] = [];
beforeAll(async () => {
  await activateTensorflow(undefined);
  bucket = await startBucket();
  const { objects } = bucket;
  const log = logOf(histories(taken), { catalogue });
  const ordered = orderHistories(log, { policy: 'upload-order', seed: 1 });
  await writeEverybody(objects, 'a', gatherEverybody(log, ordered, { window: 3 }));
  const champion = await promoteSmallModel(objects, 'a', 1);
  const watched = {
    ...objects,
    getBytes: (key: string, options: Parameters<typeof objects.getBytes>[1] = {}) => {
      if (options.range) ranges.push(key);
      return objects.getBytes(key, options);
    },
  };
  serving = {
    champion,
    model: await loadRecommender(objects, champion, {}),
    directory: await openDirectory(watched as typeof objects & ReadableObjects, 'a'),
  };
});
afterAll(() => bucket.stop());

const recommend = async (request: object) =>
  answerRecommend(serving, parseRequest(recommendRequest, request), 'id');
const idsOf = ({ items }: { items: readonly { item_id: string }[] }) =>
  items.map(({ item_id }) => item_id);
const all = { count: 40, context: { time: 2e9 } };

describe('Function: answerRecommend', () => {
  it('gives titles, scores, sources and the champion, as its schema says', async () => {
    const answer = await recommend({ history: ['item-3'], count: 2 });

    expect(recommendAnswer.parse(answer)).toEqual(answer);
    expect(answer).toMatchObject({
      requestId: 'id',
      champion: { run: 'a', name: 'small' },
      source: 'model',
    });
    for (const { item_id, title, source } of answer.items) {
      expect([title, source]).toEqual([`Title of ${item_id}`, 'model']);
    }
  });

  it('knows the history of a user, and reads him in one ranged request once his part is known', async () => {
    const known = await recommend({ user_id: 'ann', ...all });
    const before = ranges.length;
    const again = await recommend({ user_id: 'ann', ...all });
    const given = await recommend({ history: ['item-3', 'item-4', 'item-5'], ...all });

    expect(idsOf(known)).toEqual(idsOf(given));
    expect(idsOf(again)).toEqual(idsOf(known));
    expect(ranges.length - before).toBe(1);
  });

  it('leaves out what was seen, what is excluded, and all that is not wanted', async () => {
    const seen = await recommend({ user_id: 'ann', exclude_seen: true, ...all });
    const dramas = await recommend({ user_id: 'ann', where: { genres: 'drama' }, ...all });
    const both = await recommend({
      user_id: 'ann',
      where: { genres: ['drama', 'nothing'], year: 1994 },
      only: [...itemIds.slice(0, 21), 'unheard'],
      exclude: ['item-4'],
      ...all,
    });

    expect(new Set(idsOf(seen))).toEqual(new Set([...itemIds].filter((_, at) => at < 1 || at > 5)));
    const everything = await recommend({ user_id: 'ann', ...all });
    const isDrama = (id: string) => Number(id.slice(5)) % 4 === 0;
    expect(idsOf(dramas)).toEqual(idsOf(everything).filter(isDrama));
    expect(new Set(idsOf(both))).toEqual(new Set(['item-12', 'item-20']));
  });

  it('filters what is popular in the same way', async () => {
    const answer = await recommend({ history: [], where: { genres: 'war' }, ...all });

    expect(answer.source).toBe('popularity');
    expect(idsOf(answer)).toHaveLength(10);
    expect(answer.items.every(({ source }) => source === 'popularity')).toBe(true);
  });

  it('tells of unknown items that were named, not of those that a filter found', async () => {
    // Arrange
    const matching = async () => ['item-4', 'of the catalogue alone', 'named'];
    const filtering = { ...serving, directory: { ...serving.directory!, matching } };
    const request = { history: ['gone', 'item-3'], where: { year: 1993 } };
    const unknownOf = async (more: object) => {
      const asked = parseRequest(recommendRequest, { ...request, ...more });
      const { unknownItems, unknownItemCount } = await answerRecommend(filtering, asked, 'id');
      expect(unknownItemCount).toBe(unknownItems.length);
      return unknownItems;
    };

    // Act and assess
    expect(await unknownOf({})).toEqual(['gone']);
    expect(await unknownOf({ only: ['item-4', 'named'] })).toEqual(['gone', 'named']);
  });

  it('makes a shorter list where few items are left, and none where none is', async () => {
    expect(idsOf(await recommend({ history: [], only: ['item-8', 'no'] }))).toEqual(['item-8']);
    expect(idsOf(await recommend({ history: ['item-1'], where: { genres: 'no' } }))).toEqual([]);
  });

  it('says which item of the request it does not know', async () => {
    const answer = await recommend({ history: ['x', 'item-1'], only: ['y', 'item-2'] });

    expect(answer.unknownItems).toEqual(['x', 'y']);
    expect(answer.unknownItemCount).toBe(2);
  });

  it('refuses an unknown user, an unknown field, and what no night has written', async () => {
    await expect(recommend({ user_id: 'eve' })).rejects.toThrow('Run a has met no user "eve"');
    await expect(recommend({ history: [], where: { genre: 'x' } })).rejects.toThrow(
      'Did you mean "genres"? There are: genres, year.',
    );
    const none = { ...serving, directory: undefined };
    const asked = parseRequest(recommendRequest, { user_id: 'ann' });
    await expect(answerRecommend(none, asked, 'id')).rejects.toThrow(MissingArtefactError);
    const plain = parseRequest(recommendRequest, { history: ['item-1'], count: 1 });
    const { items } = await answerRecommend(none, plain, 'id');
    expect(items[0]!.title).toBe(items[0]!.item_id);
  });
});

describe('Function: answerSimilar', () => {
  const similar = (request: object) =>
    answerSimilar(serving, parseRequest(similarRequest, request), 'id');

  it('gives items in the order of the cosines of their vectors, never the item itself', async () => {
    const answer = await similar({ item_id: 'item-7', count: 40 });

    expect(similarAnswer.parse(answer)).toEqual(answer);
    expect(answer).toMatchObject({ source: 'embedding', item: { title: 'Title of item-7' } });
    const scores = answer.items.map(({ score }) => score);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(new Set(idsOf(answer))).toEqual(new Set(itemIds.filter((id) => id !== 'item-7')));
    const [best] = answer.items;
    const back = await similar({ item_id: best!.item_id, only: ['item-7'] });
    expect(back.items[0]!.score).toBeCloseTo(best!.score, 10);
  });

  it('takes filters, and refuses what it has learned nothing of', async () => {
    const dramas = await similar({ item_id: 'item-4', where: { genres: 'Drama' }, count: 40 });

    expect(idsOf(dramas)).toHaveLength(9);
    await expect(similar({ item_id: 'x' })).rejects.toThrow(ValidationError);
  });
});

describe('Function: answerRerank', () => {
  it('puts all given items in the order of the list, unknown ones last', async () => {
    const given = ['item-30', 'unheard', 'item-3', 'item-12', 'item-30', 'elsewhere'];
    const asked = parseRequest(rerankRequest, { user_id: 'ann', items: given });

    const answer = await answerRerank(serving, asked, 'id');

    expect(rerankAnswer.parse(answer)).toEqual(answer);
    const list = idsOf(await recommend({ user_id: 'ann', ...all, exclude_seen: false }));
    const known = ['item-30', 'item-3', 'item-12'].sort(
      (a, b) => list.indexOf(a) - list.indexOf(b),
    );
    expect(idsOf(answer)).toEqual([...known, 'unheard', 'elsewhere']);
    expect(answer.items.at(-1)!.source).toBe('unknown');
  });
});
