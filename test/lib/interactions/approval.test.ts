import { describe, expect, it } from 'vitest';
import { uploads } from '#lib/contracts/keys.ts';
import { approveUpload, needsApproval, waitingReport } from '#lib/interactions/approval.ts';
import { type UploadReport, unreadReport } from '#lib/interactions/report.ts';
import { MemoryObjects } from '../promotion/memory-objects.ts';

const now = new Date('2026-11-24T08:00:00.000Z');
const reportOf = (status: UploadReport['status']) =>
  unreadReport(
    {
      upload: '20261123T000000Z-0123456789abcdef',
      key: 'catalog/items.jsonl',
      kind: 'catalog',
      bytes: 1000,
      arrivedAt: '2026-11-23T00:00:00.000Z',
    },
    status,
    'as it is',
  );

describe('Function: needsApproval', () => {
  it.each([
    ['half and no more', { known: 20, renamed: 5, left: 5 }, 0.5, false],
    ['one item more than half', { known: 20, renamed: 6, left: 5 }, 0.5, true],
    ['all of fewer than 20 items', { known: 19, renamed: 0, left: 19 }, 0.5, false],
    ['all, where that is allowed', { known: 40, renamed: 40, left: 0 }, 1, false],
  ])('%s', (_, change, most, expected) => {
    expect(needsApproval(change, most)).toBe(expected);
  });
});

describe('Function: waitingReport', () => {
  it('says what would change, what is allowed and what to do', () => {
    const report = reportOf('succeeded');

    const waiting = waitingReport(report, { known: 2000, renamed: 1100, left: 100 }, 0.5);

    expect(waiting).toEqual({ ...report, status: 'waiting', message: waiting.message });
    expect(waiting.message).toBe(
      'catalog/items.jsonl changes 60 % of the 2,000 items that are known (1,100 titles; 100 items leave), more than the 50 % ' +
        'that interactions.maximumCatalogueChange allows. Nothing of it is used until it is approved: ' +
        `npx lea approve --upload ${report.upload} with --bucket NAME or --out DIR. If it is a mistake, upload the right file instead.`,
    );
  });
});

describe('Function: approveUpload', () => {
  const objectsWith = (status: UploadReport['status']) => {
    const objects = new MemoryObjects();
    const report = reportOf(status);
    objects.put(uploads.report(report.upload), JSON.stringify(report));
    return { objects, upload: report.upload };
  };

  it('writes down that and when an upload was approved, once', async () => {
    const { objects, upload } = objectsWith('waiting');

    const first = await approveUpload(objects, upload, now);
    const second = await approveUpload(objects, upload, new Date());

    expect([first, second]).toEqual([true, false]);
    expect(JSON.parse(objects.contents.get(uploads.approval(upload))!.body)).toEqual({
      schemaVersion: 1,
      upload,
      approvedAt: '2026-11-24T08:00:00.000Z',
    });
  });

  it.each([
    ['succeeded', 'is used'],
    ['failed', 'failed'],
  ] as const)('refuses one that has %s', async (status, said) => {
    const { objects, upload } = objectsWith(status);

    await expect(approveUpload(objects, upload, now)).rejects.toThrow(
      `catalog/items.jsonl does not wait for approval: its upload ${upload} ${said}.`,
    );
    expect(objects.contents.has(uploads.approval(upload))).toBe(false);
  });

  it('says that there is no such upload', async () => {
    await expect(approveUpload(new MemoryObjects(), 'none', now)).rejects.toThrow(
      `There is no report of an upload none (${uploads.report('none')})`,
    );
  });
});
