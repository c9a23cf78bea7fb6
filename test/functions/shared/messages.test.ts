import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { processMessages } from '#functions/shared/messages.ts';
import { sqsBatch } from './invocations.ts';

const logger = new Logger({ logLevel: 'SILENT' });

describe('Function: processMessages', () => {
  it('processes one message after another, in order', async () => {
    // Arrange
    const batch = sqsBatch(1, 2, 3, 4);
    const steps: string[] = [];

    // Act
    await processMessages(batch, z.int(), logger, async (message) => {
      steps.push(`begin ${message}`);
      // The first ones would be overtaken by the later ones.
      await sleep(5 - message);
      steps.push(`end ${message}`);
    });

    // Assess
    expect(steps).toStrictEqual([1, 2, 3, 4].flatMap((n) => [`begin ${n}`, `end ${n}`]));
  });

  it('goes on after a message that failed, and returns that one only', async () => {
    // Arrange
    const batch = sqsBatch(1, 'no JSON', 3, '"of another shape"', 5);
    const done: number[] = [];

    // Act
    const answer = await processMessages(batch, z.int(), logger, async (message) => {
      if (message === 3) throw new Error('failed');
      done.push(message);
    });

    // Assess
    expect(done).toStrictEqual([1, 5]);
    expect(answer.batchItemFailures.map((failure) => failure.itemIdentifier)).toStrictEqual(
      [1, 2, 3].map((at) => batch.Records[at]!.messageId),
    );
  });
});
