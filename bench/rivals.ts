import { createReadStream } from 'node:fs';
import { parseArgs } from 'node:util';
import { sequencesConfig } from '#lib/contracts/config/sequences.ts';
import { meanOverCases, rankMetrics } from '#lib/evaluation/metrics.ts';
import { fitOnTraining } from '#lib/evaluation/rivals/fit-scorers.ts';
import { rankRivals } from '#lib/evaluation/rivals/rivals.ts';
import { gunzippedLines } from '#lib/interactions/packing.ts';
import type { AsOf } from '#lib/popularity/as-of.ts';
import { buildSequences } from '#lib/sequences/build.ts';
import { type CatalogueItem, InteractionLog } from '#lib/sequences/interaction-log.ts';

/**
 * `npm run bench -- rivals --interactions FILE --items FILE [--split NAME] [--as-of request|night|frozen] [--ignore TYPE]
 * [--counts-share SHARE]`:
 * what the rivals of every night reach on a data set, and how long they take. Files are gzipped JSON lines as the
 * converters in examples/ write them; events of type TYPE are no actions.
 */
const { values } = parseArgs({
  options: {
    interactions: { type: 'string', default: 'examples/movietweetings/interactions.jsonl.gz' },
    items: { type: 'string', default: 'examples/movietweetings/items.jsonl.gz' },
    split: { type: 'string', default: 'global-time' },
    'as-of': { type: 'string', default: 'request' },
    ignore: { type: 'string', default: '' },
    'counts-share': { type: 'string', default: '1' },
  },
});

async function* rowsOf(path: string) {
  const lines = gunzippedLines(createReadStream(path), path);
  for await (const line of lines) if (line !== '') yield JSON.parse(line);
}

const catalogue = new Map<string, CatalogueItem>();
for await (const { item_id, title, ...fields } of rowsOf(values.items)) {
  catalogue.set(String(item_id), { title, fields });
}
const log = new InteractionLog({
  eventRewards: values.ignore === '' ? {} : { [values.ignore]: 0 },
  defaultReward: 1,
  catalogue,
});
const part = log.part('bench');
let line = 0;
for await (const row of rowsOf(values.interactions)) {
  line++;
  log.add({ ...row, user_id: String(row.user_id), item_id: String(row.item_id), line }, part);
}
const built = buildSequences(
  log,
  sequencesConfig.parse({ split: values.split, shardItems: 1_000_000 }),
);
const begun = process.cpuUsage();
const { baskets, excludeHistory } = built.manifest;
const ranked = rankRivals({
  ...built.manifest,
  ...built,
  cases: built,
  scorers: fitOnTraining({ ...built, baskets }, built.validation, excludeHistory),
  asOf: values['as-of'] as AsOf,
  countsShare: Number(values['counts-share']),
});
const { user, system } = process.cpuUsage(begun);
const common = { bench: 'rivals', case: `${values.split}, as of ${values['as-of']}` };
for (const { model, validation, test } of ranked) {
  for (const [metric, gain] of rankMetrics([10])) {
    const value = meanOverCases(test.ranks, gain);
    const onValidation = meanOverCases(validation.ranks, gain);
    const row = { ...common, rival: model.name, metric, value, validation: onValidation };
    console.log(JSON.stringify(row));
  }
  const shown = new Set(test.lists).size;
  console.log(
    JSON.stringify({ ...common, rival: model.name, metric: 'items shown', value: shown }),
  );
}
console.log(
  JSON.stringify({ ...common, metric: 'time', value: (user + system) / 1e6, unit: 's CPU' }),
);
