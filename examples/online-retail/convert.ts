/**
 * Puts UCI Online Retail (one gzipped CSV a day) into the upload format: purchases, and cancellations (invoices whose
 * number begins with C), as event types of their own.
 *
 * Left out, and counted: rows without a customer, and rows that are no product (postage, fees, corrections).
 *
 * Usage: node bin/node.mjs examples/online-retail/convert.ts --source DIR --out DIR [--limit-users N]
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createUserLimit,
  type InteractionRow,
  type ItemRow,
  readOptions,
  readTable,
  writeUpload,
} from '../shared/upload-files.ts';

type Column = 'InvoiceNo' | 'StockCode' | 'Description' | 'Quantity' | 'InvoiceDate' | 'CustomerID';
type Row = Readonly<Record<Column, string>>;

const options = readOptions();
const admit = createUserLimit(options.limitUsers);

/** Product codes begin with five digits, or are gift vouchers and sets sold like products. */
const product = /^(\d{5}|DCGS|gift_|PADS)/;

const interactions: InteractionRow[] = [];
/** How often each description was used for a product. */
const descriptions = new Map<string, Map<string, number>>();
const leftOut = { withoutCustomer: 0, noProduct: 0 };

const files = (await readdir(options.source)).filter((name) => name.endsWith('.csv.gz')).sort();
for (const name of files) {
  for await (const row of readTable<Column>(join(options.source, name))) {
    if (row.CustomerID === '') leftOut.withoutCustomer++;
    else if (!product.test(row.StockCode)) leftOut.noProduct++;
    else if (admit(row.CustomerID)) add(row);
  }
}

function add(row: Row) {
  interactions.push({
    // Written as a number with decimals: 17850.0
    user_id: row.CustomerID.replace(/\.0$/, ''),
    item_id: row.StockCode,
    // Minutes without a zone, taken for UTC. Lines of one invoice share theirs; their order in the file breaks the tie.
    timestamp: Date.parse(`${row.InvoiceDate.replace(' ', 'T')}Z`) / 1000,
    event_type: row.InvoiceNo.startsWith('C') ? 'cancellation' : 'purchase',
    value: Math.abs(Number(row.Quantity)),
  });
  const description = row.Description.trim().replaceAll(/\s+/g, ' ');
  const counts = descriptions.get(row.StockCode) ?? new Map<string, number>();
  descriptions.set(row.StockCode, counts);
  if (description !== '') counts.set(description, (counts.get(description) ?? 0) + 1);
}

/** The title of a product is its most frequent description; the first one, if several are equally frequent. */
const items = [...descriptions].map(([item_id, counts]): ItemRow => {
  const [best] = [...counts].toSorted(([, a], [, b]) => b - a);
  return { item_id, title: best?.[0] ?? item_id };
});

console.log(
  `left out: ${leftOut.withoutCustomer} rows without a customer, ${leftOut.noProduct} rows that are no product`,
);
await writeUpload(options, interactions, items);
