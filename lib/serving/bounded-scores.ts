import { meanOfTail } from '#lib/evaluation/blend.ts';
import { EvidenceWriter } from '#lib/evaluation/rivals/evidence.ts';
import type { HistoryPart } from './blend-file.ts';
import type { Prior } from './prior.ts';
import type { RankedItems, Ranking, RankingRequest } from './ranking.ts';
import { expectFinite } from './recommendation.ts';
import { ItemBounds } from './scan/item-bounds.ts';
import { loadNetwork, type Network, viewOf } from './scorers.ts';
import type { Served } from './served-model.ts';
import { BestItems } from './top-items.ts';

/** Terms of an item's bound; those of the counts follow. */
const biasTerm = 0;
const unseenTerm = 1;
const liftTerm = 2;
/** What a history says of the few items of which it speaks, beyond what the others get. */
const saidTerm = 3;
const firstCountTerm = 4;

/**
 * Ranks as `AllScores` does on WebAssembly, to the last bit, but scores only those items exactly whose bound says that they
 * may be in the list: most of a large catalogue is passed over at the speed of memory.
 */
export class BoundedScores implements Ranking {
  readonly #served: Served;
  readonly #network: Network;
  readonly #bounds: ItemBounds;
  readonly #evidence: EvidenceWriter | undefined;
  /** Of each component what histories say, `[components][items + 1]`; between requests what is not said. */
  readonly #rows: readonly (Float64Array | undefined)[];
  #prior: Prior;

