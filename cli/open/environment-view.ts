import { runs } from '#lib/contracts/keys.ts';
import { augmentedManifest } from '#lib/environment/augmented-manifest.ts';
import { type AugmentedShard, decodeAugmentedShard } from '#lib/environment/augmented-shard.ts';
import { decodeItemTable } from '#lib/sequences/item-table.ts';
import type { Objects } from '#platform/objects.ts';
import { listNights } from '../artefacts/nights.ts';

/** What the environment said of an item for one user, at the newest place where it was asked. */
export interface Opinion {
  /** Calibrated reward and its standard deviation over the ensemble's heads. */
  readonly reward: number;
  readonly spread: number;
  /** Whether the user took the item there, or it was one of the environment's own candidates. */
  readonly as: 'taken' | 'candidate';
}

/** What it said for one user in the newest run that kept its answers. */
export interface Opinions {
  readonly run: string;
  /** By item id. */
  readonly items: Readonly<Record<string, Opinion>>;
}

export interface EnvironmentView {
  /** @returns undefined where no answers are kept, `items` empty for somebody about whom it was not asked */
  of(user: string): Promise<Opinions | undefined>;
}

/** Reads the answers that the newest run with any has kept. */
export function createEnvironmentView(objects: Objects): EnvironmentView {
  let source: ReturnType<typeof findAnswers> | undefined;
  return {
    async of(user) {
      source ??= findAnswers(objects);
      const found = await source.catch((error) => {
        source = undefined;
        throw error;
      });
      if (found === undefined) return undefined;
      const { run, parts, itemIds } = found;
      const opinions = new Map<string, Opinion>();
      const read = async (place: number) =>
        decodeAugmentedShard(await objects.getBytes(runs.augmentedShard(run, parts[place]!)));
      for await (const shard of shardsOf(user, parts.length, read)) {
        collect(shard, user, itemIds, opinions);
      }
      return { run, items: Object.fromEntries(opinions) };
    },
  };
}

async function findAnswers(objects: Objects) {
  for (const { run, status } of await listNights(objects)) {
    if (status !== 'succeeded') continue;
    const manifest = await objects.getVersion(runs.augmentedManifest(run), augmentedManifest);
    if (manifest === undefined) continue;
    const { shards, missing } = manifest.value;
    const parts = Array.from({ length: shards }, (_, part) => part).filter(
      (part) => !missing.includes(part),
    );
    const { itemIds } = decodeItemTable(await objects.getBytes(runs.itemTable(run)));
    return { run, parts, itemIds };
  }
  return undefined;
}

/** The shards that have rows of a user: they are in order of user ids, so few are read. */
async function* shardsOf(
  user: string,
  shards: number,
  read: (place: number) => Promise<AugmentedShard>,
): AsyncGenerator<AugmentedShard> {
  let low = 0;
  let high = shards;
  // The first shard whose last user is not before this one.
  while (low < high) {
    const middle = (low + high) >> 1;
    const { users } = await read(middle);
    if ((users.at(-1) ?? '') < user) low = middle + 1;
    else high = middle;
  }
  for (let place = low; place < shards; place++) {
    const shard = await read(place);
    if (shard.users.length > 0 && shard.users[0]! > user) return;
    if (shard.users.includes(user)) yield shard;
  }
}

/** Rows of a user are in time order: what is said later replaces what was said before. */
function collect(
  shard: AugmentedShard,
  user: string,
  itemIds: readonly string[],
  opinions: Map<string, Opinion>,
): void {
  shard.users.forEach((one, row) => {
    if (one !== user) return;
    const begin = shard.transitionOffsets[row]!;
    const end = shard.transitionOffsets[row + 1]!;
    for (let transition = begin; transition < end; transition++) {
      const first = shard.candidateOffsets[transition]!;
      for (let at = first; at < shard.candidateOffsets[transition + 1]!; at++) {
        opinions.set(itemIds[shard.candidates[at]! - 1]!, {
          reward: shard.candidateRewards[at]!,
          spread: shard.candidateRewardSpreads[at]!,
          as: 'candidate',
        });
      }
      const taken = shard.items[shard.offsets[row]! + 1 + transition - begin]!;
      opinions.set(itemIds[taken - 1]!, {
        reward: shard.rewards[transition]!,
        spread: shard.rewardSpreads[transition]!,
        as: 'taken',
      });
    }
  });
}
