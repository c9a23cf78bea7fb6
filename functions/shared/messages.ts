import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Logger } from '@aws-lambda-powertools/logger';
import * as z from 'zod';
import { isRetryable, ValidationError } from '#lib/contracts/errors.ts';
import { explain } from '#lib/contracts/explain.ts';

/** What Lambda hands over from an SQS queue; AWS adds fields at will. */
export const sqsEvent = z.looseObject({
  Records: z.array(z.looseObject({ messageId: z.string(), body: z.string() })).min(1),
});

export type SqsEvent = z.infer<typeof sqsEvent>;

/** Names the messages that are to come again; the others are done. */
export interface BatchAnswer {
  readonly batchItemFailures: { readonly itemIdentifier: string }[];
}

/**
 * Processes the messages of a batch one after another. A message whose processing throws comes again, and goes to the
 * dead-letter queue after the queue's number of tries; its neighbours are not repeated.
 *
 * @param schema of a message's body, JSON
 * @param logger gets a line for every failure
 */
export async function processMessages<Message>(
  event: SqsEvent,
  schema: z.ZodType<Message>,
  logger: Logger,
  process: (message: Message) => Promise<unknown>,
): Promise<BatchAnswer> {
  const processRecord = async ({ messageId, body }: { messageId: string; body: string }) => {
    try {
      await process(parseBody(body, schema));
    } catch (error) {
      const facts = { messageId, retryable: isRetryable(error), error: error as Error };
      logger.error('a message failed and comes again', facts);
      throw error;
    }
  };
  const processor = new BatchProcessor(EventType.SQS);
  const answer = await processPartialResponse(event, processRecord, processor, {
    throwOnFullBatchFailure: false,
    processInParallel: false,
  });
  return answer as BatchAnswer;
}

function parseBody<Message>(body: string, schema: z.ZodType<Message>): Message {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (cause) {
    throw new ValidationError('The body of a message is not JSON.', { cause });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ValidationError(`The body of a message is wrong:\n${explain(parsed.error)}`);
}
