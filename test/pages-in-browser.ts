import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath, overflowOf, screens, seriousFindings, startBrowser } from './browser.ts';
import { temporaryFolder } from './temporary/folders.ts';

/** A browser, and where each page is opened. */
export interface Opened {
  readonly browser: Browser;
  readonly addresses: Readonly<Record<string, string>>;
}

/**
 * Looks at pages on every screen; left out where there is no browser.
 *
 * @param pages HTML by name
 * @param more further tests; what they get is there once they run
 */
export function describePages(
  title: string,
  pages: Readonly<Record<string, string>>,
  more: (opened: () => Opened) => void = () => {},
): void {
  describe.skipIf(browserPath === undefined)(title, () => {
    let opened: Opened;
    beforeAll(async () => {
      const folder = temporaryFolder('pages');
      const addresses = Object.fromEntries(
        Object.entries(pages).map(([name, page]) => {
          const path = join(folder, `${name}.html`);
          writeFileSync(path, page);
          return [name, pathToFileURL(path).href];
        }),
      );
      opened = { browser: await startBrowser(), addresses };
    });
    afterAll(() => opened?.browser.close());

    it.each(
      Object.keys(pages).flatMap((name) =>
        (Object.keys(screens) as (keyof typeof screens)[]).map((screen) => [name, screen] as const),
      ),
    )('the %s fits the screen (%s), and axe finds nothing serious', async (name, screen) => {
      const context = await opened.browser.newContext(screens[screen]);
      const page = await context.newPage();

      await page.goto(opened.addresses[name]!);

      expect(await overflowOf(page)).toBeLessThanOrEqual(0);
      expect(await seriousFindings(page)).toEqual([]);
      await context.close();
    });

    more(() => opened);
  });
}
