import type { ActionTable } from './actions.ts';
import type { EvaluationCases, SequenceShard } from './shard.ts';
import type { Split } from './split.ts';
import { windowsOf } from './windows.ts';

/**
 * Cuts the training parts of all histories into rows (`windowsOf`) and puts whole rows into shards.
 *
 * @param shardItems a shard is closed before the row that would make it longer; a row is never cut for it
 */
export function cutShards(
  actions: ActionTable,
  split: Split,
  window: number,
  shardItems: number,
): SequenceShard[] {
  const shards: SequenceShard[] = [];
  let rows: { user: number; start: number; begin: number; end: number }[] = [];
  let items = 0;
  const close = () => {
    if (rows.length === 0) return;
    const offsets = new Int32Array(rows.length + 1); // [rows + 1]
    const shard = {
      users: rows.map((row) => actions.userIds[row.user]!),
      starts: Int32Array.from(rows, (row) => row.start),
      offsets,
      items: new Int32Array(items),
      timestamps: new Float64Array(items),
      rewards: new Float32Array(items),
    };
    rows.forEach(({ begin, end }, row) => {
      const at = offsets[row]!;
      shard.items.set(actions.items.subarray(begin, end), at);
      shard.timestamps.set(actions.timestamps.subarray(begin, end), at);
      shard.rewards.set(actions.rewards.subarray(begin, end), at);
      offsets[row + 1] = at + end - begin;
    });
    shards.push(shard);
    rows = [];
    items = 0;
  };
  for (let user = 0; user < actions.userIds.length; user++) {
    const trained = split.trainEnds[user]!;
    if (trained === 0) continue;
    const first = actions.offsets[user]!;
    for (const [begin, end] of windowsOf(trained, window)) {
      if (items + end - begin > shardItems) close();
      rows.push({ user, start: begin, begin: first + begin, end: first + end });
      items += end - begin;
    }
  }
  close();
  return shards;
}

/**
 * The held-out actions of one part of a split, by user, then time. An action without any history before it is no case.
 */
export function cutCases(
  actions: ActionTable,
  split: Split,
  part: 'validation' | 'test',
  window: number,
): EvaluationCases {
  const targets: number[] = []; // places in the action table
  const caseUsers: number[] = [];
  for (let user = 0; user < actions.userIds.length; user++) {
    const first = actions.offsets[user]!;
    const isValidation = part === 'validation';
    const begin = isValidation ? split.trainEnds[user]! : split.validationEnds[user]!;
    const end = isValidation ? split.validationEnds[user]! : actions.offsets[user + 1]! - first;
    for (let position = Math.max(1, begin); position < end; position++) {
      targets.push(first + position);
      caseUsers.push(user);
    }
  }
  const offsets = new Int32Array(targets.length + 1); // [cases + 1]
  targets.forEach((target, index) => {
    const before = target - actions.offsets[caseUsers[index]!]!;
    offsets[index + 1] = offsets[index]! + Math.min(before, window);
  });
  const items = new Int32Array(offsets[targets.length]!);
  targets.forEach((target, index) => {
    const length = offsets[index + 1]! - offsets[index]!;
    items.set(actions.items.subarray(target - length, target), offsets[index]!);
  });
  return {
    users: caseUsers.map((user) => actions.userIds[user]!),
    offsets,
    items,
    targets: Int32Array.from(targets, (target) => actions.items[target]!),
  };
}
