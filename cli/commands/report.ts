import { writeFileSync } from 'node:fs';
import * as z from 'zod';
import { MissingArtefactError } from '#lib/contracts/errors.ts';
import { runs } from '#lib/contracts/keys.ts';
import type { Command } from './command.ts';
import { readOptions } from './options.ts';
import { lookIntoBucket, placeOptions, placeUsage, readPlace } from './place.ts';

export const report: Command = {
  usage: `Usage: npx lea report (--out DIR | --bucket NAME) [--run NAME] [--to FILE] [--json]

Shows how a night's models and rivals did, and writes its report, a page for any browser.

${placeUsage}
  --run NAME     the night (default: the newest that has a report)
  --to FILE      where the page goes (default: report-NAME.html)
  --json         the figures for programs, in place of page and table`,
  needs: [],
  prepare(args) {
    const {
      run: asked,
      to,
      json,
      ...given
    } = readOptions(args, {
      ...placeOptions,
      run: { type: 'string' },
      to: { type: 'string' },
      json: { type: 'boolean', default: false },
    });
    const place = readPlace(given);
    return () =>
      lookIntoBucket(place, async (objects) => {
        const { newestReport } = await import('../artefacts/nights.ts');
        const run = asked ?? (await newestReport(objects));
        if (run === undefined || (await objects.head(runs.report(run))) === undefined) {
          throw new MissingArtefactError(
            `${run === undefined ? 'No night has a' : `Run ${run} has no`} report: only nights that ended well have one. \`npx lea runs\` lists them.`,
          );
        }
        const { runSummary } = await import('#lib/report/summary.ts');
        // That of another release is not read, but its page is there.
        const found = await objects.getVersion(runs.summary(run), z.unknown());
        const summary = runSummary.safeParse(found?.value).data;
        if (json) {
          console.log(JSON.stringify(summary ?? null, null, 2));
          return 0;
        }
        const { summaryTable } = await import('#lib/report/table.ts');
        const file = to ?? `report-${run}.html`;
        writeFileSync(file, await objects.getBytes(runs.report(run)));
        if (summary !== undefined) console.log(`${summaryTable(summary)}\n`);
        console.log(`The report of run ${run} is in ${file}.`);
        return 0;
      });
  },
};
