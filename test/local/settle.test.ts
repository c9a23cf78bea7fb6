import { describe, expect, it } from 'vitest';
import { endAll, settleAll } from '#local/settle.ts';

describe('Function: settleAll', () => {
  it('waits for the others when one fails, and throws that', async () => {
    let isDone = false;
    const slow = new Promise<void>((done) =>
      setTimeout(() => {
        isDone = true;
        done();
      }, 20),
    );
    const reason = new Error('the first');

    await expect(settleAll([Promise.reject(reason), slow])).rejects.toBe(reason);
    expect(isDone).toBe(true);
  });

  it('names all that failed', async () => {
    const failures = [Promise.reject(new Error('one')), Promise.reject(new Error('two'))];

    await expect(settleAll(failures)).rejects.toMatchObject({
      code: 'SeveralFailures',
      message: 'one; two',
    });
  });
});

describe('Function: endAll', () => {
  it('goes backwards past what fails, and says what failed', async () => {
    const ended: string[] = [];
    const ends = [
      () => void ended.push('first'),
      () => {
        throw new Error('thrown');
      },
      () => Promise.reject(new Error('rejected')),
      async () => void ended.push('last'),
    ];

    await expect(endAll(ends)).rejects.toThrow('rejected; thrown');
    expect(ended).toEqual(['last', 'first']);
    // What was ended is not ended again.
    await endAll(ends);
    expect(ended).toHaveLength(2);
  });
});
