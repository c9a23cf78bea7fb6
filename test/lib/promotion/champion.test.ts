import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Champion, championPointer } from '#lib/contracts/champion.ts';
import { ConflictError, MissingArtefactError } from '#lib/contracts/errors.ts';
import { serving } from '#lib/contracts/keys.ts';
import { championsBackFrom, promote, rollBack } from '#lib/promotion/champion.ts';
import { MemoryObjects } from './memory-objects.ts';

const championOf = (run: string, name = 'sasrec'): Champion => ({
  run,
  name,
  judged: `runs/${run}/models/${name}/`,
  serving: `runs/${run}/models/${name}/`,
  ndcg10: 0.1,
  promotedAt: '2026-11-23T03:30:00.000Z',
});

const now = new Date('2026-11-24T09:00:00.000Z');

/** Objects with the files of models of these runs. */
function objectsWith(...names: string[]): MemoryObjects {
  const objects = new MemoryObjects();
  for (const run of names) addModel(objects, run);
  return objects;
}

function addModel(objects: MemoryObjects, run: string): void {
  for (const key of Object.values(serving.modelFiles(championOf(run).serving))) {
    objects.put(key, 'x');
  }
}

async function served(objects: MemoryObjects): Promise<string | undefined> {
  return (await objects.getVersion(serving.champion, championPointer))?.value.run;
}

describe('Function: promote', () => {
  it('puts the first champion in place', async () => {
    // Arrange
    const objects = objectsWith('one', 'two', 'three', 'other', 'rival');

    // Act
    const replacement = await promote(objects, championOf('one'), null);

    // Assess
    expect(replacement).toEqual({ champion: championOf('one'), previous: null, changed: true });
    expect(await served(objects)).toBe('one');
  });

  it('changes nothing when it is repeated', async () => {
    // Arrange
    const objects = objectsWith('one', 'two', 'three', 'other', 'rival');
    await promote(objects, championOf('one'), null);
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
    const objects = objectsWith('one', 'two', 'three', 'other', 'rival');
    await promote(objects, championOf('other'), null);

    // Act
    const promotion = promote(objects, championOf('two'), null);

    // Assess
    await expect(promotion).rejects.toThrow(ConflictError);
    await expect(promotion).rejects.toThrow('sasrec of run two was compared with no champion');
    expect(await served(objects)).toBe('other');
  });

  it.each([
    [
      'another was promoted',
      (objects: MemoryObjects) => promote(objects, championOf('other'), championOf('two')),
      'other was promoted (2026-11-23T03:30:00.000Z)',
    ],
    [
      'a rollback put another back',
      (objects: MemoryObjects) => rollBack(objects, { now }),
      'a rollback put sasrec of run one back into service (2026-11-24T09:00:00.000Z)',
    ],
    [
      'it left and came back',
      async (objects: MemoryObjects) => {
        await rollBack(objects, { now });
        await rollBack(objects, { run: 'two', now });
      },
      'a rollback put sasrec of run two back into service',
    ],
  ])('refuses and says so when, since the champion was read, %s', async (_, meanwhile, words) => {
    // Arrange
    const objects = objectsWith('one', 'two', 'three', 'other');
    await promote(objects, championOf('one'), null);
    await promote(objects, championOf('two'), championOf('one'));
    await meanwhile(objects);
    const before = await served(objects);

    // Act
    const promotion = promote(objects, championOf('three'), championOf('two'));

    // Assess
    await expect(promotion).rejects.toThrow(ConflictError);
    await expect(promotion).rejects.toThrow(
      'The champion has changed since sasrec of run three was compared with sasrec of run two',
    );
    await expect(promotion).rejects.toThrow(words);
    expect(await served(objects)).toBe(before);
  });

  it('does not promote again what somebody rolled back from', async () => {
    // Arrange: an attempt that promoted, and is resumed after the rollback.
    const objects = objectsWith('one', 'two');
    await promote(objects, championOf('one'), null);
    await promote(objects, championOf('two'), championOf('one'));
    await rollBack(objects, { now });

    // Act
    const promotion = promote(objects, championOf('two'), championOf('one'));

    // Assess
    await expect(promotion).rejects.toThrow(ConflictError);
    expect(await served(objects)).toBe('one');
  });

  it('looks at the files of the model first', async () => {
    // Arrange
    const objects = objectsWith('one', 'two');
    await promote(objects, championOf('one'), null);
    const { weights } = serving.modelFiles(championOf('two').serving);
    await objects.remove([weights]);

    // Act
    const promotion = promote(objects, championOf('two'), championOf('one'));

    // Assess
    await expect(promotion).rejects.toThrow(MissingArtefactError);
    await expect(promotion).rejects.toThrow(`${weights} is missing`);
    expect(await served(objects)).toBe('one');
    expect(objects.contents.has(serving.championHistory('two'))).toBe(false);
  });

  it('names all files that are missing, and has no advice about earlier champions', async () => {
    // Arrange
    const objects = new MemoryObjects();
    const { description, weights, vocabulary } = serving.modelFiles(championOf('one').serving);
    objects.put(weights, 'x');

    // Act
    const promotion = promote(objects, championOf('one'), null);

    // Assess
    await expect(promotion).rejects.toThrow(
      new MissingArtefactError(
        `sasrec of run one cannot be put into service: ${description}, ${vocabulary} are missing.`,
      ),
    );
  });

  it.each([serving.champion, serving.championHistory('one')])(
    'is refused as the first when somebody else writes %s meanwhile',
    async (key) => {
      // Arrange
      const objects = objectsWith('one');
      objects.beforeWrite = (written) => {
        if (written === key) objects.put(key, JSON.stringify(championOf('rival')));
      };

      // Act
      const promotion = promote(objects, championOf('one'), null);

      // Assess
      await expect(promotion).rejects.toThrow(ConflictError);
      await expect(promotion).rejects.toThrow(
        'The champion changed while sasrec of run one was being promoted. So it is not promoted',
      );
    },
  );

  it('says so when the champion that it was compared with is gone', async () => {
    await expect(promote(objectsWith('two'), championOf('two'), championOf('one'))).rejects.toThrow(
      'compared with sasrec of run one: champion.json was deleted. So it',
    );
  });

  it('tells models of one run apart, and promotions at another time', async () => {
    // Arrange
    const objects = objectsWith('one', 'two');
    for (const key of Object.values(serving.modelFiles(championOf('one', 'gru4rec').serving))) {
      objects.put(key, 'x');
    }
    await promote(objects, championOf('one'), null);
    const elsewhen = { ...championOf('one'), promotedAt: '2026-01-01T00:00:00.000Z' };

    // Act
    const another = await promote(objects, championOf('one', 'gru4rec'), championOf('one'));
    const stale = promote(objects, championOf('two'), { ...elsewhen, name: 'gru4rec' });

    // Assess
    expect(another.changed).toBe(true);
    await expect(stale).rejects.toThrow(ConflictError);
  });

  it('changes nothing for a champion whose record is gone', async () => {
    const objects = objectsWith('one');
    await promote(objects, championOf('one'), null);
    await objects.remove([serving.championHistory('one')]);
    expect(await promote(objects, championOf('one'), null)).toEqual({
      champion: championOf('one'),
      previous: null,
      changed: false,
    });
  });

  it('never overwrites a champion that is put in place at any moment meanwhile', async () => {
    for (const key of [serving.champion, serving.championHistory('two')]) {
      // Arrange
      const objects = objectsWith('one', 'two', 'three', 'other', 'rival');
      await promote(objects, championOf('one'), null);
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
      const objects = objectsWith('one', 'two', 'three', 'other', 'rival');
      await promote(objects, championOf('one'), null);
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
      expect((await rollBack(objects, { now })).champion.run).toBe('one');
    }
  });
});

