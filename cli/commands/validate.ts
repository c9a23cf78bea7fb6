import type { UploadReport } from '#lib/interactions/report.ts';
import { nightConfig } from '../one-machine/config.ts';
import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';

/** Lines of a reason that are shown. */
const examplesShown = 3;

/** What ingestion would say, without a night. */
export const validate: Command = {
  usage: `Usage: npx lea validate [--interactions FILE]... [--items FILE] [--config FILE] [--json]

Reads the files as an upload would be read, and keeps nothing of them.

  --interactions FILE  a log of interactions; may be given several times
  --items FILE         the catalogue; interactions with other items count as unknown
  --config FILE        pipeline configuration, as of \`lea run\`; only its "interactions" matter
  --json               the reports as uploads get them, for programs

The exit code is 1 when an upload would be refused.`,
  needs: [],
  prepare(args) {
    const options = readOptions(args, {
      interactions: { type: 'string', multiple: true, default: [] },
      items: { type: 'string' },
      config: { type: 'string' },
      json: { type: 'boolean', default: false },
    });
    const { interactions: logs, items } = options;
    if (logs.length === 0 && items === undefined) {
      throw new UsageError('--interactions or --items is needed.');
    }
    const config = nightConfig(options.config).config.interactions;
    return async () => {
      const { inspectUploadFile } = await import('../data/upload-file.ts');
      const reports: UploadReport[] = [];
      let known: Set<string> | undefined;
      if (items !== undefined) {
        const ids = new Set<string>();
        const take = (row: { readonly item_id: string }) => void ids.add(row.item_id);
        reports.push(await inspectUploadFile(items, 'catalog', config, undefined, take));
        known = ids;
      }
      for (const log of logs) {
        reports.push(await inspectUploadFile(log, 'logs', config, known, () => undefined));
      }
      console.log(
        options.json ? JSON.stringify(reports, null, 2) : reports.map(describe).join('\n\n'),
      );
      return reports.every(({ status }) => status === 'succeeded') ? 0 : 1;
    };
  },
};

function describe(report: UploadReport): string {
  const { file, status, message, read, good, quarantined, duplicate } = report;
  return [
    `${file}: ${status === 'succeeded' ? 'would be taken' : 'would be REFUSED'}. ${message}`,
    `  ${read} rows = ${good} good + ${quarantined} quarantined + ${duplicate} duplicate`,
    ...describeRows(report),
    ...report.reasons.flatMap(({ reason, count, meaning, advice, examples }) => [
      `  ${reason}, ${count} rows: ${meaning} ${advice}`,
      ...examples.slice(0, examplesShown).map(({ line, detail }) => `    line ${line}: ${detail}`),
    ]),
    ...report.insights.map((insight) => `  * ${insight.message} ${insight.advice}`),
  ].join('\n');
}

function describeRows({ interactions, items }: UploadReport): string[] {
  if (items !== null) {
    const fields = Object.keys(items.fields).join(', ');
    return [`  ${items.items} items${fields === '' ? '' : `; besides the title: ${fields}`}`];
  }
  if (interactions === null || interactions.firstAt === null) return [];
  const { users, firstAt, lastAt, eventTypes } = interactions;
  const types = Object.entries(eventTypes).map(([type, count]) => `${type} ${count}`);
  return [
    `  ${users} users, ${interactions.items} items, ${firstAt} to ${lastAt}${types.length === 0 ? '' : `; ${types.join(', ')}`}`,
  ];
}
