import { describe, expect, it } from 'vitest';
import { panelsOf } from '#cli/experiments/panels.ts';

describe('Function: panelsOf', () => {
  it('is every data set with every split, each with what is said of it alone', () => {
    const panels = panelsOf({
      out: 'out',
      splits: ['global-time', 'leave-one-out'],
      format: 'interactions',
      seeds: 2,
      data: [
        { name: 'films', interactions: 'films.jsonl' },
        { name: 'books', interactions: 'books.jsonl', splits: ['by-user'], seeds: 1 },
      ],
    });

    expect(panels.map(({ name, folder }) => [name, folder])).toEqual([
      ['films, global-time', 'films-global-time'],
      ['films, leave-one-out', 'films-leave-one-out'],
      ['books, by-user', 'books-by-user'],
    ]);
    expect(panels[2]!.options).toEqual({
      ...{ format: 'interactions', interactions: 'books.jsonl', split: 'by-user', seeds: 1 },
      out: 'out/books-by-user',
    });
    expect(panels[0]!.options).toMatchObject({ interactions: 'films.jsonl', seeds: 2 });
  });

  it('is the experiment itself where there is one data set and one split', () => {
    const asked = { out: 'out', interactions: 'a', split: 'by-user', models: ['sasrec:sqn'] };
    expect(panelsOf(asked)).toEqual([{ name: '', folder: '', options: asked }]);
  });

  it('splits one data set in several ways', () => {
    const panels = panelsOf({
      out: 'out',
      interactions: 'a',
      splits: ['by-user', 'leave-one-out'],
    });
    expect(panels.map(({ name }) => name)).toEqual(['by-user', 'leave-one-out']);
  });

  it.each([
    [{ data: [{ interactions: 'a' }] }, 'data[0].name'],
    [{ data: [{ name: 'a' }, { name: 'a' }] }, 'data: each name once'],
    [{ splits: ['by-moon'] }, 'splits[0]'],
    [{ data: [] }, 'data'],
  ])('refuses %j', (wrong, message) => {
    expect(() => panelsOf({ out: 'out', ...wrong })).toThrow(message);
  });
});
