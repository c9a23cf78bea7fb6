import { describe, expect, it } from 'vitest';
import type { Champion } from '#lib/contracts/champion.ts';
import { MissingArtefactError, UnavailableError } from '#lib/contracts/errors.ts';
import { ChampionCache } from '#lib/serving/door/champion-cache.ts';

const champion = (run: string): Champion => ({
  run,
  name: 'a',
  judged: `runs/${run}/models/a/`,
  serving: `runs/${run}/models/a/`,
  ndcg10: 0.1,
  promotedAt: '2026-11-23T05:00:00.000Z',
});

/** A pointer that can be moved, lost and made unreadable, and a clock that can be set. */
function setUp() {
  const world = {
    pointer: champion('one') as Champion | undefined,
    pointerError: undefined as Error | undefined,
    loadError: undefined as Error | undefined,
    time: 0,
    reads: 0,
    loaded: [] as string[],
    disposed: [] as string[],
    stale: [] as unknown[],
  };
  const cache = new ChampionCache({
    objects: {
      async getVersion<T>() {
        world.reads++;
        if (world.pointerError !== undefined) throw world.pointerError;
        return world.pointer === undefined ? undefined : { value: world.pointer as T, etag: 'x' };
      },
    },
    load: async ({ run }) => {
      if (world.loadError !== undefined) throw world.loadError;
      world.loaded.push(run);
      return { run, dispose: () => world.disposed.push(run) };
    },
    milliseconds: 1000,
    onStale: (error) => world.stale.push(error),
    now: () => world.time,
  });
  return { world, cache };
}

describe('Class: ChampionCache', () => {
  it('looks at the pointer once in a while, not every time', async () => {
    // Arrange
    const { world, cache } = setUp();
    // Act
    for (const time of [0, 500, 999, 1000, 1500]) {
      world.time = time;
      await cache.get();
    }
    // Assess
    expect(world.reads).toBe(2);
    expect(world.loaded).toStrictEqual(['one']);
  });

  it('loads a new champion once and lets go of the old one', async () => {
    // Arrange
    const { world, cache } = setUp();
    await cache.get();
    world.pointer = champion('two');
    world.time = 1000;
    // Act
    const [first, second] = await Promise.all([cache.get(), cache.get()]);
    // Assess
    expect([first.model.run, second.model.run]).toStrictEqual(['two', 'two']);
    expect(world.loaded).toStrictEqual(['one', 'two']);
    expect(world.disposed).toStrictEqual(['one']);
  });

  it.each(['pointerError', 'loadError'] as const)(
    'goes on with the old champion on a %s, and tries again later',
    async (failure) => {
      // Arrange
      const { world, cache } = setUp();
      await cache.get();
      world.pointer = champion('two');
      world[failure] = new UnavailableError('S3 is away');
      world.time = 1000;
      // Act
      const during = await cache.get();
      world[failure] = undefined;
      world.time = 2000;
      const after = await cache.get();
      // Assess
      expect(during.champion.run).toBe('one');
      expect(world.stale).toHaveLength(1);
      expect(after.champion.run).toBe('two');
    },
  );

  it('says that nothing was promoted, and notices when something is', async () => {
    // Arrange
    const { world, cache } = setUp();
    world.pointer = undefined;
    // Act
    const nothing = cache.get();
    // Assess
    await expect(nothing).rejects.toBeInstanceOf(MissingArtefactError);
    world.pointer = champion('one');
    expect((await cache.get()).champion.run).toBe('one');
  });
});
