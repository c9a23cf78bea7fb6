import { describe, expect, it } from 'vitest';
import {
  parseRequest,
  recommendRequest,
  rerankRequest,
  similarRequest,
} from '#lib/serving/request.ts';

describe('Function: parseRequest', () => {
  it('reads ids as ingestion does, and counts 20 items where nothing is said', () => {
    expect(parseRequest(recommendRequest, { user_id: 17 })).toEqual({ user_id: '17', count: 20 });
    expect(
      parseRequest(recommendRequest, {
        history: [' a\t', 1.5],
        exclude: ['b'],
        where: { genres: ['Drama', 'War'], year: 1999 },
        exclude_seen: false,
      }),
    ).toEqual({
      history: ['a', '1.5'],
      count: 20,
      exclude: ['b'],
      where: { genres: ['Drama', 'War'], year: 1999 },
      exclude_seen: false,
    });
  });

  it.each([
    [recommendRequest, { histroy: [] }, 'histroy: unknown key; did you mean "history"?'],
    [recommendRequest, { history: [], exclude_sen: true }, 'did you mean "exclude_seen"?'],
    [recommendRequest, { history: [], context: { tiem: 1 } }, 'context.tiem: unknown key; did you'],
    [recommendRequest, { history: [], quite_different: 1 }, 'quite_different: unknown key'],
    [recommendRequest, { count: 3 }, 'give `user_id` or `history`'],
    [recommendRequest, { user_id: 'a', history: [] }, 'history: either this or `user_id`'],
    [recommendRequest, { user_id: 'a', context: { lastActionTime: 1 } }, 'lastActionTime: belongs'],
    [recommendRequest, { user_id: 2 ** 53 }, 'write it as text'],
    [recommendRequest, { history: [], where: { a: [] } }, 'where.a'],
    [similarRequest, {}, 'item_id'],
    [similarRequest, { item_id: 'a', items: [] }, 'items: unknown key'],
    [rerankRequest, { history: [] }, 'items'],
    [rerankRequest, { history: [], items: [] }, 'items'],
  ] as const)('refuses what is wrong (%#)', (schema, request, message) => {
    expect(() => parseRequest(schema, request)).toThrow(message);
  });
});
