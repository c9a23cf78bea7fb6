import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { explain } from '#cli/commands/explain.ts';
import { Interrupted } from '#cli/process/interruption.ts';
import { PipelineError } from '#lib/contracts/errors.ts';
import { FolderInUse } from '#local/errors.ts';

function thrown(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe('Function: explain', () => {
  it('tells what people can do something about without a stack', () => {
    const failures = [
      [
        new PipelineError('ConfigError', 'training.x: unknown key'),
        'ConfigError: training.x: unknown key',
      ],
      [new FolderInUse('out is in use'), 'FolderInUse: out is in use'],
      [new PipelineError('InsufficientStorage', 'Failed writing a'), 'The disk is full: make room'],
      [thrown(() => readFileSync('package.json/x')), 'A part of the path is a file'],
      [
        Object.assign(new Error('ENOSPC: no space left, write'), {
          code: 'ENOSPC',
          syscall: 'write',
        }),
        'make room',
      ],
    ] as const;

    for (const [error, expected] of failures) {
      const { message, exitCode } = explain(error);
      expect(message).toContain(expected);
      expect(message).not.toContain('    at ');
      expect(exitCode).toBe(1);
    }
  });

  it('tells everything about a defect', () => {
    expect(explain(new TypeError('x is not a function')).message).toContain('    at ');
  });

  it('adds nothing to an interruption but its exit code', () => {
    expect(explain(new Interrupted('SIGINT'))).toEqual({ message: undefined, exitCode: 130 });
  });

  it('takes what was aborted by an interruption for one, not for a defect', async () => {
    const stop = AbortSignal.abort(new Interrupted('SIGTERM'));
    const pause = await sleep(1000, undefined, { signal: stop }).catch((error) => error);

    expect(explain(pause)).toEqual({ message: undefined, exitCode: 143 });
  });
});
