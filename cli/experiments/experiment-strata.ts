import { stratify, type TrainingFacts } from '#lib/evaluation/strata.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import { takenBefore } from '#lib/sequences/evaluation-cases.ts';
import type { InteractionEvents } from '#lib/sequences/interaction-events.ts';

/** Test cases that have something in common, by their index. */
export interface CaseStratum {
  readonly by: string;
  readonly name: string;
  readonly indices: readonly number[];
}

const secondsOfDay = 86_400;

/**
 * The strata of a night, and two that an experiment asks for: whether somebody took the item before, and whether it was first
 * taken after the day on which the base model's texts end, so that the base model cannot have memorised it.
 *
 * @param baseModelDate ISO date; undefined leaves this way out
 */
export function strataOfCases(
  cases: EvaluationCases,
  training: TrainingFacts,
  events: InteractionEvents,
  baseModelDate: string | undefined,
): CaseStratum[] {
  const isRepeat = (index: number) => takenBefore(cases, index).has(cases.targets[index]!);
  const repeats = halves(cases, 'repeat', ['taken before', 'first time'], isRepeat);
  if (baseModelDate === undefined) return [...stratify(cases, training), ...repeats];
  const known = Date.parse(baseModelDate) / 1000 + secondsOfDay;
  const first = firstTaken(events);
  return [
    ...stratify(cases, training),
    ...repeats,
    ...halves(
      cases,
      'base model',
      [`items since ${baseModelDate}`, 'older items'],
      (index) => (first.get(cases.targets[index]!) ?? cases.times[index]!) >= known,
    ),
  ];
}

/** Cases for which something holds and those for which it does not; nothing where all are alike. */
function halves(
  { targets }: EvaluationCases,
  by: string,
  [yes, no]: readonly [string, string],
  holds: (index: number) => boolean,
): CaseStratum[] {
  const indices = [...targets.keys()];
  const [some, others] = [indices.filter(holds), indices.filter((index) => !holds(index))];
  if (some.length === 0 || others.length === 0) return [];
  return [
    { by, name: yes, indices: some },
    { by, name: no, indices: others },
  ];
}

/** When each item was first taken by anybody, Unix seconds. */
function firstTaken({ items, times }: InteractionEvents): Map<number, number> {
  const first = new Map<number, number>();
  items.forEach((item, at) => {
    if (!first.has(item)) first.set(item, times[at]!); // ascending by time
  });
  return first;
}
