import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type FittedScorers,
  fitAllAnew,
  fitAnew,
  fitChosen,
  fitScorers,
} from '#lib/evaluation/rivals/fit-scorers.ts';
import { shapeOf } from '#lib/evaluation/rivals/history-scorer.ts';
import { countActions } from '#lib/sequences/all-actions.ts';
import { fitOnStream } from '#lib/sequences/passes.ts';
import { resharded } from '../../sequences/resharded.ts';
import { taskOf } from './tasks.ts';

const task = taskOf({ excludeHistory: false, window: 4 });
const validation = task.cases.validation;
const told = (scorers: FittedScorers['scorers']) =>
  scorers.map(({ kind, parameters, arrays }) => ({ kind, parameters, arrays }));

describe('Function: fitChosen', () => {
  it('fits and chooses the same to the bit, however the rows are cut into shards and wherever they are', async () => {
    const whole = told(fitScorers(task, validation, false));
    expect(whole.map(({ kind }) => kind).length).toBe(5);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { maxLength: 8 }), async (cuts) => {
        // Arrange
        const shards = resharded([...task.shards], cuts);
        async function* read() {
          yield* shards;
        }
        // Act
        const chosen = fitChosen(shapeOf(task), { validation, excludeHistory: false });
        // Assess
        expect(told(await fitOnStream(read, chosen))).toEqual(whole);
      }),
      { numRuns: 10 },
    );
  });
});

describe('Function: fitAnew', () => {
  it('counts the same whatever the shards, each action once', async () => {
    const whole = fitAllAnew(task.scorers.training.scorers, { ...task, shards: task.allActions });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { maxLength: 8 }), async (cuts) => {
        // Arrange
        const shards = resharded(task.allActions, cuts);
        async function* read() {
          yield* shards;
        }
        // Act
        const fitting = fitAnew(task.scorers.training.scorers, shapeOf(task));
        const { scorers, trainingCounts } = await fitOnStream(read, fitting);
        // Assess
        expect(told(scorers)).toEqual(told(whole.scorers));
        expect(trainingCounts).toEqual(whole.trainingCounts);
      }),
      { numRuns: 10 },
    );
    expect(whole.trainingCounts.reduce((sum, count) => sum + count, 0)).toBe(
      countActions(task.allActions),
    );
  });
});
