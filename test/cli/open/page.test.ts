import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenPage, startPage } from '#cli/open/server.ts';
import { runs } from '#lib/contracts/keys.ts';
import { decodeAllItems, encodeAllItems } from '#lib/sequences/everybody-files.ts';
import { browserPath, overflowOf, screens, seriousFindings, startBrowser } from '../../browser.ts';
import { openNight } from './opened-night.ts';

const markup = '<img src=x onerror="document.title=1">';

describe.skipIf(browserPath === undefined)('The page in a browser', () => {
  let night: Awaited<ReturnType<typeof openNight>>;
  let opened: OpenPage;
  let browser: Browser;
  beforeAll(async () => {
    night = await openNight();
    const items = decodeAllItems(await night.objects.getBytes(runs.allItems('a')));
    // A title as an attacker would upload it, and one that does not fit a phone.
    const titles = items.titles.map((title, at) =>
      at === 0 ? markup : at === 1 ? 'Unbreakable'.repeat(12) : title,
    );
    await night.objects.putBytes(runs.allItems('a'), encodeAllItems({ ...items, titles }));
    opened = await startPage(night.objects);
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await opened?.stop();
    await night?.stop();
  });

  /** A new reader's page, which must not complain. */
  async function visit(screen: keyof typeof screens = 'desk') {
    const context = await browser.newContext(screens[screen]);
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('pageerror', ({ message }) => problems.push(message));
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    await page.goto(opened.url);
    return { page, problems, leave: () => context.close() };
  }

  const heading = (page: Page, text: string | RegExp) =>
    page.locator('#shown h1').filter({ hasText: text }).waitFor();

  it('finds somebody’s list with the keyboard alone', async () => {
    const { page, problems, leave } = await visit();
    await page.locator('#service').filter({ hasText: 'small of run a' }).waitFor();

    await page.focus('#user');
    await page.keyboard.type('user-07');
    await page.keyboard.press('Enter');
    await heading(page, 'User user-07');

    const list = page.locator('section[aria-labelledby="list-title"]');
    expect(await list.locator('tbody tr').count()).toBe(10);
    expect(await list.locator('thead').innerText()).toMatch(/score\s+environment\s+before/);
    expect(await page.locator('section[aria-labelledby="history-title"]').innerText()).toMatch(
      /± 0\.25 taken/,
    );
    expect(await page.evaluate('document.activeElement.id')).toBe('user');
    expect(problems).toEqual([]);
    await leave();
  });

  it('makes a list after titles that are typed, goes back, and takes titles out again', async () => {
    const { page, problems, leave } = await visit();

    for (const title of ['Title of item-11', 'item-12']) {
      await page.focus('#title');
      await page.keyboard.type(title);
      await page.keyboard.press('Enter');
      await page.locator('#taken button').filter({ hasText: title }).waitFor();
    }
    await heading(page, 'Somebody who took these');
    expect(await page.locator('#taken li').count()).toBe(2);
    await page.goBack();
    await page.locator('#taken li').nth(1).waitFor({ state: 'detached' });
    await page.locator('#taken button').click();
    await page.waitForFunction('location.hash === "#/"');

    expect(problems).toEqual([]);
    await leave();
  });

  it('follows items, nights, reports, uploads and quarantined rows', async () => {
    const { page, problems, leave } = await visit();
    await page.goto(`${opened.url.split('?')[0]}#/user/user-07`);
    await page.locator('#shown tbody a').nth(3).click();
    await heading(page, /^Like /);
    await page.getByRole('link', { name: 'Nights' }).click();
    await heading(page, 'Nights');
    await page.getByRole('link', { name: 'a', exact: true }).click();
    await page.getByText('Report of a').waitFor();
    await page.goBack();
    await page.getByRole('link', { name: 'Uploads' }).click();
    await page.getByRole('link', { name: /110000Z-2/ }).click();
    await heading(page, 'logs/20261123T110000Z-2.csv');

    expect(await page.locator('td.code').innerText()).toBe('<img src=x onerror=alert(1)>');
    expect(problems).toEqual([]);
    await leave();
  });

  it('says what is wrong instead of an empty page', async () => {
    const { page, leave } = await visit();

    await page.goto(`${opened.url.split('?')[0]}#/user/${encodeURIComponent('nobody <b>')}`);
    await page.locator('#problem').filter({ hasText: 'has met no user "nobody <b>"' }).waitFor();

    expect(await page.locator('#problem b').count()).toBe(0);
    await leave();
  });

  it('shows somebody, and says why where nobody’s history was kept', async () => {
    const { page, problems, leave } = await visit();

    await page.click('#anybody');
    await heading(page, /^User user-/);
    await page.route('**/api/users?*', (route) => route.fulfill({ json: { users: [] } }));
    await page.click('#anybody');
    await page.locator('#problem').filter({ hasText: 'No histories were kept' }).waitFor();

    expect(problems).toEqual([]);
    await leave();
  });

  it.each(Object.keys(screens) as (keyof typeof screens)[])(
    'fits the screen (%s), shows titles as text, and axe finds nothing serious',
    async (screen) => {
      const { page, problems, leave } = await visit(screen);
      for (const [view, title] of [
        ['', undefined],
        ['user/user-07', 'User'],
        [`history/${encodeURIComponent('["item-0","item-1"]')}`, 'Somebody'],
        ['item/item-3', 'Like'],
        ['nights', 'Nights'],
        ['uploads', 'Uploads'],
        ['upload/20261123T110000Z-2', 'logs'],
      ] as const) {
        await page.goto(`${opened.url.split('?')[0]}#/${view}`);
        if (title !== undefined) await heading(page, title);
        expect(await overflowOf(page), view).toBeLessThanOrEqual(0);
        expect(await seriousFindings(page), view).toEqual([]);
        expect(await page.locator('#shown img').count(), view).toBe(0);
      }
      await page.goto(`${opened.url.split('?')[0]}#/user/user-00`);
      expect(problems).toEqual([]);
      await leave();
    },
  );
});
