import { describe, expect, it } from 'vitest';
import { chartFiles } from '#cli/experiments/experiment-charts.ts';
import { renderExperiment } from '#cli/experiments/experiment-page.ts';
import { describePages } from '../../pages-in-browser.ts';
import { experimentOf } from './experiments.ts';

const page = renderExperiment(experimentOf());

describe('Function: renderExperiment', () => {
  it('says what was asked and what came of it before all else', () => {
    const before = page.slice(0, page.indexOf('<main>'));

    expect(before).toContain('sasrec:snqn:lea={}+small beside sasrec:snqn: better');
    expect(before).toContain('This comparison was named before the run.');
    expect(page.indexOf('id="models"')).toBeLessThan(page.indexOf('id="grid"'));
  });

  it('draws controls beside their model, and has all of it in a table', () => {
    expect(page).toContain('Beside controls');
    for (const section of ['strata', 'trend', 'cost', 'learning', 'tuning', 'data']) {
      expect(page).toContain(`<section id="${section}"`);
    }
    expect(page).toContain('All comparisons as a table');
    expect(page).toContain('(chosen)');
  });

  it('lets nothing of a name into the page', () => {
    const own = experimentOf();
    const named = { ...own, data: { ...own.data, file: '<script>alert(1)</script>' } };
    expect(renderExperiment(named)).not.toContain('<script>');
  });

  it('leaves out what was not asked for', () => {
    const bare = {
      ...experimentOf(),
      primary: null,
      strata: [],
      trend: [],
      tuning: [],
      environments: [],
    };
    const text = renderExperiment(bare);
    expect(text).toContain('No comparison was named before the run');
    expect(text).not.toContain('<section id="tuning"');
    expect(text).not.toContain('<section id="strata"');
  });
});

describe('Function: chartFiles', () => {
  it('is every picture as an SVG file that brings its own colours', () => {
    const files = chartFiles(experimentOf());

    expect(Object.keys(files)).toEqual(['cost.svg', 'learning.svg', 'trend.svg']);
    for (const text of Object.values(files)) {
      expect(text).toMatch(
        /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" class="chart"[^>]*><style>/,
      );
      expect(text.match(/<svg/g)).toHaveLength(1);
      expect(text).toContain('prefers-color-scheme: dark');
    }
    expect(files['trend.svg']).toContain('days since the first test case');
  });

  it('has none of what there is not', () => {
    const bare = { ...experimentOf(), trend: [], models: [], summary: [] };
    expect(chartFiles(bare)).toEqual({});
  });
});

describePages('An experiment in a browser', { experiment: page });
