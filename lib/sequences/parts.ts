import type { SequencesConfig } from '#lib/contracts/config/sequences.ts';
import { type ActionTable, gatherActions } from './actions.ts';
import { filterToCore } from './core-filter.ts';
import { type Histories, keepRows } from './histories.ts';
import type { InteractionLog } from './interaction-log.ts';
import { type Split, splitAt, splitLeaveOneOut, splitUsers, type TimeCuts } from './split.ts';

/** What trains, and whose held-out actions are predicted. Items are the log's item numbers. */
export interface Parts {
  /** Actions of the core; those of the split's training part train. */
  readonly trained: { readonly actions: ActionTable; readonly split: Split };
  /** Actions that cases are cut from: histories, and held-out actions. */
  readonly judged: { readonly actions: ActionTable; readonly split: Split };
  /**
   * Actions of the core of the whole log, held-out ones included, on items of the other two: what the winner is fitted on
   * once it has been judged.
   */
  readonly all: ActionTable;
}

/**
 * Decides who trains and who is judged.
 *
 * In a split by time the k-core is that of the training actions: what comes later cannot decide who is trained on. All
 * held-out actions are judged, as production would meet them: of users outside the core, whose few actions are a history
 * too, and of items that training never saw. In the other splits, those of the literature, the k-core is that of the
 * whole log, and only its actions are judged.
 *
 * @param histories what is learned from
 * @param cuts null in other splits than that by time
 * @returns undefined if nothing is left to train on
 */
export function divide(
  log: InteractionLog,
  histories: Histories,
  config: SequencesConfig,
  baskets: boolean,
  cuts: TimeCuts | null,
): Parts | undefined {
  const minimum = {
    user: config.minimumUserInteractions,
    item: config.minimumItemInteractions,
  };
  const coreOf = (all: Histories) => filterToCore(all, log.items, log.itemIds.length, minimum);
  if (cuts === null) {
    const core = coreOf(histories);
    if (core.rows.length === 0) return undefined;
    const actions = gatherActions(log, core);
    const split =
      config.split === 'by-user'
        ? splitUsers(actions, config.seed)
        : splitLeaveOneOut(actions, baskets);
    return { trained: { actions, split }, judged: { actions, split }, all: actions };
  }
  const core = coreOf(keepRows(histories, (row) => log.timestamps[row]! <= cuts.lastOfTraining));
  if (core.rows.length === 0) return undefined;
  const isLeft = new Uint8Array(log.itemIds.length);
  for (const row of core.rows) isLeft[log.items[row]!] = 1;
  for (const row of histories.rows) {
    if (log.timestamps[row]! > cuts.lastOfTraining) isLeft[log.items[row]!] = 1;
  }
  const isKnown = (row: number) => isLeft[log.items[row]!] === 1;
  const [trained, judged, all] = [
    gatherActions(log, core),
    gatherActions(log, keepRows(histories, isKnown)),
    gatherActions(log, keepRows(coreOf(histories), isKnown)),
  ];
  return {
    trained: { actions: trained, split: splitAt(trained, cuts) },
    judged: { actions: judged, split: splitAt(judged, cuts) },
    all,
  };
}
