import { nightConfig } from '../one-machine/config.ts';
import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';
import { placeOptions, placeUsage, readPlace, withBucket } from './place.ts';

/** How long the champion and the counts are believed without looking again. */
const milliseconds = 10_000;

/** The HTTP API of what is in service, on this machine. */
export const serve: Command = {
  usage: `Usage: npx lea serve (--out DIR | --bucket NAME) [--port N] [--config FILE] [--json]

Answers /recommend, /similar and /rerank over HTTP on this machine alone, as the deployed function does (docs/serving.md);
/openapi.json says what can be asked. Keeps what it answers and compares two models where operations.serving says so.
Ctrl-C ends it; until then no night can begin in DIR.

${placeUsage}
  --port N       port on 127.0.0.1 (default: a free one)
  --config FILE  whose operations.serving counts (default: that of the newest night)
  --json         prints {"url": ...}, for programs`,
  needs: [],
  prepare(args) {
    const {
      port = '0',
      config,
      json,
      ...given
    } = readOptions(args, {
      ...placeOptions,
      port: { type: 'string' },
      config: { type: 'string' },
      json: { type: 'boolean', default: false },
    });
    const place = readPlace(given);
    const number = Number(port);
    if (!/^\d+$/.test(port) || number > 65_535) {
      throw new UsageError(`--port must be a port number, not "${port}".`);
    }
    const wanted = config === undefined ? undefined : nightConfig(config).config.operations.serving;
    return () =>
      withBucket(place, async (objects) => {
        const { createDoor } = await import('#lib/serving/door/door.ts');
        const { kernelFolder } = await import('../serve/kernel-folder.ts');
        const { createImpressionFiles } = await import('../serve/impression-files.ts');
        const { startApi } = await import('../serve/server.ts');
        const { servingSettings } = await import('../serve/settings.ts');
        const { listenForInterruption } = await import('../process/interruption.ts');
        const { impressions, variants } = wanted ?? (await servingSettings(objects));
        const onLost = (error: unknown) =>
          console.error(`An answer could not be kept yet: ${(error as Error).message}`);
        const files = impressions === null ? undefined : createImpressionFiles(objects, onLost);
        using interruption = listenForInterruption(() => undefined);
        const door = createDoor(objects, {
          milliseconds,
          wasmFolder: kernelFolder(),
          variants,
          impressions: files,
          onLost,
          onStale: (error) => console.error((error as Error).message),
        });
        await door.open();
        const api = await startApi(door, number);
        console.log(json ? JSON.stringify({ url: api.url }) : describe(api.url));
        const { signal } = interruption;
        if (!signal.aborted) {
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
        }
        await api.stop();
        await files?.close();
        return 0;
      });
  },
};

const describe = (url: string) =>
  `Ask below this address, which has the key of this start in it; Ctrl-C ends it.\n\n  ${url}\n\n  curl --data '{"history": [], "count": 5}' ${url}recommend`;
