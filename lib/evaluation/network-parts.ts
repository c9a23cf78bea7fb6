import type { BlendWeights } from './blend.ts';

/** A blend as far as it goes with one part more than the step before. */
export interface BlendStep {
  /** What was added: `network`, which comes first, another component, `counts` or `moderators`. */
  readonly added: string;
  /** Columns of the whole blend's weights that take part. */
  readonly columns: readonly number[];
}

/** What a blend is made of. */
interface BlendParts {
  readonly components: readonly string[];
  readonly halfLives: readonly number[];
  readonly moderators: readonly string[];
}

/** The parts of a blend, added one after the other; the last step is the blend itself. */
export function stepsOf({ components, halfLives, moderators }: BlendParts): BlendStep[] {
  const width = components.length + halfLives.length;
  const upTo = (end: number) => Array.from({ length: end }, (_, column) => column);
  return [
    ...components.map((added, place) => ({ added, columns: upTo(place + 1) })),
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
