import { runs } from '#lib/contracts/keys.ts';
import { decodeRecentHistories } from '#lib/sequences/everybody-files.ts';
import { userStoreManifest } from '#lib/sequences/user-store.ts';
import type { Objects } from '#platform/objects.ts';

/** Ids of users, to choose from. */
export interface Users {
  /** The first ids that begin with a text, in their order. */
  beginningWith(text: string, count: number): Promise<string[]>;
  /** Somebody. */
  anybody(): Promise<string | undefined>;
}

/** The users of a run; one file of them is kept in memory. */
export function createUsers(objects: Objects, run: string): Users {
  let kept: { readonly part: number; readonly users: readonly string[] } | undefined;

  async function usersOf(part: number): Promise<readonly string[]> {
    if (kept?.part !== part) {
      const { users } = decodeRecentHistories(
        await objects.getBytes(runs.recentHistories(run, part)),
      );
      kept = { part, users };
    }
    return kept.users;
  }
  const partsOf = async () =>
    (await objects.getVersion(runs.userStoreManifest(run), userStoreManifest))?.value.parts ?? [];

  return {
    async beginningWith(text, count) {
      const parts = await partsOf();
      const found: string[] = [];
      for (let part = 0; part < parts.length && found.length < count; part++) {
        const { first, last } = parts[part]!;
        if (last < text) continue;
        if (first > text && !first.startsWith(text)) break;
        const matching = (await usersOf(part)).filter((user) => user.startsWith(text));
        found.push(...matching.slice(0, count - found.length));
      }
      return found;
    },
    async anybody() {
      const parts = await partsOf();
      if (parts.length === 0) return undefined;
      const users = await usersOf(Math.floor(Math.random() * parts.length));
      return users[Math.floor(Math.random() * users.length)];
    },
  };
}
