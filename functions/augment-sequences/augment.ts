import { type AnswerSource, gatherAnswers, selectRows } from '#lib/environment/answered-rows.ts';
import type { AugmentedShard } from '#lib/environment/augmented-shard.ts';
import {
  decodeEnvironmentResponse,
  type EnvironmentClient,
  encodeEnvironmentRequest,
} from '#lib/environment/client.ts';
import type { ItemMap } from '#lib/environment/item-map.ts';
import { hashRows, sampleHashes } from '#lib/environment/kept-answers.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';
import type { EarlierAnswers } from './kept.ts';

export interface Asking {
  readonly client: EnvironmentClient;
  readonly candidates: number;
  readonly items: ItemMap;
  /** Undefined when no earlier run has asked the same environment. */
  readonly earlier: EarlierAnswers | undefined;
}

/** What became of a shard. */
export interface Augmented {
  readonly shard: AugmentedShard;
  /** Transitions whose answers an earlier run had. */
  readonly reused: number;
}

/** For the index of answers: hashes of some rows, by the items that they have in the environment. */
export function sampleOf(shard: SequenceShard, items: ItemMap): number[] {
  return sampleHashes(hashRows(items.toEnvironment(shard.items), shard.offsets));
}

/** Answers a training shard: rows that an earlier run asked about from its answers, the others by the environment. */
export async function augmentShard(
  shard: SequenceShard,
  { client, candidates, items, earlier }: Asking,
): Promise<Augmented> {
  const asked = { ...shard, items: items.toEnvironment(shard.items) };
  const kept = await earlier?.read(hashRows(asked.items, asked.offsets));
  const sources = shard.users.map((_, row) => kept?.find(asked.items, asked.offsets, row));
  const open = sources.flatMap((source, row) => (source === undefined ? [row] : []));
  if (open.length > 0) {
    const rows = selectRows(asked, open);
    const response = await client.augment(encodeEnvironmentRequest(rows, candidates));
    const answers = decodeEnvironmentResponse(response, rows, { candidates });
    const itemOf = (index: number) => items.fromEnvironment(index);
    open.forEach((row, at) => {
      sources[row] = { answers, row: at, itemOf };
    });
  }
  const isOpen = new Set(open);
  let reused = 0;
  shard.users.forEach((_, row) => {
    if (!isOpen.has(row)) reused += shard.offsets[row + 1]! - shard.offsets[row]! - 1;
  });
  return { shard: gatherAnswers(shard, sources as AnswerSource[]), reused };
}
