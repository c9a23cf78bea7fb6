import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { withBucket } from '#cli/commands/place.ts';
import { type Night, readNight } from '#cli/one-machine/night-file.ts';
import { prepareNight } from '#cli/one-machine/prepare-night.ts';
import { temporaryFolder } from '../../temporary/folders.ts';
import { finishNight } from '../artefacts/finished-night.ts';

/** A folder with a run `a` that ended well and a run `b` that failed. */
let done: string;
beforeAll(async () => {
  done = await finishNight();
});

const out = temporaryFolder('prepared');
const prepare = (run: string | undefined, before?: Night, configText = '{}') =>
  withBucket({ out: done }, (objects) => prepareNight(objects, { out, configText, run }, before));
const stopped: Night = { run: 'x', finished: false, config: '{}', uploaded: { 'logs/a': 'hash' } };

describe('Function: prepareNight', () => {
  it('refuses the name of a run that has ended well, whose figures would be shown as new', async () => {
    await expect(prepare('a')).rejects.toThrow('Run a has ended well');

    expect(existsSync(join(out, 'night.json'))).toBe(false);
  });

  it('goes on with what was stopped, unless another run or configuration is wanted', async () => {
    expect(await prepare(undefined, stopped)).toBe(stopped);
    expect(await prepare('x', stopped)).toBe(stopped);
    expect(await prepare('y', stopped)).toMatchObject({ run: 'y', uploaded: stopped.uploaded });
    expect(await prepare('x', stopped, '{"a": 1}')).not.toBe(stopped);
  });

  it('begins a night of its own, also under the name of one that failed, and notes it', async () => {
    const today = await prepare(undefined, { ...stopped, finished: true });
    const again = await prepare('b');

    expect(today.run).toBe(new Date().toISOString().slice(0, 10));
    expect(again).toMatchObject({ run: 'b', finished: false, uploaded: {} });
    expect(readNight(out)).toEqual(again);
  });
});
