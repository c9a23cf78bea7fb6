import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { ValidationError } from '#lib/contracts/errors.ts';
import { count } from '#lib/interactions/insight.ts';
import type { UploadReport } from '#lib/interactions/report.ts';
import { root } from '../../setup/paths.mjs';
import { expandFiles } from '../data/expand-files.ts';
import { asCalled, quoted } from '../process/called.ts';
import type { Command } from './command.ts';
import { readFilesAndOptions, UsageError } from './options.ts';

/** A configuration out of files. */
export const init: Command = {
  usage: `Usage: npx lea init FILE... [--to CONFIG] [--force] [--json]

Looks at your files as they are, proposes which column is what, what events count for and how to read them, explains each
choice in a line, and writes a configuration for \`lea validate\`, \`lea run\` and AWS.

  FILE           interactions (who did what when), and what the items are, if that is a file of its own;
                 CSV, JSON lines or an array, Parquet, also compressed; or a folder, or a pattern, of which one
                 file is looked at
  --to CONFIG    where to write it (default: lea.json)
  --force        also over a file that is there
  --json         the proposal for programs; nothing is written`,
  needs: [],
  prepare(args) {
    const { files, to, force, json } = readFilesAndOptions(args, {
      to: { type: 'string', default: 'lea.json' },
      force: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    });
    if (files.length === 0) throw new UsageError('A file to look at is needed.');
    // Of a folder or a pattern one file is looked at, and all of them are meant.
    const meant = new Map(files.map((file) => [expandFiles(file)[0]!.path, file]));
    if (!json && !force && existsSync(to)) {
      throw new ValidationError(
        `${to} is there already: --force replaces it, --to writes elsewhere.`,
      );
    }
    return async () => {
      const { proposeConfig } = await import('../init/propose-config.ts');
      const proposed = await proposeConfig([...meant.keys()]);
      if (json) {
        console.log(JSON.stringify(proposed, null, 2));
        return proposed.missing.length === 0 ? 0 : 1;
      }
      const $schema = relative(dirname(resolve(to)), join(root, 'config/pipeline.schema.json'));
      writeFileSync(to, `${JSON.stringify({ $schema, ...proposed.config }, null, 2)}\n`);
      const { missing, reasons, reports, logs, items } = proposed;
      console.log(reasons.map((reason) => `- ${reason}`).join('\n'));
      if (missing.length > 0) {
        console.log(
          `\n${to} lacks ${missing.join(', ')}: no column fits. Add which it is (docs/data.md).`,
        );
        return 1;
      }
      console.log(`\nWith ${to}:\n${reports.map(describeReport).join('\n')}\n`);
      const named = (path: string) => quoted(meant.get(path) ?? path);
      const log = logs.map(named).join(' --interactions ');
      const catalogue = items[0] === undefined ? 'ITEMS' : named(items[0]);
      const files = `--interactions ${log} --items ${catalogue} --config ${quoted(to)}`;
      console.log(
        asCalled(`Next:  npx lea validate ${files}\n       npx lea run ${files} --out out/mine`),
      );
      return reports.every(({ status }) => status === 'succeeded') ? 0 : 1;
    };
  },
};

const describeReport = ({ status, kind, message, omitted }: UploadReport) =>
  `  ${kind === 'logs' ? 'interactions' : 'items'}: ${status === 'succeeded' ? '' : 'would be REFUSED. '}${message}${omitted === 0 ? '' : ` ${count(omitted, 'more row is', 'more rows are')} left out, as configured.`}`;
