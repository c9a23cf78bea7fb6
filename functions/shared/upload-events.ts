import { uploads } from '#lib/contracts/keys.ts';
import { type UploadEvent, uploadEventTypes } from '#lib/contracts/status-event.ts';
import type { UploadReport } from '#lib/interactions/report.ts';
import { createJsonService } from '#platform/json-service.ts';
import { announce } from './announce.ts';

/** Tells whoever listens what became of an upload; called before its report is written, so that no kill comes between. */
export type AnnounceUpload = (report: UploadReport) => Promise<void>;

/**
 * Announces the uploads that somebody has to look at on an event bus. One may be announced twice, with the same content.
 *
 * @param bus its name; empty where there is none, as on one machine
 */
export function uploadAnnouncer(bus: string): AnnounceUpload {
  const events = createJsonService('events');
  return async (report) => {
    const { upload, file, kind, status, message, arrivedAt } = report;
    if (bus === '' || status === 'succeeded' || status === 'ignored') return;
    await announce(events, bus, uploadEventTypes[status], {
      schemaVersion: 1,
      upload,
      file,
      kind,
      status,
      message,
      arrivedAt,
      report: uploads.report(upload),
    } satisfies UploadEvent);
  };
}
