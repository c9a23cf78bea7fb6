import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Champion, championPointer } from '#lib/contracts/champion.ts';
import { ConflictError, MissingArtefactError } from '#lib/contracts/errors.ts';
import { serving } from '#lib/contracts/keys.ts';
import { promote, rollBack } from '#lib/promotion/champion.ts';
import { MemoryObjects } from './memory-objects.ts';

const championOf = (run: string, name = 'sasrec'): Champion => ({
  run,
  name,
  prefix: `runs/${run}/models/${name}/`,
  ndcg10: 0.1,
  promotedAt: '2026-11-23T03:30:00.000Z',
});

async function served(objects: MemoryObjects): Promise<string | undefined> {
  return (await objects.getVersion(serving.champion, championPointer))?.value.run;
}

describe('Function: promote', () => {
  it('puts the first champion in place', async () => {
    // Arrange
    const objects = new MemoryObjects();

    // Act
    const replacement = await promote(objects, championOf('one'), undefined);

    // Assess
    expect(replacement).toEqual({ champion: championOf('one'), previous: null, changed: true });
    expect(await served(objects)).toBe('one');
  });

  it('changes nothing when it is repeated', async () => {
    // Arrange
    const objects = new MemoryObjects();
    await promote(objects, championOf('one'), undefined);
    await promote(objects, championOf('two'), championOf('one'));
    const before = new Map(objects.contents);

    // Act
    const again = await promote(
      objects,
      { ...championOf('two'), promotedAt: '2026-11-24T00:00:00.000Z' },
      championOf('one'),
    );

    // Assess
    expect(again).toEqual({
      champion: championOf('two'),
      previous: championOf('one'),
      changed: false,
    });
    expect(objects.contents).toEqual(before);
  });

  it('refuses to replace a champion that nobody compared with', async () => {
    // Arrange
    const objects = new MemoryObjects();
    await promote(objects, championOf('other'), undefined);

    // Act
    const promotion = promote(objects, championOf('two'), undefined);

    // Assess
    await expect(promotion).rejects.toThrow(ConflictError);
    await expect(promotion).rejects.toThrow('sasrec of run two was compared with no champion');
    expect(await served(objects)).toBe('other');
  });

  it('never overwrites a champion that is put in place at any moment meanwhile', async () => {
    for (const key of [serving.champion, serving.championHistory('two')]) {
      // Arrange
      const objects = new MemoryObjects();
      await promote(objects, championOf('one'), undefined);
      objects.beforeWrite = (written) => {
        if (written === key) objects.put(serving.champion, JSON.stringify(championOf('rival')));
      };

      // Act
      const promotion = promote(objects, championOf('two'), championOf('one'));

      // Assess
      await expect(promotion).rejects.toThrow(ConflictError);
      expect(await served(objects)).toBe('rival');
    }
  });

  it('can be repeated after it was killed before any of its writes', async () => {
    for (const killedAt of [serving.championHistory('two'), serving.champion]) {
      // Arrange
      const objects = new MemoryObjects();
      await promote(objects, championOf('one'), undefined);
      objects.beforeWrite = (key) => {
        if (key === killedAt) throw new Error('killed');
      };
      await expect(promote(objects, championOf('two'), championOf('one'))).rejects.toThrow(
        'killed',
      );
      expect(await served(objects)).toBe('one');
      objects.beforeWrite = () => {};

      // Act
      const replacement = await promote(objects, championOf('two'), championOf('one'));

      // Assess
      expect(replacement.changed).toBe(true);
      expect(await served(objects)).toBe('two');
      expect((await rollBack(objects)).champion.run).toBe('one');
    }
  });
});

describe('Function: rollBack', () => {
  it('goes back step by step through any chain of promotions', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 6 }), async (length) => {
        // Arrange
        const objects = new MemoryObjects();
        for (let run = 1; run <= length; run++) {
          const compared = run === 1 ? undefined : championOf(`run-${run - 1}`);
          await promote(objects, championOf(`run-${run}`), compared);
        }

        for (let run = length; run > 1; run--) {
          // Act
          const replacement = await rollBack(objects);

          // Assess
          expect(replacement).toEqual({
            champion: championOf(`run-${run - 1}`),
            previous: championOf(`run-${run}`),
            changed: true,
          });
          expect(await served(objects)).toBe(`run-${run - 1}`);
        }
        await expect(rollBack(objects)).rejects.toThrow(MissingArtefactError);
        expect(await served(objects)).toBe('run-1');
      }),
    );
  });

  it('goes to the champion of a named run', async () => {
    // Arrange
    const objects = new MemoryObjects();
    await promote(objects, championOf('one'), undefined);
    await promote(objects, championOf('two'), championOf('one'));
    await promote(objects, championOf('three'), championOf('two'));

    // Act
    const replacement = await rollBack(objects, 'one');

    // Assess
    expect(replacement.champion.run).toBe('one');
    expect(await served(objects)).toBe('one');
    expect((await rollBack(objects, 'one')).changed).toBe(false);
  });

  it('lets the next run be promoted over the one that came back', async () => {
    // Arrange
    const objects = new MemoryObjects();
    await promote(objects, championOf('one'), undefined);
    await promote(objects, championOf('two'), championOf('one'));
    await rollBack(objects);

    // Act
    await promote(objects, championOf('three'), championOf('one'));

    // Assess
    expect(await served(objects)).toBe('three');
    expect((await rollBack(objects)).champion.run).toBe('one');
  });

  it('says what is missing', async () => {
    // Arrange
    const objects = new MemoryObjects();

    // Act and assess
    await expect(rollBack(objects)).rejects.toThrow('nothing was promoted yet');
    await promote(objects, championOf('one'), undefined);
    await expect(rollBack(objects, 'never')).rejects.toThrow('Run never never promoted a champion');
  });
});