  private constructor(served: Served, network: Network, bounds: ItemBounds, prior: Prior) {
    const { components, trainingCounts } = served;
    this.#served = served;
    this.#network = network;
    this.#bounds = bounds;
    const evidence = trainingCounts && new EvidenceWriter(trainingCounts);
    this.#evidence = evidence;
    this.#rows = components.map((part) =>
      part.kind === 'history' ? evidence!.unsaid(part.scale).slice() : undefined,
    );
    if (network.bias !== undefined) bounds.setTerm(biasTerm, network.bias);
    if (trainingCounts !== undefined) {
      bounds.setTerm(
        unseenTerm,
        trainingCounts.map((count) => (count > 0 ? 0 : 1)),
      );
      bounds.setTerm(liftTerm, evidence!.unsaid('lift').subarray(1));
    }
    this.#prior = prior;
    this.setPrior(prior);
  }

  /** @returns undefined for a model without a network, with items made of parts, and one whose scores cannot be bounded */
  static of(served: Served, prior: Prior): BoundedScores | undefined {
    if (served.network === undefined) return undefined;
    const network = loadNetwork(served.network, false);
    if (network.kernel === undefined) {
      network.dispose();
      return undefined;
    }
    const vectors = { values: network.kernel, dimension: network.dimension };
    const bounds = ItemBounds.of(vectors, firstCountTerm + served.counts.terms.length);
    const isBounded = bounds !== undefined && (network.bias?.every(Number.isFinite) ?? true);
    if (isBounded) return new BoundedScores(served, network, bounds, prior);
    network.dispose();
    return undefined;
  }

  setPrior(prior: Prior): void {
    this.#prior = prior;
    if (!prior.isUsed) return;
    prior.logs.forEach((logs, term) => {
      this.#bounds.setTerm(firstCountTerm + term, logs);
    });
  }

  rank(requests: readonly RankingRequest[], count: number): RankedItems[] {
    const states = this.#network.states(requests.map(({ history }) => history));
    const { dimension } = this.#network;
    return requests.map((request, row) =>
      this.#rankOne(request, states.subarray(row * dimension, (row + 1) * dimension), count),
    );
  }

  dispose(): void {
    this.#network.dispose();
  }

  #rankOne(request: RankingRequest, state: Float32Array, count: number): RankedItems {
    const said = this.#listen(request);
    try {
      return this.#search(request, state, said, count);
    } finally {
      this.#forget(said);
    }
  }

  #search(
    { weights, isAllowed, only }: RankingRequest,
    state: Float32Array,
    said: readonly Said[],
    count: number,
  ): RankedItems {
    const { items, components } = this.#served;
    const scoreOf = this.#scoring(weights, state, said);
    const best = new BestItems(Math.min(count, only?.length ?? this.#all));
    const offer = (item: number) => {
      const score = scoreOf(item);
      if (score < best.least || !isAllowed(item)) return;
      best.offer(item, score);
    };
    // The scores of a state that is no number are none either.
    expectFinite([scoreOf(1)]);
    if (only !== undefined) {
      for (const item of only) if (item <= this.#all) offer(item);
      return best.take();
    }
    // First those of which the history says most, so that few others reach the threshold that they set.
    const first = new Set(said.flatMap((own) => [...mostSaid(own, count)]));
    for (const item of first) offer(item);
    for (let item = items + 1; item <= this.#all; item++) offer(item);
    const look = (item: number) => {
      if (!first.has(item)) offer(item);
    };
    const place = components.findIndex(({ kind }) => kind === 'network');
    const query = Float64Array.from(state, (value) => weights[place]! * value);
    const { terms, constant } = this.#termsOf(weights, said);
    if (!this.#bounds.visit(query, terms, () => best.least - constant, look)) {
      for (let item = 1; item <= items; item++) {
        expectFinite([scoreOf(item)], item);
        look(item);
      }
    }
    return best.take();
  }

  /** Items of the vocabulary, and those that only the counts know. */
  get #all(): number {
    return this.#served.items + (this.#prior.isUsed ? this.#prior.extraIds.length : 0);
  }

  /** Writes what the history says into the rows of the components, and into the bounds. */
  #listen({ history, weights }: RankingRequest): Said[] {
    const view = viewOf(history, this.#served.window);
    const said: Said[] = [];
    this.#served.components.forEach((part, component) => {
      if (part.kind !== 'history' || weights[component] === 0) return;
      const rows = { [part.scale]: this.#rows[component]! };
      const items = new Int32Array(this.#evidence!.writeSaid(part.scorer, view, rows));
      const unsaid = this.#evidence!.unsaid(part.scale);
      const row = this.#rows[component]!;
      const more = new Float64Array(items.length);
      for (let at = 0; at < items.length; at++) {
        more[at] = weights[component]! * (row[items[at]!]! - unsaid[items[at]!]!);
      }
      this.#bounds.addToTerm(saidTerm, items, more);
      said.push({ component, part, items, more });
    });
    return said;
  }

  #forget(said: readonly Said[]): void {
    for (const { component, part, items } of said) {
      const unsaid = this.#evidence!.unsaid(part.scale);
      const row = this.#rows[component]!;
      for (const item of items) row[item] = unsaid[item]!;
      this.#bounds.clearTerm(saidTerm, items);
    }
  }

  /** Weights of the terms, and what all items have. */
  #termsOf(weights: readonly number[], said: readonly Said[]) {
    const { components, counts } = this.#served;
    const terms = new Float64Array(firstCountTerm + counts.terms.length);
    terms[saidTerm] = 1;
    let constant = 0;
    components.forEach((part, which) => {
      if (part.kind === 'network' && this.#network.bias !== undefined)
        terms[biasTerm] = weights[which]!;
      if (part.kind === 'unseen') terms[unseenTerm]! += weights[which]!;
    });
    for (const { component, part, items } of said) {
      if (part.scale === 'evidence') {
        constant += weights[component]! * this.#evidence!.unsaid('evidence')[1]!;
      } else if (items.length > 0) terms[liftTerm]! += weights[component]!;
    }
    counts.terms.forEach((_, term) => {
      terms[firstCountTerm + term] = weights[components.length + term]!;
    });
    return { terms, constant };
  }

  /** Exact scores, summed in the order of `AllScores`. */
  #scoring(weights: readonly number[], state: Float32Array, said: readonly Said[]) {
    const { items, components, counts, trainingCounts } = this.#served;
    const { kernel, bias, dimension } = this.#network;
    const isSilent = new Set(
      said
        .filter(({ part, items }) => part.scale === 'lift' && items.length === 0)
        .map(({ component }) => component),
    );
    const logs = counts.terms.length === 0 ? [] : this.#prior.logs;
    const product = (item: number) => {
      let sum = 0;
      for (let at = 0, from = (item - 1) * dimension; at < dimension; at++) {
        sum = Math.fround(sum + Math.fround(state[at]! * kernel![from + at]!));
      }
      return bias === undefined ? sum : Math.fround(sum + bias[item - 1]!);
    };
    const values = components.map((part, which): ((item: number) => number) => {
      if (part.kind === 'network') return product;
      if (part.kind === 'unseen') return (item) => (trainingCounts![item - 1]! > 0 ? 0 : 1);
      const row = this.#rows[which]!;
      return isSilent.has(which) ? () => 0 : (item) => row[item]!;
    });
    // Few requests have items that the vocabulary lacks in reach.
    const ofOthers =
      this.#all === items
        ? []
        : components.map((part, which) => {
            if (part.kind === 'network') return this.#network.scoreOfRare(state);
            if (part.kind === 'unseen') return 1;
            return isSilent.has(which) ? 0 : meanOfTail(this.#rows[which]!.subarray(1));
          });
    return (item: number): number => {
      let sum = 0;
      for (let which = 0; which < components.length; which++) {
        const weight = weights[which]!;
        if (weight === 0) continue;
        sum += weight * (item <= items ? values[which]!(item) : ofOthers[which]!);
      }
      for (let term = 0; term < logs.length; term++) {
        const weight = weights[components.length + term]!;
        if (weight !== 0) sum += weight * logs[term]![item - 1]!;
      }
      return sum;
    };
  }
}

/** Of which items a history speaks, as far as one component knows. */
interface Said {
  readonly component: number;
  readonly part: HistoryPart;
  readonly items: Int32Array;
  /** How much their scores have more for it, as `items`. */
  readonly more: Float64Array;
}

/** The items of which a component says most. */
function mostSaid({ items, more }: Said, count: number): Int32Array {
  const best = new BestItems(Math.min(count, items.length));
  for (let at = 0; at < items.length; at++) {
    if (more[at]! >= best.least) best.offer(items[at]!, more[at]!);
  }
  return best.take().items;
}
