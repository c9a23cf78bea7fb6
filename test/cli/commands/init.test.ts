import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { init } from '#cli/commands/init.ts';
import { validate } from '#cli/commands/validate.ts';
import { nightConfig } from '#cli/one-machine/config.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

let dir: string;
beforeAll(() => {
  dir = temporaryFolder('init');
});

const write = (name: string, content: string | Uint8Array) => {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
};

async function quietly(work: () => Promise<number>) {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  const code = await work();
  const text = log.mock.calls.map(([line]) => line).join('\n');
  log.mockRestore();
  return { code, text };
}

let number = 0;
/** What is proposed for files, and what `validate` says of them with it. */
async function propose(...files: readonly string[]) {
  const to = join(dir, `${++number}.json`);
  const { code, text } = await quietly(init.prepare([...files, '--to', to]));
  const written = JSON.parse(readFileSync(to, 'utf8'));
  const checked = await quietly(validate.prepare([...files, '--config', to, '--json']));
  return { code, text, written, to, reports: JSON.parse(checked.text) };
}

const days = Array.from({ length: 60 }, (_, i) => i);
const day = (i: number) => String((i % 28) + 1).padStart(2, '0');

describe('Command: init', () => {
  it('reads a shop’s table with semicolons, day-first dates, cancellations and decimal commas', async () => {
    const rows = days.map(
      (i) =>
        `${i % 9 === 8 ? 'C' : ''}${5000 + i};P${i % 7};${day(i)}.11.2025 08:26;${i % 9 === 8 ? -1 : 2},50;${i % 6 ? `${100 + (i % 5)}.0` : ''}`,
    );
    const file = write(
      'shop.csv',
      ['InvoiceNo;StockCode;InvoiceDate;Quantity;CustomerID', ...rows].join('\r\n'),
    );

    const { code, written, reports, text } = await propose(file);

    expect(code).toBe(0);
    expect(written.interactions.columns).toEqual({
      user_id: { column: 'CustomerID', wholeNumber: true },
      item_id: 'StockCode',
      timestamp: { column: 'InvoiceDate', format: 'DD.MM.YYYY HH:mm' },
      event_type: {
        rules: [{ when: { column: 'InvoiceNo', startsWith: 'C' }, is: 'cancellation' }],
        otherwise: 'purchase',
      },
      value: { column: 'Quantity', decimal: ',', absolute: true },
    });
    expect(written.interactions.leaveOut).toEqual([{ column: 'CustomerID', isEmpty: true }]);
    expect(reports[0]).toMatchObject({
      status: 'succeeded',
      good: 50,
      omitted: 10,
      quarantined: 0,
    });
    expect(reports[0].interactions).toMatchObject({ users: 5, items: 7 });
    expect(text).toContain('written as DD.MM.YYYY HH:mm');
  });

  it('names the columns of tables without header lines, and splits lists', async () => {
    const log = write(
      'ratings.dat',
      days.map((i) => `${i % 6}::${i % 9}::${(i % 5) + 1}::${1_700_000_000 + i}`).join('\n'),
    );
    const items = write(
      'movies.dat',
      Buffer.from(
        Array.from({ length: 9 }, (_, i) => `${i}::Caf\xe9 ${i}::Drama|Comedy`).join('\n'),
        'latin1',
      ),
    );

    const { written, reports } = await propose(log, items);

    expect(written.interactions.file).toEqual({
      separator: '::',
      names: ['user_id', 'item_id', 'value', 'timestamp'],
    });
    expect(written.interactions.items).toEqual({
      file: { separator: '::', names: ['item_id', 'title', 'column3'], encoding: 'latin-1' },
      columns: { column3: { column: 'column3', split: '|' } },
    });
    expect(written.interactions.reward.values).toEqual({ '*': { as: 'rating', likedFrom: 3 } });
    expect(reports.map(({ status }: { status: string }) => status)).toEqual([
      'succeeded',
      'succeeded',
    ]);
  });

  it('finds its way through JSON with objects in it, and weighs events by what they are called', async () => {
    const types = ['page_view', 'add_to_cart', 'purchase', 'refund'];
    const rows = days.map((i) => ({
      user: { id: `u${i % 6}` },
      properties: { product_id: `p${i % 4}` },
      event: types[i % 4],
      sentAt: new Date(1.7e12 + i * 1000).toISOString(),
    }));
    const file = write('events.json', JSON.stringify(rows));

    const { written, reports } = await propose(file);

    expect(written.interactions.columns).toEqual({
      user_id: 'user.id',
      item_id: 'properties.product_id',
      timestamp: 'sentAt',
      event_type: 'event',
    });
    expect(written.interactions.eventRewards).toEqual({
      page_view: 0.1,
      add_to_cart: 0.5,
      purchase: 1,
      refund: 0,
    });
    expect(written.interactions.reward.takesBack).toEqual({ refund: 'purchase' });
    expect(reports[0]).toMatchObject({ good: 60 });
  });

  it('says which of two orders of day and month it could not tell', async () => {
    const rows = days.map((i) => `u${i % 5},i${i % 5},0${(i % 9) + 1}/0${(i % 8) + 1}/2025`);
    const { text } = await propose(write('dates.csv', ['user,item,date', ...rows].join('\n')));

    expect(text).toContain('MM/DD/YYYY fits as well: check which it is.');
  });

  it('writes what editors and commands can read, and nothing over a file that is there', async () => {
    const file = write(
      'plain.csv',
      ['user_id,item_id,timestamp', ...days.map((i) => `u${i % 5},i${i % 5},${1.7e9 + i}`)].join(
        '\n',
      ),
    );

    const { written, to } = await propose(file);

    const schema = readFileSync(join(dir, written.$schema), 'utf8');
    expect(JSON.parse(schema).properties).toHaveProperty('interactions');
    expect(nightConfig(to).config.interactions.columns).toEqual({});
    expect(nightConfig(to).configText).not.toContain('$schema');
    expect(() => init.prepare([file, '--to', to])).toThrow('--force replaces it');
  });

  it('says that nothing looks like interactions', async () => {
    const file = write('items.csv', 'item_id,title\n1,One\n2,Two\n');

    await expect(init.prepare([file, '--json'])()).rejects.toThrow(
      /None of the files looks like interactions.*item_id, title/,
    );
  });
});
