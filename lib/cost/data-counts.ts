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
  /** Parameters of the base model. */
  readonly baseModelParameters: number;
}
