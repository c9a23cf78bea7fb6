import type { CountedEvents } from '#lib/popularity/as-of.ts';
import { translateCases, translateEvents } from '#lib/recommender/translate-cases.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import type { Component } from './blend.ts';
import { meanOfTail } from './blend.ts';

/**
 * What a model of another night is ranked on. Its components know its own vocabulary alone; where counts play a part,
 * items that have come since are shown too, as serving does it: to the components they are rare ones.
 */
export interface Abroad {
  /** The cases in the model's vocabulary: what its components see. */
  readonly seen: EvaluationCases;
  /** The same in that vocabulary and, after it, the items that have come since: what is ranked. */
  readonly cases: EvaluationCases;
  readonly events: CountedEvents;
  /** Size of the model's vocabulary, and of all that is ranked. */
  readonly known: number;
  readonly items: number;
}

/**
 * @param itemIds of the cases' and events' vocabulary
 * @param vocabulary of the model
 * @param hasCounts whether counts play a part in its scores
 */
export function goAbroad(
  cases: EvaluationCases,
  events: CountedEvents,
  itemIds: readonly string[],
  vocabulary: readonly string[],
  hasCounts: boolean,
): Abroad {
  const known = new Set(vocabulary);
  const all = hasCounts ? [...vocabulary, ...itemIds.filter((id) => !known.has(id))] : vocabulary;
  return {
    seen: translateCases(cases, itemIds, vocabulary),
    cases: translateCases(cases, itemIds, all),
    events: translateEvents(events, itemIds, all),
    known: vocabulary.length,
    items: all.length,
  };
}

/** A component that also says something of items beyond its vocabulary. */
export function beyond(component: Component, { known, items }: Pick<Abroad, 'known' | 'items'>) {
  if (known === items) return component;
  return {
    name: component.name,
    write(index: number, scores: Float64Array) {
      const own = scores.subarray(0, known + 1);
      component.write(index, own);
      scores.fill(component.ofOthers ?? meanOfTail(own.subarray(1)), known + 1);
    },
  };
}
