import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { planLocal } from '#cli/data/upload-file.ts';
import { interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { createRangeParser } from '#lib/interactions/range-parser.ts';
import { reportCost } from './job.ts';

/** What `parse-range` does with an upload, between files: all checks and counts, rows sorted by user, without S3. */
await reportCost(async ({ file, output }) => {
  const { plan, content } = await planLocal(file, 'logs', interactionsConfig.parse({}));
  const parser = createRangeParser(plan, 0, undefined);
  const target = openSync(output, 'w');
  for await (const chunk of content()) writeSync(target, parser.push(chunk).rows);
  writeSync(target, parser.end().rows);
  closeSync(target);
  return { rows: parser.tally().good, bytes: statSync(output).size };
});
