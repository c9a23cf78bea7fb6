import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  afterDelay,
  linkedController,
  sleep,
  untilAborted,
} from '#local/state-machine/cancellation.ts';

const never = new AbortController().signal;

describe('Function: sleep', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('waits as long as it is told, beyond what one timer can hold', async () => {
    // Arrange: 60 days; a timer of more than 24.8 days would end at once.
    const days = 24 * 3600 * 1000;
    let ended = false;
    const sleeping = sleep(60 * days, never).then(() => {
      ended = true;
    });
    // Act, Assess
    await vi.advanceTimersByTimeAsync(60 * days - 1);
    expect(ended).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await sleeping;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rejects with the reason of its signal and leaves no timer behind', async () => {
    const controller = new AbortController();
    const sleeping = sleep(1000, controller.signal);
    controller.abort('reason');
    await expect(sleeping).rejects.toBe('reason');
    await expect(sleep(1000, controller.signal)).rejects.toBe('reason');
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('Function: afterDelay', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('acts after the delay, but not once it is disposed of', async () => {
    const acted: string[] = [];
    {
      using _first = afterDelay(10, () => acted.push('first'));
      await vi.advanceTimersByTimeAsync(10);
      using _second = afterDelay(10, () => acted.push('second'));
    }
    await vi.advanceTimersByTimeAsync(100);
    expect(acted).toEqual(['first']);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('Function: untilAborted', () => {
  it('settles as the work does', async () => {
    await expect(untilAborted(Promise.resolve(1), never)).resolves.toBe(1);
    await expect(untilAborted(Promise.reject(new Error('no')), never)).rejects.toThrow('no');
  });

  it('rejects with the reason of its signal, before or meanwhile', async () => {
    const controller = new AbortController();
    const waiting = untilAborted(new Promise(() => {}), controller.signal);
    controller.abort('reason');
    await expect(waiting).rejects.toBe('reason');
    await expect(untilAborted(new Promise(() => {}), controller.signal)).rejects.toBe('reason');
  });
});

describe('Function: linkedController', () => {
  it('aborts with its parent and on its own, but not its parent', () => {
    const parent = new AbortController();
    const [first, second] = [linkedController(parent.signal), linkedController(parent.signal)];
    first.abort('own');
    expect(first.signal.reason).toBe('own');
    expect(parent.signal.aborted).toBe(false);
    parent.abort('parent');
    expect(first.signal.reason).toBe('own');
    expect(second.signal.reason).toBe('parent');
    expect(linkedController(parent.signal).signal.reason).toBe('parent');
  });

  it('no longer follows its parent once it is disposed of', () => {
    const parent = new AbortController();
    const controller = linkedController(parent.signal);
    controller[Symbol.dispose]();
    parent.abort();
    expect(controller.signal.aborted).toBe(false);
  });
});
