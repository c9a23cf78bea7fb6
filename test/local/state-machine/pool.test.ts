import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runPool } from '#local/state-machine/pool.ts';

const never = new AbortController().signal;

describe('Function: runPool', () => {
  it('does all the work once, in order, and never more at a time than it may', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 8 }),
        async (ticks, concurrency) => {
          const started: number[] = [];
          let running = 0;
          let most = 0;
          await runPool(ticks.length, concurrency, never, async (index) => {
            started.push(index);
            running += 1;
            most = Math.max(most, running);
            for (let tick = 0; tick < ticks[index]!; tick += 1) await Promise.resolve();
            running -= 1;
          });
          expect(started).toEqual(ticks.map((_, index) => index));
          expect(most).toBeLessThanOrEqual(concurrency);
          expect(running).toBe(0);
        },
      ),
    );
  });

  it('throws the first error once everything has ended, and starts nothing more', async () => {
    // Arrange
    const ended: string[] = [];
    const work = (index: number, signal: AbortSignal) =>
      new Promise<void>((_resolve, reject) => {
        if (index === 1) {
          reject(new Error('first'));
          return;
        }
        signal.addEventListener('abort', () => {
          ended.push(`${index} ${(signal.reason as Error).name}`);
          reject(new Error('later'));
        });
      });
    // Act, Assess
    await expect(runPool(9, 3, never, work)).rejects.toThrow('first');
    expect(ended).toEqual(['0 SiblingFailed', '2 SiblingFailed']);
  });

  it('throws the reason of its signal, although the work did not heed it', async () => {
    const controller = new AbortController();
    const running = runPool(3, 1, controller.signal, async () =>
      controller.abort(new Error('stop')),
    );
    await expect(running).rejects.toThrow('stop');
  });
});
