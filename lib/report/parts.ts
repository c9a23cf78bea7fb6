export interface JoinedModel {
  readonly name: string;
  readonly parts?: readonly { readonly added: string; readonly ndcg10: number }[] | undefined;
}

/** One step of a model's blend, in words, with what it reaches on the test cases. */
export interface PartRow {
  readonly label: string;
  /** Test NDCG@10 of each model that is joined from parts, by its name. */
  readonly values: ReadonlyMap<string, number>;
}

/** What is added to a network, in words; other parts are called as they are. */
const labels: Readonly<Record<string, string>> = {
  network: 'network alone',
  histories: '+ rules and neighbours',
  unseen: '+ a weight for items never trained on',
  counts: '+ recent counts',
  moderators: '+ moderators',
};

/** The steps of all models' blends, in the order in which parts are added. */
export function partRows({ models }: { readonly models: readonly JoinedModel[] }): PartRow[] {
  const names = [...new Set(models.flatMap(({ parts = [] }) => parts.map(({ added }) => added)))];
  const order = Object.keys(labels);
  const place = (added: string) => (order.indexOf(added) + order.length) % order.length;
  return names
    .sort((a, b) => place(a) - place(b))
    .map((added) => ({
      label: labels[added] ?? `+ ${added}`,
      values: new Map(
        models.flatMap(({ name, parts = [] }) =>
          parts.filter((part) => part.added === added).map((part) => [name, part.ndcg10] as const),
        ),
      ),
    }));
}
