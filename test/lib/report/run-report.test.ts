import { describe, expect, it } from 'vitest';
import { promotionConfig } from '#lib/contracts/config/promotion.ts';
import { decide, withdraw } from '#lib/promotion/verdict.ts';
import { headline } from '#lib/report/headline.ts';
import { renderReport } from '#lib/report/run-report.ts';
import { alike, evaluationOf, worse } from '../promotion/evaluations.ts';
import { collect, config, reportOf } from './reports.ts';

const voidElements = ['meta', 'br', 'line', 'rect', 'circle', 'path', 'polyline', '!doctype'];

/** Opens and closes every element in order; throws at the first one that does not fit. */
function checkBalance(page: string): void {
  const open: string[] = [];
  for (const [tag, closing, name] of page.matchAll(/<(\/?)([!a-z][a-z0-9]*)\b[^>]*>/gi)) {
    if (tag.endsWith('/>') || voidElements.includes(name!)) continue;
    if (closing === '') open.push(name!);
    else if (open.pop() !== name) throw new Error(`${tag} closes nothing that is open`);
  }
  if (open.length > 0) throw new Error(`${open.join(', ')} stay open`);
}

/** Text without tags and style. */
function textOf(page: string): string {
  return page
    .replace(/<style>.*?<\/style>/s, '')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/[ \n]+/g, ' ');
}

describe('Function: renderReport', () => {
  const page = renderReport(reportOf());

  it('is one well-formed page without any external resource or script', () => {
    expect(page.startsWith('<!doctype html>')).toBe(true);
    checkBalance(page);
    expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|https?:/i);
    expect(page.match(/(?:href|src)="[^"]*"/g)!.every((link) => link.startsWith('href="#'))).toBe(
      true,
    );
  });

  it('has no number that is none, and no forgotten value', () => {
    expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/);
  });

  it('links to every section, and every section to its heading', () => {
    const ids = [...page.matchAll(/<section id="([a-z]+)"/g)].map((match) => match[1]!);
    expect(ids).toEqual([
      'results',
      'lists',
      'environment',
      'rewards',
      'timings',
      'cost',
      'data',
      'learning',
      'configuration',
    ]);
    for (const id of ids) {
      expect(page).toContain(`href="#${id}"`);
      expect(page).toContain(`aria-labelledby="${id}-title"`);
      expect(page).toContain(`id="${id}-title"`);
    }
  });

  it('describes every picture and captions every table', () => {
    const pictures = page.match(/<svg class="chart [^>]*>/g)!;
    expect(pictures.filter((picture) => picture.includes('wide')).length).toBe(7);
    expect(pictures.filter((picture) => picture.includes('narrow')).length).toBe(7);
    for (const picture of pictures) expect(picture).toMatch(/role="img" aria-label="[^"]+"/);
    expect(page.match(/<caption>/g)!.length).toBe(page.match(/<table>/g)!.length);
  });

  it('shows the numbers', () => {
    const text = textOf(page);
    for (const part of [
      'new becomes the champion',
      '0.1500 [0.1400, 0.1600]', // test NDCG@10
      'better p 0.010 +0.0100 +0.0010 to +0.0200', // difference to the champion
      'sasrec of run yesterday',
      '82.3\u202f%', // pair accuracy
      '0.1234', // validation NDCG@10 of the best epoch
      '55\u202f056',
      'unknown-item',
      'FitEnvironment',
      '1 min 52 s',
      'minimumUserInteractions',
      'Half of the rows have &lt;no&gt; time. Give one.',
    ]) {
      expect(text).toContain(part);
    }
  });

  it('gives a model one colour in all its pictures', () => {
    // Arrange: the curves come in another order than the models.
    const [curve] = reportOf().learningCurves;
    const second = renderReport(
      reportOf({
        learningCurves: [
          { ...curve!, name: 'other' },
          { ...curve!, name: 'new' },
        ],
      }),
    );

    // Act
    const looks = (name: string) => {
      const legend = new RegExp(`class="line (series-\\d)"[^>]*/><text[^>]*>${name}<`).exec(
        second,
      )!;
      const interval = new RegExp(
        `>${name}</text><text[^>]*>[^<]*</text><line class="interval (series-\\d)"`,
      ).exec(second)!;
      return [legend[1], interval[1]];
    };

    // Assess
    expect(looks('new')).toEqual(['series-0', 'series-0']);
    expect(looks('other')).toEqual(['series-1', 'series-1']);
  });

  it('shows lists before and after, what is new in bold, and how many are served', () => {
    const text = textOf(page);
    expect(text).toContain('Lists before (sasrec of run yesterday) and now');
    expect(page).toContain('<ol><li>B</li><li>C</li></ol>');
    expect(page).toContain('<ol><li>B</li><li><strong>Фильм 2</strong></li></ol>');
    expect(text).toContain('16\u202f554 of 16\u202f554 users get lists (100.0\u202f%)');
    expect(text).toContain('10\u202f000 of 10\u202f506 items can be in them (95.2\u202f%)');
  });

  it('shows titles as text, whatever they are', () => {
    expect(page).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;Co&#39;');
    expect(page).toContain('Фильм');
  });

  it('leaves out what there is not, and says so for the environment', () => {
    // Act
    const bare = renderReport(
      reportOf({
        environment: undefined,
        augmentation: undefined,
        uploads: undefined,
        learningCurves: [],
        timings: [],
        bill: [],
        lists: undefined,
        served: undefined,
        evaluation: evaluationOf({ champion: null }),
      }),
    );

    // Assess
    checkBalance(bare);
    expect(bare).not.toMatch(/NaN|Infinity|undefined/);
    expect(bare).not.toMatch(/id="(lists|learning|rewards|timings)"/);
    expect(bare).toContain('No model of this run uses the LLM environment.');
  });

  it('says what a trial of the environment found, and what is saved while it rests', () => {
    // Arrange
    const trial = {
      run: 'earlier',
      judgedAt: '2026-11-01T04:00:00Z',
      recipe: 'x',
      pays: false,
      models: [{ name: 'with-lea', ndcg10: 0.1234, alone: 0.1345, neighbours: 0.1456 }],
      usd: 0.875,
    };

    // Act
    const resting = textOf(renderReport(reportOf({ environment: undefined, trial })));
    const tried = textOf(renderReport(reportOf({ trial: { ...trial, run: reportOf().run } })));

    // Assess
    expect(resting).toContain('The environment rests: in run earlier');
    expect(resting).toContain('0.88 USD');
    expect(resting).toContain('0.1345');
    expect(resting).toContain('No model of this run uses the LLM environment.');
    expect(tried).toContain('neither fitted nor asked until the next trial');
    expect(tried).not.toContain('rests');
  });

  it('says when rewards come from some shards only', () => {
    expect(textOf(page)).not.toContain('Counted over');
    const some = renderReport(reportOf({ augmentation: collect({ totalShards: 100 }) }));
    expect(textOf(some)).toContain('Counted over 3 of 100 shards');
  });
});

