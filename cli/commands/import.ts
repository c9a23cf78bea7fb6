import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { ValidationError } from '#lib/contracts/errors.ts';
import { root } from '../../setup/paths.mjs';
import { describeUploadReport } from '../artefacts/upload-report.ts';
import { expandFiles } from '../data/expand-files.ts';
import { asCalled, quoted } from '../process/called.ts';
import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';

/** A configuration for the files of another recommender. */
export const importCommand: Command = {
  usage: `Usage: npx lea import personalize --interactions FILE [--items FILE] [--users FILE] [--schema FILE]...
                                  [--solution FILE] [--to CONFIG] [--force] [--json]

Takes over a team's files for Amazon Personalize: writes the configuration that reads them as they are, and says what of
them is not used. The files themselves stay as they are.

  --interactions FILE  USER_ID, ITEM_ID, TIMESTAMP, EVENT_TYPE?, EVENT_VALUE?; or a folder of such files, or a pattern
  --items FILE         ITEM_ID and metadata: texts and categories become what the language model reads
  --users FILE         USER_ID and metadata: nothing of it is used, and said so
  --schema FILE        the schema of a dataset (Avro-style JSON, or what describe-schema prints); may be given several times
  --solution FILE      what aws personalize describe-solution prints: its events' weights and thresholds become rewards
  --to CONFIG          where to write the configuration (default: lea.json)
  --force              also over a file that is there
  --json               all of it for programs; nothing is written`,
  needs: [],
  prepare([source = '', ...args]) {
    if (source !== 'personalize') throw new UsageError('Expected "personalize".');
    const { to, force, json, ...given } = readOptions(args, {
      interactions: { type: 'string' },
      items: { type: 'string' },
      users: { type: 'string' },
      schema: { type: 'string', multiple: true, default: [] },
      solution: { type: 'string' },
      to: { type: 'string', default: 'lea.json' },
      force: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    });
    if (given.interactions === undefined) throw new UsageError('--interactions is needed.');
    const pathsOf = (file: string | undefined) =>
      file === undefined ? [] : expandFiles(file).map(({ path }) => path);
    const [interactions, items, users] = [given.interactions, given.items, given.users].map(
      pathsOf,
    );
    if (!json && !force && existsSync(to)) {
      throw new ValidationError(
        `${to} is there already: --force replaces it, --to writes elsewhere.`,
      );
    }
    return async () => {
      const { readSchema, readSolution } = await import('../import/schema.ts');
      const { importPersonalize } = await import('../import/personalize.ts');
      const made = await importPersonalize({
        interactions: interactions!,
        items: items!,
        users: users!,
        schemas: given.schema.map(readSchema),
        ...(given.solution !== undefined && { solution: readSolution(given.solution) }),
      });
      const { config, reasons, dropped, reports } = made;
      const code = reports.every(({ status }) => status === 'succeeded') ? 0 : 1;
      if (json) {
        console.log(JSON.stringify(made, null, 2));
        return code;
      }
      const $schema = relative(dirname(resolve(to)), join(root, 'config/pipeline.schema.json'));
      writeFileSync(to, `${JSON.stringify({ $schema, ...config }, null, 2)}\n`);
      const catalogue = given.items === undefined ? 'ITEMS' : quoted(given.items);
      console.log(
        [
          ...reasons.map((reason) => `- ${reason}`),
          ...(dropped.length === 0 ? [] : ['', 'Not used:', ...dropped.map((line) => `- ${line}`)]),
          '',
          `With ${to}:`,
          ...reports.map((report) => describeUploadReport(report, true)),
          '',
          asCalled(
            `Next:  npx lea run --interactions ${quoted(given.interactions!)} --items ${catalogue} --config ${quoted(to)} --out out/mine`,
          ),
        ].join('\n'),
      );
      return code;
    };
  },
};
