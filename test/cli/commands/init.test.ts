import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
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
  it('finds users, items and titles by their values where no name says what they are', async () => {
    // Arrange: every film is in the other file once, whoever watched comes back.
    const films = Array.from(
      { length: 12 },
      (_, film) => `f${film};Der Film ${film};${1990 + film}`,
    );
    const seen = days.map((i) => `${(i * 5) % 12};f${i % 12};${day(i)}.11.2025;${1 + (i % 5)}`);
    const log = write('gesehen.csv', ['Wer;Film;Wann;Wie', ...seen].join('\n'));
    const catalogue = write('filme.csv', ['Kennung;Genaueres;Jahr', ...films].join('\n'));

    // Act
    const { code, written, reports, text } = await propose(log, catalogue);

    // Assess
    expect(code).toBe(0);
    expect(written.interactions.columns).toEqual({
      user_id: 'Wer',
      item_id: 'Film',
      timestamp: { column: 'Wann', format: 'DD.MM.YYYY' },
    });
    expect(written.interactions.items.columns).toEqual({
      item_id: 'Kennung',
      title: 'Genaueres',
    });
    expect(reports.map(({ good }: { good: number }) => good).sort()).toEqual([12, 60]);
    expect(text).toContain(`by its values: they are found in ${catalogue}`);
    expect(text).toContain('not read: "Wie"');
  });

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
    expect(reports[0].insights.map(({ code }: { code: string }) => code)).not.toContain(
      'event-types-without-reward',
    );
    expect(reports[0]).toMatchObject({
      status: 'succeeded',
      good: 50,
      omitted: 10,
      quarantined: 0,
    });
    expect(reports[0].interactions).toMatchObject({ users: 5, items: 7 });
    expect(text).toContain('written as DD.MM.YYYY HH:mm');
  });

  it.each([
    ['Kundennummer;Artikelnummer;Zeitpunkt;Menge;Bezeichnung', 'Größe'],
    ["Identifiant de l'acheteur;Référence produit;Heure;Quantité;Libellé", 'Théière'],
    ['Código de usuario;Artículo;Hora;Cantidad;Título', 'Tetera pequeña'],
  ])('finds its way by the words of %s', async (header, thing) => {
    const rows = days.map(
      (i) => `K${i % 6};A${i % 9};${day(i)}.11.2025 08:26;${(i % 3) + 1},0;${thing} ${i % 9}`,
    );
    const path = join(dir, `bestellungen-${number}.csv`);
    writeFileSync(path, Buffer.from([header, ...rows].join('\r\n'), 'latin1'));
    const [user, item, time, quantity, title] = header.split(';');

    const { code, written, reports } = await propose(path);

    expect(code).toBe(0);
    expect(written.interactions.file.encoding).toBe('latin-1');
    expect(written.interactions.columns).toMatchObject({
      user_id: user,
      item_id: item,
      timestamp: { column: time, format: 'DD.MM.YYYY HH:mm' },
      value: { column: quantity, decimal: ',' },
    });
    expect(written.interactions.items.columns).toEqual({ item_id: item, title });
    expect(reports[0]).toMatchObject({ status: 'succeeded', good: 60 });
  });

  it('says that a column called value is read, whatever is in it', async () => {
    const rows = days.map((i) => `u${i % 6},i${i % 9},${1_700_000_000 + i},${i % 2 === 0}`);
    const { text } = await propose(
      write('words.csv', ['user_id,item_id,timestamp,value', ...rows].join('\n')),
    );

    expect(text).toContain('value: the column "value" is read by its name, but');
    expect(text).not.toContain('not read: "value"');
    expect(text).toContain('would be REFUSED');
  });

  it('goes on with the folder that it was given, of which it looked at one file', async () => {
    const folder = join(dir, 'all days');
    mkdirSync(folder);
    for (const name of ['1.csv', '2.csv']) {
      const rows = days.map((i) => `u${i % 6},i${i % 9},${1_700_000_000 + i}`);
      writeFileSync(join(folder, name), ['user,item,time', ...rows].join('\n'));
    }

    const { text } = await propose(folder);

    expect(text).toContain(`lea validate --interactions '${folder}' --items ITEMS`);
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

  it('reads amounts and decimal commas, also in a column that is called value, and names in capitals', async () => {
    const row = (value: string) => (i: number) => `u${i % 5};i${i % 7};${1.7e9 + i};${value}`;
    const commas = write(
      'c.csv',
      ['USER_ID;ITEM_ID;TIMESTAMP;VALUE', ...days.map(row('3,50'))].join('\n'),
    );
    const amounts = write(
      'a.csv',
      [
        'user_id;item_id;timestamp;price',
        ...days.map((i) => row(i % 3 ? `$1,0${10 + i}.50` : '5 EUR')(i)),
      ].join('\n'),
    );

    const first = await propose(commas);
    const second = await propose(amounts);

    expect(first.written.interactions.columns).toMatchObject({
      value: { column: 'VALUE', decimal: ',' },
    });
    expect(second.written.interactions.columns).toEqual({
      value: { column: 'price', decimal: '.' },
    });
    expect([first, second].map(({ reports }) => reports[0].good)).toEqual([60, 60]);
  });

  it('takes a column that is called timestamp for the times, although some of them are impossible', async () => {
    const rows = days.map(
      (i) => `u${i % 5},i${i % 7},${i % 10 === 0 ? '2038-01-19T03:14:07Z' : 1.7e9 + i}`,
    );
    const file = write('future.csv', ['user_id,item_id,timestamp', ...rows].join('\n'));

    const { text, reports } = await propose(file);

    expect(text).toContain('timestamp: the column "timestamp"');
    expect(reports[0]).toMatchObject({ good: 54, quarantined: 6 });
  });

  it.each([
    ['page.csv', '<!DOCTYPE html>\n<html><body>403</body></html>\n', 'is an HTML or XML page'],
    ['book.csv', Buffer.from('d0cf11e0a1b11ae1', 'hex'), 'is an Excel file'],
    ['none.csv', 'user_id,item_id,timestamp\n', 'has no rows'],
    ['python.jsonl', "{'user_id': 'u'}\n", 'is in Python’s notation'.replace('’', "'")],
    ['items.csv', 'item_id,title\n1,One\n2,Two\n', 'looks like a catalogue (item_id, title)'],
    ['other.csv', 'one,two\n1,3\n2,4\n', 'None of the files looks like interactions'],
  ])('says of %s what it is', async (name, content, message) => {
    await expect(init.prepare([write(name, content), '--json'])()).rejects.toThrow(message);
  });
});
