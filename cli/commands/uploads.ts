import { writeFileSync } from 'node:fs';
import { MissingArtefactError } from '#lib/contracts/errors.ts';
import { uploads } from '#lib/contracts/keys.ts';
import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';
import { lookIntoBucket, placeOptions, placeUsage, readPlace } from './place.ts';

export const uploadsCommand: Command = {
  usage: `Usage: npx lea uploads (--out DIR | --bucket NAME) [--upload ID [--to FILE]] [--json]

All uploads, the newest first: how many of their rows were taken, are in quarantine, repeat another row. Of one: its report,
with the reasons, the first lines and what to do, as \`lea validate\` says it before an upload.

${placeUsage}
  --upload ID    one of them, by the name in the first column
  --to FILE      writes it as a page with charts, beside the seven uploads before it
  --json         the reports for programs`,
  needs: [],
  prepare(args) {
    const { upload, to, json, ...given } = readOptions(args, {
      ...placeOptions,
      upload: { type: 'string' },
      to: { type: 'string' },
      json: { type: 'boolean', default: false },
    });
    if (to !== undefined && upload === undefined) throw new UsageError('--to needs --upload.');
    const place = readPlace(given);
    return () =>
      lookIntoBucket(place, async (objects) => {
        const { readUploads, uploadsTable } = await import('../artefacts/status.ts');
        const { describeUploadReport } = await import('../artefacts/upload-report.ts');
        const { reports } = await readUploads(objects, Number.POSITIVE_INFINITY, upload);
        if (upload === undefined) {
          console.log(json ? JSON.stringify(reports, null, 2) : uploadsTable(reports).join('\n'));
          return 0;
        }
        const report = reports[0]?.report;
        if (!report) {
          throw new MissingArtefactError(
            `There is no report of an upload "${upload}" (${uploads.report(upload)}). \`npx lea uploads\` lists them.`,
          );
        }
        if (to !== undefined) {
          const { uploadPage } = await import('../artefacts/upload-page.ts');
          writeFileSync(to, await uploadPage(objects, report));
        }
        console.log(json ? JSON.stringify(report, null, 2) : describeUploadReport(report));
        return 0;
      });
  },
};