describe('Function: rollBack', () => {
  it('goes back step by step through any chain of promotions', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 6 }), async (length) => {
        // Arrange
        const objects = objectsWith('one', 'two', 'three', 'other', 'rival');
        for (let run = 1; run <= length; run++) {
          addModel(objects, `run-${run}`);
          const compared = run === 1 ? null : championOf(`run-${run - 1}`);
          await promote(objects, championOf(`run-${run}`), compared);
        }

        for (let run = length; run > 1; run--) {
          // Act
          const replacement = await rollBack(objects, { now });

          // Assess
          expect(replacement).toEqual({
            champion: { ...championOf(`run-${run - 1}`), rolledBackAt: now.toISOString() },
            previous: expect.objectContaining(championOf(`run-${run}`)),
            changed: true,
          });
          expect(await served(objects)).toBe(`run-${run - 1}`);
        }
        await expect(rollBack(objects, { now })).rejects.toThrow(MissingArtefactError);
        expect(await served(objects)).toBe('run-1');
      }),
    );
  });

  it('goes to the champion of a named run', async () => {
    // Arrange
    const objects = objectsWith('one', 'two', 'three', 'other', 'rival');
    await promote(objects, championOf('one'), null);
    await promote(objects, championOf('two'), championOf('one'));
    await promote(objects, championOf('three'), championOf('two'));

    // Act
    const replacement = await rollBack(objects, { run: 'one', now });

    // Assess
    expect(replacement.champion.run).toBe('one');
    expect(await served(objects)).toBe('one');
    expect((await rollBack(objects, { run: 'one', now })).changed).toBe(false);
  });

  it('lets the next run be promoted over the one that came back', async () => {
    // Arrange
    const objects = objectsWith('one', 'two', 'three', 'other', 'rival');
    await promote(objects, championOf('one'), null);
    await promote(objects, championOf('two'), championOf('one'));
    const { champion: returned } = await rollBack(objects, { now });

    // Act
    await promote(objects, championOf('three'), returned);

    // Assess
    expect(await served(objects)).toBe('three');
    expect((await rollBack(objects, { now })).champion.run).toBe('one');
  });

  it('never puts a deleted model into service, and says which one can be', async () => {
    // Arrange
    const objects = objectsWith('one', 'two', 'three');
    await promote(objects, championOf('one'), null);
    await promote(objects, championOf('two'), championOf('one'));
    await promote(objects, championOf('three'), championOf('two'));
    const { description } = serving.modelFiles(championOf('two').serving);
    await objects.remove([description]);

    // Act
    const backward = rollBack(objects, { now });
    const byName = rollBack(objects, { run: 'two', now });

    // Assess
    for (const attempt of [backward, byName]) {
      await expect(attempt).rejects.toThrow(MissingArtefactError);
      await expect(attempt).rejects.toThrow(`${description} is missing`);
      await expect(attempt).rejects.toThrow(
        `${description} is missing. Models of earlier champions are deleted with their runs, except as many as`,
      );
      await expect(attempt).rejects.toThrow('roll back with --run one');
    }
    expect(await served(objects)).toBe('three');
    await objects.remove(Object.values(serving.modelFiles(championOf('one').serving)));
    await expect(rollBack(objects, { now })).rejects.toThrow('None before it has its files');
  });

  it('says what is missing', async () => {
    // Arrange
    const objects = objectsWith('one', 'two', 'three', 'other', 'rival');

    // Act and assess
    await expect(rollBack(objects, { now })).rejects.toThrow('nothing was promoted yet');
    await promote(objects, championOf('one'), null);
    await expect(rollBack(objects, { now })).rejects.toThrow(
      'sasrec of run one replaced no champion, so there is none to go back to.',
    );
    await expect(rollBack(objects, { run: 'never', now })).rejects.toThrow(
      'Run never never promoted a champion',
    );
  });

  it('does not say that nobody was replaced when the record of that is gone', async () => {
    // Arrange
    const objects = objectsWith('one', 'two');
    await promote(objects, championOf('one'), null);
    await promote(objects, championOf('two'), championOf('one'));
    await objects.remove([serving.championHistory('two')]);

    // Act
    const backward = rollBack(objects, { now });

    // Assess
    await expect(backward).rejects.toThrow(MissingArtefactError);
    await expect(backward).rejects.toThrow(
      'Whom sasrec of run two replaced is not known: champions/two.json is missing. Name the run',
    );
    expect((await rollBack(objects, { run: 'one', now })).champion.run).toBe('one');
  });
});

