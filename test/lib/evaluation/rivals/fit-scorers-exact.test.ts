import { describe, expect, it } from 'vitest';
import { historyKind } from '#lib/contracts/config/training.ts';
import { chooseScorer } from '#lib/evaluation/rivals/choose-scorer.ts';
import { easeItems, fitEase } from '#lib/evaluation/rivals/ease.ts';
import {
  fitAllAnew,
  fitOnTraining,
  fitScorers,
  fitWithSettings,
} from '#lib/evaluation/rivals/fit-scorers.ts';
import { type HistoryScorer, shapeOf } from '#lib/evaluation/rivals/history-scorer.ts';
import {
  itemNeighbours,
  repeatLast,
  sequentialRules,
  withDecay,
} from '#lib/evaluation/rivals/pair-scorer.ts';
import { fitSessions } from '#lib/evaluation/rivals/session-neighbours.ts';
import { fitOn } from '#lib/sequences/passes.ts';
import { casesOf } from '../../sequences/cases.ts';
import { dataOf } from './rows.ts';

const items = 8;
/** Everybody goes round a ring, some from item to item, some to the one after it. */
const rowsOf = (shift: number) =>
  Array.from({ length: 12 }, (_, user) =>
    Array.from({ length: 6 }, (_, at) => 1 + ((user + at * (1 + (user % 2)) + shift) % items)),
  );
const data = dataOf(rowsOf(0), items);
/** More items than EASE is fitted for. */
const every = Array.from({ length: easeItems + 1 }, (_, at) => at + 1);
const validation = casesOf(
  Array.from({ length: 16 }, (_, at) => ({
    user: `v${at}`,
    history: [1 + (at % items), 1 + ((at + 2) % items), 1 + ((at * 3) % items)],
    target: 1 + ((at * 5 + 1) % items),
  })),
);

const told = (scorers: readonly HistoryScorer[]) =>
  scorers.map(({ kind, parameters, arrays }) => ({ kind, parameters, arrays }));
const decays = (scorer: HistoryScorer, ...all: readonly number[]) =>
  all.map((decay) => withDecay(scorer, decay));
const shape = shapeOf(data);
const ease = (lambda: number) => fitOn(data.shards, fitEase(shape, [{ lambda, decay: 1 }]))![0]!;
const sessions = (neighbours: number, decay: number) =>
  fitOn(data.shards, fitSessions(shape, [{ neighbours, decay }]))[0]!;

/** All settings that are tried of a kind, each fitted by itself. */
const tried = {
  'sequential-rules': decays(sequentialRules(data), 0.45, 0.6, 0.75),
  'item-knn': decays(itemNeighbours(data), 0.7, 0.85),
  ease: [50, 300].flatMap((lambda) => decays(ease(lambda), 0.7, 0.85)),
  'session-knn': [25, 75].flatMap((n) => [0.6, 0.8].map((decay) => sessions(n, decay))),
  'repeat-last': [repeatLast],
};

describe('Function: fitScorers', () => {
  it.each([true, false])(
    'has of each kind the setting that ranks validation best (history left out: %s)',
    (excludeHistory) => {
      const kinds = historyKind.options.filter((kind) => !excludeHistory || kind !== 'repeat-last');

      const fitted = fitScorers(data, validation, excludeHistory);

      expect(told(fitted)).toEqual(
        told(kinds.map((kind) => chooseScorer(tried[kind], validation, items, excludeHistory))),
      );
    },
  );

  it('has the kinds that are asked for, in the usual order', () => {
    const kinds = (...wanted: (typeof historyKind.options)[number][]) =>
      fitScorers(data, validation, false, wanted).map(({ kind }) => kind);

    expect(kinds('ease', 'sequential-rules')).toEqual(['sequential-rules', 'ease']);
    expect(kinds('session-knn')).toEqual(['session-knn']);
    expect(kinds()).toEqual([]);
  });

  it('does without EASE where there are too many items for it', () => {
    const wide = dataOf([every], easeItems + 1);

    const fitted = fitScorers(wide, validation, false, ['ease', 'repeat-last']);

    expect(fitted).toEqual([repeatLast]);
  });
});

describe('Function: fitOnTraining', () => {
  it('answers test cases with what training saw, and says what that was', () => {
    const { training, ...rest } = fitOnTraining(data, validation, true);

    expect(told(training.scorers)).toEqual(told(fitScorers(data, validation, true)));
    expect(training.trainingCounts).toBe(data.itemTable.counts);
    expect(rest).toEqual({});
  });
});

describe('Function: fitAllAnew', () => {
  it('fits the same settings on other actions, and counts these', () => {
    // Arrange
    const before = fitScorers(data, validation, false);
    const all = dataOf([...rowsOf(3), [8, 8, 1]], items);

    // Act
    const { scorers, trainingCounts } = fitAllAnew(before, all);

    // Assess
    expect(trainingCounts).toEqual(all.itemTable.counts);
    const parameters = (own: readonly HistoryScorer[]) =>
      own.map(({ kind, parameters: settings }) => [kind, settings]);
    expect(parameters(scorers)).toEqual(parameters(before));
    const [rules, neighbours] = before;
    expect(told(scorers.slice(0, 2))).toEqual(
      told([
        sequentialRules(all, { decay: rules!.parameters.decay! }),
        itemNeighbours(all, { decay: neighbours!.parameters.decay! }),
      ]),
    );
    scorers.forEach((scorer, at) => {
      if (scorer.kind === 'repeat-last') expect(scorer).toBe(repeatLast);
      else expect(scorer.arrays).not.toEqual(before[at]!.arrays);
    });
  });

  it('leaves EASE as it was where more items have actions by now than it is fitted for', () => {
    const [before] = tried.ease;

    const { scorers } = fitAllAnew([before!, repeatLast], dataOf([every], easeItems + 1));

    expect(scorers).toEqual([before, repeatLast]);
  });
});

describe('Function: fitWithSettings', () => {
  const fittedWith = (settings: readonly HistoryScorer[], on = data) =>
    fitOn(on.shards, fitWithSettings(settings, shapeOf(on)));

  it('fits each kind with its settings', () => {
    const settings = [
      tried['session-knn'][1]!,
      tried.ease[2]!,
      repeatLast,
      tried['item-knn'][0]!,
      tried['sequential-rules'][2]!,
    ];

    expect(told(fittedWith(settings)!)).toEqual(told(settings));
    expect(fittedWith([])).toEqual([]);
  });

  it('fits none where one of them cannot be fitted', () => {
    expect(
      fittedWith([repeatLast, tried.ease[0]!], dataOf([every], easeItems + 1)),
    ).toBeUndefined();
  });
});
