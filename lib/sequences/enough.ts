import type { SequencesConfig } from '#lib/contracts/config/sequences.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import type { InteractionLog } from './interaction-log.ts';

/** Why there is nothing to build sequences from, and what to change. */
export function explainEmptyLog(
  log: Pick<InteractionLog, 'read' | 'unknownItems' | 'notActions' | 'takenBack'>,
): string {
  if (log.read === 0) {
    return 'There are no interactions to build sequences from. Upload logs below logs/ and wait for their reports below uploads/.';
  }
  const reasons = [
    `${log.unknownItems} are of items that the catalogue does not have (upload the catalogue below catalog/, then the logs again)`,
    `${log.notActions} have reward 0 (see interactions.eventRewards and interactions.reward)`,
    `${log.takenBack} were taken back by later ones (see interactions.reward.takesBack)`,
  ];
  return `None of the ${log.read} interactions is an action: ${reasons.join('; ')}.`;
}

/** Why nothing is left after the k-core filter, and what to change. */
export function explainEmptyCore(
  { actions, users, items }: Readonly<Record<'actions' | 'users' | 'items', number>>,
  config: SequencesConfig,
): string {
  return (
    `Nothing is left after filtering: of ${actions} actions of ${users} users on ${items} items, ` +
    `no group of users with at least ${config.minimumUserInteractions} actions each on items with at least ` +
    `${config.minimumItemInteractions} each remains. Lower sequences.minimumUserInteractions or ` +
    'sequences.minimumItemInteractions, or upload more logs.'
  );
}

/** What a split leaves. */
export interface Left {
  readonly trainTransitions: number;
  readonly validationCases: number;
  readonly testCases: number;
  readonly interactions: number;
  readonly users: number;
}

/** @throws ValidationError if it is too little to train and compare on; it says what to change */
export function expectEnough(left: Left, config: SequencesConfig): void {
  const missing = [
    left.trainTransitions === 0 && 'nothing to train on',
    left.validationCases === 0 && 'no validation case',
    left.testCases === 0 && 'no test case',
  ].filter((problem) => problem !== false);
  if (missing.length === 0) return;
  throw new ValidationError(
    `The split "${config.split}" of ${left.interactions} actions of ${left.users} users leaves ${missing.join(' and ')}. ` +
      'Upload more logs, lower sequences.minimumUserInteractions and sequences.minimumItemInteractions, or choose another sequences.split.',
  );
}
