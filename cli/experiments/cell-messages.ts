import type { Cell } from './arms.ts';
import type { ExperimentProgress } from './experiment-hooks.ts';
import type { ReadOptions } from './options.ts';

/** What an experiment tells a process that trains for it. */
export type ToWorker =
  | { readonly kind: 'begin'; readonly options: ReadOptions }
  | { readonly kind: 'run'; readonly cell: Cell }
  | { readonly kind: 'stop' };

/** What such a process says; the cell itself is in the experiment's folder. */
export type FromWorker =
  | { readonly kind: 'progress'; readonly progress: ExperimentProgress }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly code: string | undefined; readonly message: string };