describe('Function: championsBackFrom', () => {
  async function chain(): Promise<MemoryObjects> {
    const objects = objectsWith('one', 'two', 'three');
    await promote(objects, championOf('one'), null);
    await promote(objects, championOf('two'), championOf('one'));
    await promote(objects, championOf('three'), championOf('two'));
    return objects;
  }

  async function runsBack(objects: MemoryObjects, length: number): Promise<string[]> {
    const runs: string[] = [];
    for await (const { run } of championsBackFrom(objects, championOf('three'), length)) {
      runs.push(run);
    }
    return runs;
  }

  it('goes back to the first, and no further than asked', async () => {
    const objects = await chain();
    expect(await runsBack(objects, 9)).toEqual(['three', 'two', 'one']);
    expect(await runsBack(objects, 2)).toEqual(['three', 'two']);
    expect(await runsBack(objects, 0)).toEqual([]);
  });

  it('ends where a record is gone', async () => {
    const objects = await chain();
    await objects.remove([serving.championHistory('two')]);
    expect(await runsBack(objects, 9)).toEqual(['three', 'two']);
  });

  it('ends when somebody has closed a circle', async () => {
    // Arrange
    const objects = await chain();
    const record = { champion: championOf('one'), previous: championOf('three') };
    objects.put(serving.championHistory('one'), JSON.stringify(record));

    // Act and assess
    expect(await runsBack(objects, 9)).toEqual(['three', 'two', 'one']);
  });
});
