import { describe, expect, it } from 'vitest';
import { concludeWhole } from '#cli/experiments/whole.ts';
import { renderWhole } from '#cli/experiments/whole-page.ts';
import { describePages } from '../../pages-in-browser.ts';
import { experimentOf } from './experiments.ts';

/** The same results on three data sets and splits. */
const whole = concludeWhole(
  { out: 'out' },
  ['movietweetings, global-time', 'movietweetings, leave-one-out', 'goodbooks, by-user'].map(
    (name) => ({
      ...{ name, folder: name.replace(', ', '-'), options: {} as never },
      results: experimentOf(),
    }),
  ),
);
const page = renderWhole(whole);

describe('Function: renderWhole', () => {
  it('says on how many data sets and splits what was asked holds, before all else', () => {
    const before = page.slice(0, page.indexOf('<main>'));

    expect(before).toContain('beside sasrec:snqn: better on 3 of 3, worse on none');
    expect(before).toContain('href="movietweetings-global-time/experiment.html"');
    expect(page.indexOf('id="primary"')).toBeLessThan(page.indexOf('id="grid"'));
    expect(page).toContain(`corrected for all ${3 * experimentOf().grid.length} comparisons`);
  });

  it('leaves out what was not asked', () => {
    const text = renderWhole({ ...whole, primary: [] });
    expect(text).toContain('No comparison was named before the run');
    expect(text).not.toContain('<section id="primary"');
  });

  it('lets nothing of a name into the page', () => {
    const [first] = whole.panels;
    const panels = [{ ...first!, name: '<script>alert(1)</script>' }];
    expect(renderWhole({ ...whole, panels })).not.toContain('<script>');
  });
});

describePages('A whole experiment in a browser', { whole: page });
