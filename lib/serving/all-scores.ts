import { meanOfTail } from '#lib/evaluation/blend.ts';
import { EvidenceWriter } from '#lib/evaluation/rivals/evidence.ts';
import type { Prior } from './prior.ts';
import type { RankedItems, Ranking, RankingRequest } from './ranking.ts';
import { expectFinite } from './recommendation.ts';
import { loadNetwork, type Network, type Scores, viewOf } from './scorers.ts';
import type { Served } from './served-model.ts';
import { topItems } from './top-items.ts';

/** Ranks by the scores of all items, one after the other. */
export class AllScores implements Ranking {
  readonly #served: Served;
  readonly #network: Network | undefined;
  readonly #evidence: EvidenceWriter | undefined;
  readonly #unseen: Float64Array | undefined;
  /** What histories say of items, `[items + 1]`; from component to component. */
  #row: Float64Array | undefined;
  #prior: Prior;

  constructor(served: Served, prior: Prior) {
    const { network, trainingCounts } = served;
    this.#served = served;
    this.#network = network && loadNetwork(network, true);
    this.#evidence = trainingCounts && new EvidenceWriter(trainingCounts);
    this.#unseen =
      trainingCounts && Float64Array.from(trainingCounts, (count) => (count > 0 ? 0 : 1));
    this.#prior = prior;
  }

  setPrior(prior: Prior): void {
    this.#prior = prior;
  }

  rank(requests: readonly RankingRequest[], count: number): RankedItems[] {
    const states = this.#network?.states(requests.map(({ history }) => history));
    const logits = states && this.#network!.scoreAll(states);
    return requests.map((request, row) => {
      const { items } = this.#served;
      const scores = this.#combine(request, {
        state: states?.subarray(
          row * this.#network!.dimension,
          (row + 1) * this.#network!.dimension,
        ),
        logits: logits?.subarray(row * items, (row + 1) * items),
      });
      expectFinite(scores);
      const { isAllowed, only } = request;
      const best = topItems(scores, count, { has: (item) => !isAllowed(item) }, only);
      return { items: best, scores: Float64Array.from(best, (item) => scores[item - 1]!) };
    });
  }

  dispose(): void {
    this.#network?.dispose();
  }

  /** Adds the components and the counts up, `[items + extras]`. */
  #combine({ history, weights }: RankingRequest, { state, logits }: Neural): Scores {
    const { items, components, counts } = this.#served;
    if (counts.terms.length === 0 && components.length === 1 && weights[0] === 1 && logits) {
      return logits;
    }
    const logs = counts.terms.length === 0 ? [] : this.#prior.logs;
    // In the order of evaluation, so that the sums are the same to the bit.
    const sum = new Float64Array(logs[0]?.length ?? items);
    components.forEach((part, which) => {
      const weight = weights[which]!;
      if (weight === 0) return;
      const values = this.#valuesOf(part, history, logits);
      for (let at = 0; at < items; at++) sum[at]! += weight * values[at]!;
      if (sum.length === items) return;
      const rare = weight * this.#ofOthers(part, values, state);
      for (let at = items; at < sum.length; at++) sum[at]! += rare;
    });
    logs.forEach((values, which) => {
      const weight = weights[components.length + which]!;
      if (weight === 0) return;
      for (let at = 0; at < sum.length; at++) sum[at]! += weight * values[at]!;
    });
    return sum;
  }

  /** `[items]` */
  #valuesOf(
    part: Served['components'][number],
    history: RankingRequest['history'],
    logits: Float32Array | undefined,
  ): Scores {
    if (part.kind === 'network') return logits!;
    if (part.kind === 'unseen') return this.#unseen!;
    this.#row ??= new Float64Array(this.#served.items + 1);
    const view = viewOf(history, this.#served.window);
    this.#evidence!.write(part.scorer, view, { [part.scale]: this.#row });
    return this.#row.subarray(1);
  }

  /** Score of an item that the vocabulary lacks: that of rare ones. */
  #ofOthers(
    { kind }: Served['components'][number],
    values: Scores,
    state: Float32Array | undefined,
  ): number {
    if (kind === 'network') return this.#network!.scoreOfRare(state!);
    return kind === 'unseen' ? 1 : meanOfTail(values);
  }
}

/** What the network says of one history. */
interface Neural {
  /** `[head]` */
  readonly state: Float32Array | undefined;
  /** `[items]` */
  readonly logits: Float32Array | undefined;
}