describe('Function: headline', () => {
  const headlineOf = (change: Parameters<typeof evaluationOf>[0], settings: object = {}) => {
    const evaluation = evaluationOf(change);
    return headline(evaluation, decide(evaluation, promotionConfig.parse(settings)));
  };

  it.each<[string, Parameters<typeof evaluationOf>[0], object, string]>([
    [
      'the first champion',
      { champion: null },
      {},
      'new becomes the first champion: test NDCG@10 0.1500.',
    ],
    [
      'a better recipe',
      {},
      {},
      'new becomes the champion: test NDCG@10 0.1500, +0.0100, better than the champion sasrec of run yesterday.',
    ],
    [
      'newer data',
      { championRecipe: 'new', champion: alike },
      {},
      'new becomes the champion with newer data: test NDCG@10 0.1500, +0.0010, not worse than the champion sasrec of run yesterday by more than the margin.',
    ],
    [
      'no difference',
      { champion: alike },
      {},
      'sasrec of run yesterday stays the champion: new against the champion sasrec of run yesterday: no difference shown (test NDCG@10 +0.0010).',
    ],
    [
      'newer data that harm',
      { championRecipe: 'new', champion: worse },
      {},
      'sasrec of run yesterday stays the champion: its recipe with newer data, new, may be worse by more than the margin (test NDCG@10 −0.0200).',
    ],
    [
      'too few cases',
      {},
      { minimumTestCases: 1001 },
      'sasrec of run yesterday stays the champion: 1000 test cases are too few for a verdict (promotion.minimumTestCases is 1001).',
    ],
  ])('tells of %s', (_, change, settings, expected) => {
    expect(headlineOf(change, settings)).toBe(expected);
  });

  it('tells of a champion that changed before the promotion', () => {
    const evaluation = evaluationOf();
    const verdict = withdraw(decide(evaluation, config.promotion), 'The champion has changed.');
    expect(headline(evaluation, verdict)).toBe('The champion has changed.');
  });
});
