import { describe, expect, it } from 'vitest';
import { beyond, goAbroad } from '#lib/evaluation/beyond.ts';
import type { Component } from '#lib/evaluation/blend.ts';
import { casesOf } from '../sequences/cases.ts';

// The model knows b and a; tonight there are a, b and c.
const tonight = ['a', 'b', 'c'];
const vocabulary = ['b', 'a'];
const cases = casesOf([{ history: [1, 3], target: 3 }]);
const events = {
  items: Int32Array.of(1, 3, 2),
  times: Float64Array.of(1, 2, 3),
  isHeldOut: Uint8Array.of(0, 1, 0),
};

describe('Function: goAbroad', () => {
  it('shows items that have come since where counts play a part, and hides them from components', () => {
    const abroad = goAbroad(cases, events, tonight, vocabulary, true);

    expect([abroad.known, abroad.items]).toEqual([2, 3]);
    expect([...abroad.seen.items, ...abroad.seen.targets]).toEqual([2, 0]);
    expect([...abroad.cases.items, ...abroad.cases.targets]).toEqual([2, 3, 3]);
    expect([...abroad.events.items]).toEqual([2, 3, 1]);
  });

  it('knows nothing but the vocabulary of the model without counts', () => {
    const abroad = goAbroad(cases, events, tonight, vocabulary, false);

    expect([abroad.known, abroad.items]).toEqual([2, 2]);
    expect(abroad.cases).toEqual(abroad.seen);
    expect([...abroad.events.items]).toEqual([2, 1]);
    expect([...abroad.events.times]).toEqual([1, 3]);
  });
});

describe('Function: beyond', () => {
  const component: Component = {
    name: 'one',
    write: (index, scores) => scores.set([0, 5, 4, 3, 2, 1].map((score) => score + index)),
  };
  const written = (wrapped: Component, items: number) => {
    const scores = new Float64Array(items + 1);
    wrapped.write(10, scores);
    return [...scores.subarray(1)];
  };

  it('leaves a component alone that knows all items', () => {
    expect(beyond(component, { known: 5, items: 5 })).toBe(component);
  });

  it('takes items beyond the vocabulary for rare ones, whose scores are the last of the vocabulary', () => {
    const wrapped = beyond(component, { known: 5, items: 7 });

    expect(wrapped.name).toBe('one');
    expect(written(wrapped, 7)).toEqual([15, 14, 13, 12, 11, 11, 11]);
  });

  it('says what the component itself says of others', () => {
    const wrapped = beyond({ ...component, ofOthers: -2 }, { known: 5, items: 7 });

    expect(written(wrapped, 7)).toEqual([15, 14, 13, 12, 11, -2, -2]);
  });
});
