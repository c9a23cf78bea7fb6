import type { BlendWeights } from './blend.ts';

/** A blend as far as it goes with one part more than the step before. */
export interface BlendStep {
  /** What was added: `network`, which comes first, `histories`, `unseen`, `counts` or `moderators`. */
  readonly added: string;
  /** Columns of the whole blend's weights that take part. */
  readonly columns: readonly number[];
}

/** What a blend is made of. */
export interface BlendParts {
  readonly components: readonly string[];
  readonly halfLives: readonly number[];
  readonly moderators: readonly string[];
}

/** The parts of a blend, added one after the other; the last step is the blend itself. */
export function stepsOf({ components, halfLives, moderators }: BlendParts): BlendStep[] {
  const width = components.length + halfLives.length;
  const upTo = (end: number) => Array.from({ length: end }, (_, column) => column);
  const isHistory = (name: string) => name !== 'network' && name !== 'unseen';
  const parts = components.map((name, place) => ({
    added: isHistory(name) ? 'histories' : name,
    columns: upTo(place + 1),
  }));
  return [
    // What knows histories is one part, with all of it.
    ...parts.filter(({ added }, place) => added !== parts[place + 1]?.added),
    ...(halfLives.length > 0 ? [{ added: 'counts', columns: upTo(width) }] : []),
    ...(moderators.length > 0
      ? [{ added: 'moderators', columns: upTo(width * (1 + moderators.length)) }]
      : []),
  ];
}

/** A network by itself is ranked by its own scores, whatever weight choices would give it. */
export function weightsOfStep({ columns }: BlendStep, fitted: BlendWeights): BlendWeights {
  return columns.length === 1 ? fitted.map((_, column) => (column === 0 ? 1 : 0)) : fitted;
}
