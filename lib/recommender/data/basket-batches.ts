import { basketNumbers } from '../history-arrays.ts';
import { type RandomStream, randomStream, shuffle } from '../random.ts';
import { type Batch, emptyBatch, filler } from './batch.ts';
import type { BatchLayout } from './layout.ts';
import { type PackedBatches, type Placement, packRows, rowNumbers } from './packing.ts';
import { buildReplay, historyOf, type Replay } from './prefix-batches.ts';
import type { TrainingRows } from './training-rows.ts';

/**
 * A piece of a history of baskets that fits into a line: actions that are learned from, whole baskets wherever they fit,
 * and the basket before them. Ranges of the replay.
 */
export interface Piece {
  readonly contextBegin: number;
  readonly contextEnd: number;
  readonly begin: number;
  readonly end: number;
  /** The first action of the basket after the piece's last one, -1 if the history ends with it. */
  readonly following: number;
}

/** The histories of a run, cut into pieces. */
export interface BasketPlan {
  readonly replay: Replay;
  /** The numbers of each `Piece` in their order, `[pieces, 5]`. */
  readonly pieces: Int32Array;
  /** Places that each piece takes in a line. */
  readonly lengths: Int32Array;
}

/**
 * Cuts every history at the borders of its baskets, so that each action but those of a history's first basket is learned from
 * once. A basket that does not fit into a line is learned from in parts, each after the same context; a longer context
 * is cut to its last half line.
 */
export function planPieces(rows: TrainingRows, layout: BatchLayout): BasketPlan {
  const replay = buildReplay(rows);
  const { usesNextState } = layout.objective;
  const room = layout.time - (usesNextState ? 1 : 0);
  function* cutAll() {
    for (let history = 0; history + 1 < replay.histories.length; history++) {
      yield* cut(bordersOf(rows, replay, history), room);
    }
  }
  let count = 0;
  for (const _ of cutAll()) count++;
  const pieces = new Int32Array(count * numbersOfPiece);
  const lengths = new Int32Array(count);
  let at = 0;
  for (const { contextBegin, contextEnd, begin, end, following } of cutAll()) {
    pieces.set([contextBegin, contextEnd, begin, end, following], at * numbersOfPiece);
    const more = usesNextState && following !== -1 ? 1 : 0;
    lengths[at++] = contextEnd - contextBegin + end - begin + more;
  }
  return { replay, pieces, lengths };
}

const numbersOfPiece = 5;

/** A piece by its number. */
export function pieceOf({ pieces }: Pick<BasketPlan, 'pieces'>, number: number): Piece {
  const from = number * numbersOfPiece;
  return {
    contextBegin: pieces[from]!,
    contextEnd: pieces[from + 1]!,
    begin: pieces[from + 2]!,
    end: pieces[from + 3]!,
    following: pieces[from + 4]!,
  };
}

/** Where each basket of a history begins, and where the last one ends. */
function bordersOf(rows: TrainingRows, { histories, values }: Replay, history: number): number[] {
  const begin = histories[history]!;
  const end = histories[history + 1]!;
  const timeOf = (at: number) => rows.timestamps[values[at]!]!;
  const borders = [begin];
  for (let at = begin + 1; at < end; at++) if (timeOf(at) !== timeOf(at - 1)) borders.push(at);
  borders.push(end);
  return borders;
}

function cut(borders: readonly number[], room: number): Piece[] {
  const baskets = borders.length - 1;
  const followingOf = (next: number) => (next < baskets ? borders[next]! : -1);
  const pieces: Piece[] = [];
  let next = 1;
  while (next < baskets) {
    const contextEnd = borders[next]!;
    const contextBegin = Math.max(borders[next - 1]!, contextEnd - Math.floor(room / 2));
    const free = room - (contextEnd - contextBegin);
    let last = next;
    while (last + 1 <= baskets - 1 && borders[last + 2]! - contextEnd <= free) last++;
    const end = borders[last + 1]!;
    for (let begin = contextEnd; begin < end; begin += free) {
      const part = { begin, end: Math.min(end, begin + free) };
      pieces.push({ contextBegin, contextEnd, ...part, following: followingOf(last + 1) });
    }
    next = last + 1;
  }
  return pieces;
}

/** The batches of an epoch: every piece once, in an order of its own. */
export function planBaskets(
  { lengths }: BasketPlan,
  layout: BatchLayout,
  seed: number,
  epoch: number,
): PackedBatches {
  const order = shuffle(rowNumbers(lengths.length), randomStream(seed, 'epoch', epoch));
  const batches = packRows(lengths, order, layout.lines, layout.time);
  return batches.shuffled(randomStream(seed, 'batches', epoch));
}

/** Fills the arrays of one batch of baskets. The numbers depend on the arguments alone. */
export function assembleBaskets(
  rows: TrainingRows,
  plan: BasketPlan,
  layout: BatchLayout,
  placements: readonly Placement[],
  random: RandomStream,
): Batch {
  const { replay, lengths } = plan;
  const batch = emptyBatch(layout);
  const fillState = filler('perState', layout, batch);
  const fillAction = filler('perAction', layout, batch);
  for (const { row, line, begin } of placements) {
    const piece = pieceOf(plan, row);
    const actions = [
      ...range(piece.contextBegin, piece.contextEnd),
      ...range(piece.begin, piece.end),
    ];
    const context = piece.contextEnd - piece.contextBegin;
    const history = historyOf(replay, piece.begin);
    const length = lengths[row]!;
    const timeOf = (at: number) => rows.timestamps[replay.values[at]!]!;
    const numbers = basketNumbers(Float64Array.from(actions, timeOf));
    const basketAt = (at: number) => numbers[at] ?? numbers.at(-1)! + 1;
    const last = numbers.at(-1)!;
    const beginOf = (basket: number) =>
      basket === numbers[context] ? piece.contextEnd : actions[numbers.indexOf(basket)]!;
    const end = timeOf(piece.following === -1 ? actions.at(-1)! : piece.following);
    for (let at = 0; at < length; at++) {
      const place = line * layout.time + begin + at;
      const basket = basketAt(at);
      const firstOfNext = numbers.indexOf(basket + 1);
      const next = firstOfNext !== -1 ? firstOfNext : basket === last ? actions.length : at;
      const lastOfBefore = numbers.lastIndexOf(basket - 1);
      fillState({
        rows,
        layout,
        place,
        value: at < actions.length ? replay.values[actions[at]!]! : -1,
        at,
        basket,
        room: layout.window - last,
        after: lastOfBefore === -1 ? -1 : replay.values[actions[lastOfBefore]!]!,
        begun: timeOf(actions[0]!),
        request: firstOfNext === -1 ? end : timeOf(actions[firstOfNext]!),
        next: next < length ? place - at + next : place,
      });
      if (at < context || at >= actions.length) continue;
      const action = actions[at]!;
      fillAction({
        rows,
        layout,
        place,
        value: replay.values[action]!,
        transition: replay.transitions[action]!,
        isContinued: next < length && next !== at,
        historyLength: beginOf(basket) - history.begin,
        history: replay.items,
        begin: history.begin,
        at: action,
        end: history.end,
        random,
      });
    }
  }
  return batch;
}

function range(begin: number, end: number): number[] {
  return Array.from({ length: end - begin }, (_, at) => begin + at);
}
