import { describe, expect, it } from 'vitest';
import {
  decodeEvaluationCases,
  encodeEvaluationCases,
  takenBefore,
} from '#lib/sequences/evaluation-cases.ts';
import { casesOf } from './cases.ts';

describe('Function: encodeEvaluationCases, decodeEvaluationCases', () => {
  it('gives back cases, baskets and those without a history too', () => {
    // Arrange
    const cases = casesOf([
      { user: 'u', history: [3, 1], historyTimes: [1.25, 4], earlier: [2, 7], target: 2, time: 5 },
      { user: 'v', history: [], target: 4, reward: 0.2, eventType: 'click', request: 1 },
      { user: 'v', history: [], target: 5, reward: 1, eventType: 'buy', request: 1 },
      { user: 'u', history: [2], target: 1, request: 2 },
    ]);

    // Act
    const decoded = decodeEvaluationCases(encodeEvaluationCases(cases));

    // Assess
    expect(decoded).toEqual(cases);
  });

  it.each([
    ['target', { history: [2], target: 0 }, 'row 1, column "target": 0 is no item index'],
    ['items', { history: [0], target: 1 }, 'row 1, column "items": 0 is no item index'],
    [
      'earlier',
      { history: [1], earlier: [0], target: 1 },
      'row 1, column "earlier": 0 is no item index',
    ],
    ['request', { history: [1], target: 1, request: 2 }, 'row 1, column "request" is 2'],
  ])('names the row whose %s is wrong', (_, wrong, message) => {
    // Arrange
    const bytes = encodeEvaluationCases(casesOf([{ history: [1], target: 1 }, wrong]));

    // Act and assess
    expect(() => decodeEvaluationCases(bytes)).toThrow(message);
  });
});

describe('Function: takenBefore', () => {
  it('is the history within the window and before it', () => {
    // Arrange
    const cases = casesOf([
      { history: [9], target: 1 },
      { history: [3, 3, 4], earlier: [1, 2], target: 5 },
    ]);

    // Act and assess
    expect(takenBefore(cases, 1)).toEqual(new Set([3, 4, 1, 2]));
  });
});
