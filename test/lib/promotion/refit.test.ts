import { describe, expect, it } from 'vitest';
import type { Champion } from '#lib/contracts/champion.ts';
import { explainServed, type NoRefit, type RefitManifest } from '#lib/promotion/refit.ts';

const fitted: RefitManifest = { task: 'refit', run: 'r', name: 'net', passes: 4 };
const championOf = (serving: string) => ({ name: 'net', judged: 'a/', serving }) as Champion;

describe('Function: explainServed', () => {
  it.each<[string, string, RefitManifest | NoRefit, string]>([
    ['passes', 'b/', fitted, 'net is served fitted on all actions, in 4 passes, validation and'],
    ['one pass', 'b/', { ...fitted, passes: 1 }, 'in 1 pass, validation and test included'],
    ['a rival', 'b/', { ...fitted, passes: null }, 'net is served counted on all actions, valid'],
    ['no wish', 'a/', { failure: undefined }, 'as it was judged: it was not to be fitted on all'],
    ['a failure', 'a/', { failure: 'no memory' }, 'because fitting it on all actions failed: no'],
    ['files of the judged', 'a/', fitted, 'as it was judged: it was not to be fitted on all'],
  ])('says in a sentence what is served: %s', (_, serving, refit, words) => {
    expect(explainServed(championOf(serving), refit)).toContain(words);
  });
});
