/** How many rows, and items in them, the shards of a run have together, as its manifest says. */
export interface RowCounts {
  readonly rows: number;
  readonly values: number;
}

/** Where a shard's rows begin among all. */
export interface Place {
  readonly row: number;
  readonly value: number;
}
