import { describe, expect, it } from 'vitest';
import { idInsights } from '#lib/interactions/id-insights.ts';
import { type MergedTally, mergeTallies } from '#lib/interactions/merge.ts';
import { createTally } from '#lib/interactions/tally.ts';

const logs = mergeTallies('u', [createTally('logs', 'u', 1).result()]);
const catalogue = mergeTallies('u', [createTally('catalog', 'u', 1).result()]);

const remarks = (change: Partial<MergedTally>, hasCatalogue = true) =>
  idInsights({ ...logs, ...change }, hasCatalogue);
const said = (...args: Parameters<typeof remarks>) =>
  remarks(...args).map(({ code, message }) => [code, message]);

describe('Function: idInsights', () => {
  it('has nothing to say of ids that are as they should be', () => {
    expect(remarks({})).toEqual([]);
    expect(idInsights(catalogue, false)).toEqual([]);
  });

  it('says in which spelling unknown items are known, of all or of some', () => {
    const reasons = { 'unknown-item': { count: 2000, examples: [] } };

    expect(remarks({ reasons, knownBy: { case: 2000, decimals: 1999 } })).toEqual(
      [
        'All 2,000 rows of unknown items match an item of the catalogue in another case.',
        '1,999 of the 2,000 rows of unknown items match an item of the catalogue without ".0".',
      ].map((message) => ({
        code: 'unknown-items-spelled-otherwise',
        message,
        advice: 'Write item ids alike in logs and catalogue; they are compared letter by letter.',
      })),
    );
  });

  it('counts ids in two spellings: users always, items where no catalogue decides', () => {
    const { users, items } = logs.interactions!;
    const spelled = { spelledTwice: { case: 1, zeros: 2000 } };
    const interactions = {
      ...logs.interactions!,
      users: { ...users, ...spelled },
      items: { ...items, spelledTwice: { form: 3 } },
    };
    const ofUsers = [
      ['users-in-two-spellings', '1 user appears in two spellings that differ in case.'],
      [
        'users-in-two-spellings',
        '2,000 users appear in two spellings that differ in zeros at the beginning.',
      ],
    ];

    expect(said({ interactions }, true)).toEqual(ofUsers);
    expect(said({ interactions }, false)).toEqual([
      ...ofUsers,
      [
        'items-in-two-spellings',
        '3 items appear in two spellings that differ in the Unicode normal form of a letter.',
      ],
    ]);
    expect(remarks({ interactions })[0]!.advice).toBe(
      'Write each user_id alike everywhere, if they are the same user: ids are compared letter by letter.',
    );
  });

  it('counts ids in two spellings within a catalogue', () => {
    const items = {
      ...catalogue.items!,
      items: { ...logs.interactions!.items, spelledTwice: { case: 1 } },
    };

    expect(idInsights({ ...catalogue, items }, true).map(({ message }) => message)).toEqual([
      '1 item appears in two spellings that differ in case.',
    ]);
  });

  it.each([
    [
      'placeholder-user',
      'placeholder-users',
      '1 row has a word for "nothing" (NULL, nan, None, \\N and the like) as user_id, which counts as one user a word.',
      'Leave out rows without a user.',
    ],
    [
      'placeholder-item',
      'placeholder-items',
      '1 row has a word for "nothing" (NULL, nan, None, \\N and the like) as item_id, which counts as one item a word.',
      'Leave out rows without an item.',
    ],
    [
      'shortened-id',
      'shortened-ids',
      '1 row has an id such as 8.80E+12: a spreadsheet has cut its digits, so that different ids became one.',
      'Export again from the source, without a spreadsheet, or with the id columns formatted as text.',
    ],
    [
      'shortened-time',
      'shortened-timestamps',
      '1 row has a timestamp such as 1.70E+12: if a spreadsheet has cut its digits, different times became one.',
      'Export again from the source, without a spreadsheet, or with the column formatted as text.',
    ],
    [
      'trimmed-id',
      'trimmed-ids',
      'Blanks or control characters around 1 id were taken off.',
      'Nothing to do. They are taken off in logs and catalogue alike.',
    ],
  ] as const)('remarks %s with its number', (note, code, message, advice) => {
    expect(remarks({ notes: { [note]: 1 } })).toEqual([{ code, message, advice }]);
    expect(remarks({ notes: { [note]: 1200 } })[0]!.message).toBe(
      message.replace('1 row has', '1,200 rows have').replace('1 id were', '1,200 ids were'),
    );
  });
});
