import type { PipelineConfig } from '#lib/contracts/config.ts';

/** How much there is to learn from. */
export interface DataCounts {
  readonly interactions: number;
  /** @default - a tenth of the interactions */
  readonly users?: number;
  readonly items: number;
  /** Items of the whole catalogue, those that nobody has taken too. @default - `items` */
  readonly catalogueItems?: number;
  /** Training transitions; at most `interactions`. */
  readonly transitions: number;
  /** Interactions that are learned from, `sequences.maximumInteractions` at most. @default - all of them */
  readonly learned?: number;
  /** Parameters of the base model. */
  readonly baseModelParameters: number;
}

/** The same with as many as the configuration learns from at most; how long the log is, nobody knows beforehand. */
export function limitLearned<Counts extends DataCounts>(
  { sequences }: Pick<PipelineConfig, 'sequences'>,
  counts: Counts,
): Counts & { readonly learned: number } {
  const most = sequences.maximumInteractions ?? Number.POSITIVE_INFINITY;
  return {
    ...counts,
    transitions: Math.min(counts.transitions, most),
    learned: Math.min(learnedOf(counts), most),
  };
}

/** Interactions that are learned from: all, unless less is said. */
export const learnedOf = ({
  interactions,
  learned = interactions,
}: Pick<DataCounts, 'interactions' | 'learned'>): number => learned;
