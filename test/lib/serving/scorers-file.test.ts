import { describe, expect, it } from 'vitest';
import { ContractError } from '#lib/contracts/errors.ts';
import { fitScorers } from '#lib/evaluation/rivals/fit-scorers.ts';
import { decodeScorers, encodeScorers } from '#lib/serving/scorers-file.ts';
import { taskOf } from '../evaluation/rivals/tasks.ts';

const task = taskOf({ excludeHistory: false });
const fitted = {
  scorers: fitScorers(task, task.cases.validation, false),
  trainingCounts: task.itemTable.counts,
};

describe('Function: decodeScorers', () => {
  it('reads what was written, number for number', () => {
    const { description, weights } = encodeScorers(fitted, { window: 50, excludeHistory: false });

    const read = decodeScorers(JSON.parse(JSON.stringify(description)), weights);

    const told = ({ kind, parameters, arrays }: (typeof read.scorers)[number]) => {
      return { kind, parameters, arrays };
    };
    expect(read.scorers.map(told)).toEqual(fitted.scorers.map(told));
    expect(read.scorers.length).toBe(5);
    expect(read.trainingCounts).toEqual(fitted.trainingCounts);
  });

  it('refuses damaged numbers', () => {
    const { description, weights } = encodeScorers(fitted, { window: 50, excludeHistory: false });
    const damaged = Uint8Array.from(weights);
    damaged[10]! ^= 1;
    expect(() => decodeScorers(description, damaged)).toThrow(ContractError);
  });

  it('refuses parts of rivals that do not say how often items were taken', () => {
    const none = encodeScorers({ ...fitted, scorers: [] }, { window: 50, excludeHistory: false });
    const { trainingCounts: _, ...description } = none.description as Record<string, unknown>;
    expect(() => decodeScorers(description, none.weights)).toThrow(
      'The fitted parts of rivals lack their training counts.',
    );
  });
});
