import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { instrument, type LambdaContext } from '#functions/shared/handler.ts';
import { MissingArtefactError } from '#lib/contracts/errors.ts';

const context = (milliseconds = 60_000): LambdaContext => ({
  functionName: 'build-sequences',
  awsRequestId: 'request-1',
  getRemainingTimeInMillis: () => milliseconds,
});

describe('Function: instrument', () => {
  const lines: string[] = [];
  const remember = (line: unknown) => {
    lines.push(String(line));
    return true;
  };

  beforeEach(() => {
    vi.stubEnv('POWERTOOLS_DEV', 'true');
    vi.stubEnv('POWERTOOLS_METRICS_NAMESPACE', 'lea');
    vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
    for (const method of ['info', 'error', 'log', 'warn'] as const) {
      vi.spyOn(console, method).mockImplementation(remember);
    }
    lines.length = 0;
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  it('hands the checked event and the tools to the step', async () => {
    // Arrange
    const handler = instrument(z.strictObject({ run: z.string() }), async ({ run }, tools) => ({
      run,
      aborted: tools.signal.aborted,
      remaining: tools.remainingMilliseconds(),
    }));

    // Act
    const answer = await handler({ run: '2026-11-23' }, context());

    // Assess
    expect(answer).toStrictEqual({ run: '2026-11-23', aborted: false, remaining: 60_000 });
  });

  it('refuses an event of another shape before the step runs', async () => {
    // Arrange
    const step = vi.fn();
    const handler = instrument(z.strictObject({ run: z.string() }), step);

    // Act
    const answer = handler({ run: 1, night: 2 }, context());

    // Assess
    await expect(answer).rejects.toMatchObject({ name: 'ValidationError' });
    await expect(answer).rejects.toThrow(/build-sequences[\s\S]*run[\s\S]*night: unknown key/);
    expect(step).not.toHaveBeenCalled();
  });

  it('lets an error leave under its code, so that Step Functions matches it, and logs it', async () => {
    // Arrange
    const handler = instrument(z.unknown(), async () => {
      throw new MissingArtefactError('runs/x/manifest.json is not there', {
        details: { run: 'x' },
      });
    });

    // Act
    const answer = handler({}, context());

    // Assess
    await expect(answer).rejects.toMatchObject({ name: 'MissingArtefactError' });
    expect(lines.join()).toContain('runs/x/manifest.json is not there');
    expect(lines.join()).toContain('"code": "MissingArtefactError"');
  });

  it('never logs the event', async () => {
    // Arrange
    const handler = instrument(z.strictObject({ user: z.string() }), async (_, { logger }) => {
      logger.info('one user done');
      throw new MissingArtefactError('nothing there');
    });

    // Act
    await handler({ user: 'somebody@example.org' }, context()).catch(() => undefined);

    // Assess
    expect(lines.join()).toContain('one user done');
    expect(lines.join()).not.toContain('somebody');
  });

  it.each([
    ['succeeds', async () => 'done'],
    [
      'fails',
      async () => {
        throw new MissingArtefactError('nothing there');
      },
    ],
  ])('publishes metrics when the step %s, and is silent without any', async (_, outcome) => {
    // Arrange
    const silent = instrument(z.unknown(), outcome);
    const counting = instrument(z.unknown(), async (_event, { metrics }) => {
      metrics.addMetric('RowsRead', 'Count', 3);
      return outcome();
    });

    // Act
    await silent({}, context()).catch(() => undefined);
    const before = lines.join();
    await counting({}, context()).catch(() => undefined);

    // Assess
    expect(before).not.toContain('metrics');
    expect(lines.join()).toContain('"RowsRead":3');
  });

  it('aborts and fails as worth repeating when time runs out', async () => {
    // Arrange
    let aborted = false;
    const handler = instrument(
      z.unknown(),
      (_, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            aborted = true;
            resolve(undefined);
          });
        }),
    );

    // Act
    const answer = handler({}, context(1_005));

    // Assess
    await expect(answer).rejects.toMatchObject({ name: 'UnavailableError', retryable: true });
    expect(aborted).toBe(true);
  });
});
