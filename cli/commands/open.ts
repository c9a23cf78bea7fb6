import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';
import { placeOptions, placeUsage, readPlace, watchBucket } from './place.ts';

/** A page on this machine that shows what nights have made. */
export const open: Command = {
  usage: `Usage: npx lea open (--out DIR | --bucket NAME) [--port N]

A page to look at, on this machine alone: somebody's history and list with titles, scores and what the environment said,
the same list from the champion before, similar items, nights with their reports, uploads and quarantined rows. Nothing
can be changed through it, and it follows what nights do meanwhile. Ctrl-C ends it.

${placeUsage}
  --port N       port on 127.0.0.1 (default: a free one)`,
  needs: [],
  prepare(args) {
    const { port = '0', ...given } = readOptions(args, {
      ...placeOptions,
      port: { type: 'string' },
    });
    const place = readPlace(given);
    const number = Number(port);
    if (!/^\d+$/.test(port) || number > 65_535) {
      throw new UsageError(`--port must be a port number, not "${port}".`);
    }
    return () =>
      watchBucket(place, async (objects) => {
        const { startPage } = await import('../open/server.ts');
        const { listenForInterruption } = await import('../process/interruption.ts');
        using interruption = listenForInterruption(() => undefined);
        const page = await startPage(objects, number);
        console.log(`Open this address in a browser; Ctrl-C ends it.\n\n  ${page.url}\n`);
        const { signal } = interruption;
        if (!signal.aborted) {
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
        }
        await page.stop();
        return 0;
      });
  },
};
