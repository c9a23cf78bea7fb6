import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { ConflictError } from '#lib/contracts/errors.ts';
import { locks } from '#lib/contracts/keys.ts';
import { lockHolder, releaseLock, takeLock } from '#lib/contracts/lock.ts';
import { MemoryObjects } from '../promotion/memory-objects.ts';

const now = new Date('2026-11-23T03:30:00Z');
const later = (hours: number) => new Date(now.getTime() + hours * 3_600_000);

let objects: MemoryObjects;
beforeEach(() => {
  objects = new MemoryObjects();
});

const take = (run: string, execution: string, time = now, maximumHours = 8) =>
  takeLock(objects, { run, execution, now: time, maximumHours });
const release = (execution: string) => releaseLock(objects, execution, now);
const holder = async () => (await lockHolder(objects))?.execution;

describe('Functions: takeLock, releaseLock', () => {
  it('lets one of many in at once', async () => {
    // Act
    const tries = Array.from({ length: 8 }, (_, index) => take('night', `e${index}`));
    const results = await Promise.allSettled(tries);
    // Assess
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('may be asked for twice by one execution, and given back twice', async () => {
    // Act
    await take('night', 'e1');
    await take('night', 'e1');
    const released = [await release('e1'), await release('e1')];
    // Assess
    expect(released).toStrictEqual([true, false]);
    expect(await holder()).toBeUndefined();
    await take('night', 'e1');
    expect(await holder()).toBe('e1');
  });

  it('makes another execution wait, also one of the same run, and tells it until when', async () => {
    // Arrange
    await take('night', 'e1');
    // Act
    const second = take('night', 'e2', later(7));
    // Assess
    await expect(second).rejects.toThrow(ConflictError);
    await expect(second).rejects.toThrow(
      'Run night (execution e1) holds the lock since 2026-11-23T03:30:00.000Z. Wait for its end. If it was stopped, the janitor gives the lock back within minutes, at the latest at 2026-11-23T11:30:00.000Z anybody may take it',
    );
    expect(await holder()).toBe('e1');
  });

  it('never has two executions at work: e1 holds x, e2 resumes x, e1 ends, e3 takes y', async () => {
    // Arrange
    await take('x', 'e1');
    await expect(take('x', 'e2')).rejects.toThrow(ConflictError);
    await release('e1');
    await take('x', 'e2');
    // Act: what e1 still had to say, for example a step that is tried again.
    const released = await release('e1');
    // Assess
    expect(released).toBe(false);
    await expect(take('y', 'e3')).rejects.toThrow(/Run x \(execution e2\)/);
    expect(await holder()).toBe('e2');
  });

  it('is taken over from an execution that must have ended, by its own limit', async () => {
    // Arrange: begun when a run could take 24 hours.
    await take('night', 'e1', now, 24);
    // Assess
    await expect(take('next', 'e2', later(9), 8)).rejects.toThrow(ConflictError);
    await take('next', 'e2', later(25), 8);
    expect(await holder()).toBe('e2');
    expect(await release('e1')).toBe(false);
  });

  it('reads a lock of an older release', async () => {
    // Arrange
    const takenAt = now.toISOString();
    objects.put(locks.run, JSON.stringify({ run: 'night', execution: 'e1', takenAt }));
    // Assess
    await expect(take('next', 'e2', later(7))).rejects.toThrow(ConflictError);
    await take('next', 'e2', later(9));
    expect(await holder()).toBe('e2');
  });

  it('does not release what somebody takes over at that very moment', async () => {
    // Arrange
    await take('night', 'e1');
    objects.beforeWrite = () => {
      objects.beforeWrite = () => {};
      objects.put(
        locks.run,
        JSON.stringify({ run: 'next', execution: 'e2', takenAt: now.toISOString() }),
      );
    };
    // Act
    const released = await release('e1');
    // Assess
    expect(released).toBe(false);
    expect(await holder()).toBe('e2');
  });

  it('gives up when it loses every race', async () => {
    // Arrange
    const releasedAt = now.toISOString();
    objects.beforeWrite = () => {
      objects.put(
        locks.run,
        JSON.stringify({ run: 'next', execution: 'e2', takenAt: releasedAt, releasedAt }),
      );
    };
    // Assess
    await expect(take('night', 'e1')).rejects.toThrow('changed hands each time');
  });

  it('is held by who took it last and has not given it back, whatever happens in between', async () => {
    const step = fc.record({
      execution: fc.constantFrom('e1', 'e2', 'e3'),
      action: fc.constantFrom('take', 'release'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        objects = new MemoryObjects();
        let expected: string | undefined;
        for (const { execution, action } of steps) {
          if (action === 'take') {
            const taken = await take('night', execution).then(
              () => true,
              () => false,
            );
            expect(taken).toBe(expected === undefined || expected === execution);
            if (taken) expected = execution;
          } else {
            expect(await release(execution)).toBe(expected === execution);
            if (expected === execution) expected = undefined;
          }
          expect(await holder()).toBe(expected);
        }
      }),
    );
  });
});
