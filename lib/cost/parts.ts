import type { Range } from './prices.ts';

/** What a part of a run is paid for: functions (`waiting`: for the environment), jobs, an endpoint, or neither. */
export type PartKind =
  | 'functions'
  | 'vectors'
  | 'fit'
  | 'ask'
  | 'waiting'
  | 'train'
  | 'requests'
  | 'storage';

/** A part of a run and what it costs. */
export interface CostPart {
  readonly part: string;
  readonly kind: PartKind;
  /** Seconds behind the figure: of instances, or times GB of functions; 0 where nobody is paid by time. */
  readonly seconds: Range;
  readonly usd: Range;
  /** Of an endpoint: instances that answer side by side. `seconds` are those of all of them. */
  readonly instances?: number;
}

/** How many instances of the endpoint answer side by side, by a run's estimate. */
export const askingInstances = (
  parts: readonly { readonly instances?: number | undefined }[],
): number => parts.find(({ instances }) => instances !== undefined)?.instances ?? 1;
