import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { importCommand } from '#cli/commands/import.ts';
import { validate } from '#cli/commands/validate.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

let dir: string;
beforeEach(() => {
  dir = temporaryFolder('personalize');
  write('interactions.csv', [
    'USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,IMPRESSION,DEVICE',
    ...Array.from({ length: 60 }, (_, i) => {
      const type = ['watch', 'click', 'rate'][i % 3];
      return `u${i % 6},i${i % 9},${1.7e9 + i},${type},${type === 'rate' ? (i % 5) + 1 : ''},i1|i2,phone`;
    }),
  ]);
  write('items.csv', [
    'ITEM_ID,CREATION_TIMESTAMP,PRICE,GENRES,MOVIE_TITLE,DESCRIPTION,YEAR',
    ...Array.from(
      { length: 9 },
      (_, i) => `i${i},${1.6e9 + i},${i}.5,Drama|Comedy,Film ${i},About ${i},${2000 + i}`,
    ),
  ]);
  write('users.csv', ['USER_ID,AGE,GENDER', 'u0,30,f', 'u1,40,m']);
});

const at = (name: string) => join(dir, name);
const write = (name: string, lines: readonly string[]) => writeFileSync(at(name), lines.join('\n'));
const schemaOf = (name: string, fields: readonly object[]) =>
  JSON.stringify({
    type: 'record',
    name,
    namespace: 'com.amazonaws.personalize.schema',
    fields,
    version: '1.0',
  });

async function quietly(work: () => Promise<number>) {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  const code = await work();
  const text = log.mock.calls.map(([line]) => line).join('\n');
  log.mockRestore();
  return { code, text };
}

const files = () => ['--interactions', at('interactions.csv'), '--items', at('items.csv')];
const take = (...args: readonly string[]) =>
  quietly(importCommand.prepare(['personalize', ...files(), '--to', at('lea.json'), ...args]));
const written = () => JSON.parse(readFileSync(at('lea.json'), 'utf8'));

describe('Command: import personalize', () => {
  it('writes a configuration with which the files are read as they are', async () => {
    const { code, text } = await take('--users', at('users.csv'));

    expect(code).toBe(0);
    expect(written().interactions).toEqual({
      columns: { value: 'EVENT_VALUE' },
      eventRewards: { watch: 1, click: 0.2, rate: 1 },
      items: {
        columns: {
          title: 'MOVIE_TITLE',
          genres: { column: 'GENRES', split: '|' },
          description: 'DESCRIPTION',
        },
        otherColumns: 'leave-out',
      },
    });
    expect(text).toContain(
      `- ${at('users.csv')}: users are known by what they do, so nothing of it is used (AGE, GENDER).`,
    );
    for (const name of ['IMPRESSION of interactions', 'DEVICE of interactions', 'PRICE of items']) {
      expect(text).toContain(`- ${name}: `);
    }
    const checked = await quietly(
      validate.prepare([
        at('items.csv'),
        at('interactions.csv'),
        '--config',
        at('lea.json'),
        '--json',
      ]),
    );
    expect(JSON.parse(checked.text)).toMatchObject([
      { good: 9, items: { items: 9 } },
      { good: 60, quarantined: 0, interactions: { users: 6 } },
    ]);
  });

  it('follows the schema where there is one, also as describe-schema prints it', async () => {
    const schema = schemaOf('Items', [
      { name: 'ITEM_ID', type: 'string' },
      { name: 'YEAR', type: ['null', 'string'], categorical: true },
      { name: 'DESCRIPTION', type: ['null', 'string'], textual: true },
      { name: 'PRICE', type: 'float' },
      { name: 'GENRES', type: 'string', categorical: true },
      { name: 'MOVIE_TITLE', type: 'string' },
      { name: 'STUDIO', type: 'string', categorical: true },
    ]);
    write('items.json', [JSON.stringify({ schema: { name: 'items', schema } })]);

    const { text } = await take('--schema', at('items.json'));

    expect(written().interactions.items.columns).toEqual({
      title: 'MOVIE_TITLE',
      genres: { column: 'GENRES', split: '|' },
      description: 'DESCRIPTION',
      year: { column: 'YEAR', split: '|' },
    });
    expect(text).toContain('the schema names STUDIO, but');
  });

  it('takes weights and thresholds of events from the solution', async () => {
    const eventParametersList = [
      { eventType: 'watch', weight: 0.7 },
      { eventType: 'rate', weight: 0.9, eventValueThreshold: 4 },
    ];
    write('solution.json', [
      JSON.stringify({
        solution: { name: 's', solutionConfig: { eventsConfig: { eventParametersList } } },
      }),
    ]);

    await take('--solution', at('solution.json'));

    expect(written().interactions).toMatchObject({
      eventRewards: { watch: 0.7, rate: 0.9, click: 0 },
      reward: { values: { rate: { as: 'rating', likedFrom: 4 } } },
    });
  });

  it('counts all events alike where the solution names no event type, as Personalize does', async () => {
    const solution = { name: 's', solutionConfig: { eventValueThreshold: '2' } };
    write('solution.json', [JSON.stringify({ solution })]);

    const { text } = await take('--solution', at('solution.json'));

    expect(written().interactions).toMatchObject({
      eventRewards: { watch: 1, click: 1, rate: 1 },
      reward: { values: { '*': { as: 'rating', likedFrom: 2 } } },
    });
    expect(text).toContain('names no event type, so all of them count alike');
    expect(text).toContain("below the solution's threshold do not count (all from 2)");
  });

  it('lets the id stand for the title where no column is one, and says so', async () => {
    write('items.csv', ['ITEM_ID,PRICE', ...Array.from({ length: 9 }, (_, i) => `i${i},${i}.5`)]);

    const { text } = await take();

    expect(written().interactions.items.columns).toEqual({ title: 'ITEM_ID' });
    expect(text).toContain('no column is a title');
  });

  it.each([
    [['--schema', 'interactions.csv'], 'is no JSON'],
    [['--solution', 'none.json'], 'cannot be read'],
    [['--items', 'users.csv'], 'more than once'],
  ])('refuses %s', async ([option, file], message) => {
    await expect(async () => take(option!, at(file!))).rejects.toThrow(message);
    expect(existsSync(at('lea.json'))).toBe(false);
  });

  it('refuses a file that Personalize would not take either', async () => {
    write('interactions.csv', ['user,item,time', 'u,i,1700000000']);

    await expect(take()).rejects.toThrow('has no USER_ID, ITEM_ID, TIMESTAMP');
  });
});
