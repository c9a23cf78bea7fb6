import { existsSync, readFileSync } from 'node:fs';
import { ValidationError } from '#lib/contracts/errors.ts';
import type { DeletionReport } from '#lib/deletion/forget.ts';
import { readUserList, readUsers } from '#lib/deletion/user-list.ts';
import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';
import { placeOptions, placeUsage, readPlace, withBucket } from './place.ts';

export const forget: Command = {
  usage: `Usage: npx lea forget (FILE | --user ID ...) (--out DIR | --bucket NAME) [--json]

Takes all rows of users out of uploads, ingested rows, quarantine, sequences, histories and lists, then searches every object
and says what it found. The next night trains without them. While a night is at work, nothing is done. docs/privacy.md
says what stays, and for how long.

  FILE           ids, one a line
  --user ID      one of them; may be given more than once
${placeUsage}
  --json         the report, for programs`,
  needs: [],
  prepare(args) {
    const [first = ''] = args;
    const file = first === '' || first.startsWith('-') ? undefined : first;
    const { user, json, ...given } = readOptions(file === undefined ? args : args.slice(1), {
      ...placeOptions,
      user: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
    });
    const place = readPlace(given);
    if ((file === undefined) === (user.length === 0)) {
      throw new UsageError('Either a FILE of ids or --user is needed.');
    }
    const users = file === undefined ? readUsers(user) : readFile(file);
    return () =>
      withBucket(place, async (objects) => {
        const { forgetUsers } = await import('#lib/deletion/forget.ts');
        const deletion = new Date().toISOString().replaceAll(/[-:.]/g, '');
        const report = await forgetUsers(objects, { deletion, users, now: () => new Date() });
        console.log(json ? JSON.stringify(report, null, 2) : describe(report));
        if ('out' in place) {
          const { renewFilesIfThere } = await import('../artefacts/export.ts');
          await renewFilesIfThere(objects, place.out);
        }
        return report.found.rows.length === 0 ? 0 : 1;
      });
  },
};

function readFile(file: string): Set<string> {
  if (!existsSync(file)) throw new ValidationError(`There is no file ${file}.`);
  return readUserList(readFileSync(file, 'utf8'));
}

function describe({ users, changed, removedUploads, unfinishedRuns, ...report }: DeletionReport) {
  const rows = changed.reduce((sum, { rows }) => sum + rows, 0);
  const { searched, found, deletion } = report;
  return [
    `${users} ${users === 1 ? 'user' : 'users'}: ${rows} rows are gone, out of ${changed.length} objects.`,
    ...removedUploads.map(
      (key) => `  ${key} was removed as a whole: its rows cannot be taken out one by one`,
    ),
    ...unfinishedRuns.map(
      (run) => `  run ${run} had not ended well: it begins anew when it is resumed`,
    ),
    ...(rows === 0 && removedUploads.length === 0
      ? ['There was none: ids are compared to the letter, as they stand in the uploaded logs.']
      : []),
    found.rows.length === 0
      ? `No row of them is in any of the ${searched} objects.`
      : `Still in: ${found.rows.join(', ')}. Do it again.`,
    ...(found.words.length === 0
      ? []
      : [
          `The same characters stand in ${found.words.length} other ${found.words.length === 1 ? 'object' : 'objects'}, most likely as an item or a number; look at:`,
          ...found.words.slice(0, 10).map((key) => `  ${key}`),
        ]),
    ...found.damaged.map(
      (key) =>
        `  ${key} is damaged, or packed in a way that is not read here: look into it yourself`,
    ),
    `The report is deletions/${deletion}/report.json.`,
  ].join('\n');
}
