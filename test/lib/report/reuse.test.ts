import { describe, expect, it } from 'vitest';
import { type EnvironmentReuse, reuseParagraph } from '#lib/report/sections/reuse.ts';

const reuse: EnvironmentReuse = {
  fittedBy: 'monday',
  fittedAt: '2026-11-23T02:00:00.000Z',
  newItems: 31,
  transitions: 4000,
  reused: 3000,
  answersOf: 'tuesday',
  savedSeconds: 90,
  savedUsd: 0.25,
  instanceType: 'ml.g5.xlarge',
};

describe('Function: reuseParagraph', () => {
  it.each<[string, Partial<EnvironmentReuse>, readonly string[]]>([
    [
      'an earlier fit and its answers, with what they saved',
      {},
      [
        'It is that of run monday (2026-11-23); 31 items have come since, of which it knows the text alone.',
        'Of 4 000 transitions 3 000 (75.0 %) were answered before, in run tuesday or earlier, which saved about 1 min 30 s of ml.g5.xlarge ($0.25); 1 000 were asked about.',
      ],
    ],
    ['an item that came since', { newItems: 1 }, ['1 item has come since']],
    ['no item that came since', { newItems: 0 }, ['no item has come since']],
    [
      'a first night',
      { fittedBy: null, answersOf: null },
      ['It was fitted in this run.', '4 000 transitions were asked about.'],
    ],
    ['no price', { savedUsd: undefined }, ['of ml.g5.xlarge; 1 000 were asked about']],
    ['no pace to tell by', { savedSeconds: undefined }, ['or earlier; 1 000 were asked about']],
    ['nothing that could be used again', { reused: 0 }, ['0 (0.0 %)', 'or earlier; 4 000 were']],
    ['nothing to ask', { transitions: 0, reused: 0 }, ['Of 0 transitions 0 (0.0 %)']],
  ])('tells %s', (_, change, sentences) => {
    const text = reuseParagraph({ ...reuse, ...change })!.text.replaceAll(/[\u00a0\u202f]/g, ' ');
    for (const sentence of sentences) expect(text).toContain(sentence);
  });

  it('is silent about a run without an environment', () => {
    expect(reuseParagraph(undefined)).toBeUndefined();
  });
});
