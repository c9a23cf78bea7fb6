import { writeFileSync } from 'node:fs';
import type { UploadReport } from '#lib/interactions/report.ts';
import type { Interaction } from '#lib/interactions/rows.ts';
import {
  countRows,
  describeUploadReport,
  outcomeAhead,
  type RowCounts,
} from '../artefacts/upload-report.ts';
import { expandFiles } from '../data/expand-files.ts';
import { nightConfig } from '../one-machine/config.ts';
import type { Command } from './command.ts';
import { readFilesAndOptions, UsageError } from './options.ts';

/** Files of which each is described. */
const MANY = 10;

/** What ingestion would say, without a night. */
export const validate: Command = {
  usage: `Usage: npx lea validate FILE... [--config FILE] [--json | --quiet] [--page FILE]
       npx lea validate [--interactions FILE]... [--items FILE] [--config FILE] [--json | --quiet]

Reads files as uploads would be read, and keeps nothing of them: rows, reasons with the first lines, remarks, what to do.
Then what evaluation meets in them, all logs together: ties, cold items, repeats, drift.

  FILE                 interactions, or the catalogue: their columns tell. Or a folder of such files, or a pattern
                       in quotes ('days/*.csv.gz')
  --interactions FILE  the same, for files whose columns do not tell; may be given several times
  --items FILE         likewise; interactions with items that no catalogue has count as unknown
  --config FILE        pipeline configuration, as of \`lea run\`; only its "interactions" matter
                       (\`lea init\` writes one for columns of other names)
  --json               the reports as uploads get them, for programs
  --quiet              nothing but the files that would be refused
  --page FILE          what is said of the last file of interactions as a page with charts, beside seven files before it

The exit code is 1 when an upload would be refused.`,
  needs: [],
  prepare(args) {
    const { files, ...options } = readFilesAndOptions(args, {
      interactions: { type: 'string', multiple: true, default: [] },
      items: { type: 'string' },
      config: { type: 'string' },
      json: { type: 'boolean', default: false },
      quiet: { type: 'boolean', default: false },
      page: { type: 'string' },
    });
    if (files.length + options.interactions.length === 0 && options.items === undefined) {
      throw new UsageError('A file is needed.');
    }
    const { json, quiet, page } = options;
    if (json && quiet) throw new UsageError('--json and --quiet exclude each other.');
    const pathsOf = (given: readonly string[]) =>
      given.flatMap((file) => expandFiles(file).map(({ path }) => path));
    const logs = pathsOf(options.interactions);
    const items = pathsOf(options.items === undefined ? [] : [options.items]);
    const others = pathsOf(files);
    const { interactions: config, sequences } = nightConfig(options.config).config;
    return async () => {
      const { inspectUploadFile } = await import('../data/upload-file.ts');
      const { kindOfFile } = await import('../data/kind-of-file.ts');
      const { AuditedRows } = await import('../data/audited-rows.ts');
      for (const file of others) {
        const kind = await kindOfFile(file, config);
        (kind === 'logs' ? logs : items).push(file);
      }
      const reports: UploadReport[] = [];
      const ids = new Set<string>();
      const take = (row: { readonly item_id: string }) => void ids.add(row.item_id);
      for (const file of items) {
        reports.push(await inspectUploadFile(file, 'catalog', config, undefined, take));
      }
      const known = items.length === 0 ? undefined : ids;
      const audited = new AuditedRows(config, known);
      for (const file of logs) {
        const take = (row: Interaction) => audited.add(row, file);
        reports.push(await inspectUploadFile(file, 'logs', config, known, take));
      }
      if (json) console.log(JSON.stringify(reports, null, 2));
      else if (!quiet || reports.some(isRefused)) console.log(describeAll(reports, quiet));
      const isShown = (!json && !quiet) || page !== undefined;
      const isAudited = isShown && logs.length > 0 && !reports.some(isRefused);
      const found = isAudited ? await audited.describe(sequences) : undefined;
      if (found !== undefined && !json && !quiet) {
        const lines = found.lines.map((line) => `  ${line}`);
        console.log(['\nWhat evaluation meets in them:', ...lines].join('\n'));
      }
      if (page !== undefined) {
        const { renderUploadPage } = await import('#lib/report/upload-page.ts');
        const [report, ...earlier] = reports.toReversed();
        writeFileSync(page, renderUploadPage(report!, { earlier, audit: found?.audit }));
      }
      return reports.some(isRefused) ? 1 : 0;
    };
  },
};

const isRefused = ({ status }: UploadReport) => status !== 'succeeded';

/** Of many files, those that would be taken get a line each. */
function describeAll(reports: readonly UploadReport[], quiet: boolean): string {
  if (quiet)
    return reports
      .filter(isRefused)
      .map((report) => describeUploadReport(report, true))
      .join('\n\n');
  if (reports.length <= MANY)
    return reports.map((report) => describeUploadReport(report, true)).join('\n\n');
  return [
    ...reports.map((report) =>
      isRefused(report)
        ? describeUploadReport(report, true)
        : `${report.file}: ${outcomeAhead(report)}. ${report.message}`,
    ),
    `${reports.length} files,${countRows(sums(reports))}`,
  ].join('\n');
}

/** What the rows of all files became. */
const sums = (reports: readonly UploadReport[]): RowCounts => {
  const sum = (count: keyof RowCounts) =>
    reports.reduce((total, report) => total + report[count], 0);
  return {
    read: sum('read'),
    good: sum('good'),
    quarantined: sum('quarantined'),
    duplicate: sum('duplicate'),
    omitted: sum('omitted'),
  };
};
