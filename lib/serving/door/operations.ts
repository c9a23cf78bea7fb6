import * as z from 'zod';
import { ValidationError } from '#lib/contracts/errors.ts';
import { suggest } from '#lib/contracts/suggest.ts';
import { answerRecommend, answerRerank, answerSimilar, type Serving } from '../answer.ts';
import type { Answered } from '../impression.ts';
import { parseRequest, recommendRequest, rerankRequest, similarRequest } from '../request.ts';
import type { Asker } from '../variants.ts';

/** A request that has been read. */
interface Question {
  /** Undefined where what is asked does not depend on who asks. */
  readonly asker: Asker | undefined;
  readonly answering: (serving: Serving, requestId: string) => Promise<Answered['answer']>;
}

/** What can be asked for, by the last part of the path. */
const operations = {
  /** Items for somebody. */
  recommend(asked: unknown): Question {
    const request = parseRequest(recommendRequest, asked);
    return { asker: request, answering: (serving, id) => answerRecommend(serving, request, id) };
  },
  /** Items that resemble one. */
  similar(asked: unknown): Question {
    const request = parseRequest(similarRequest, asked);
    return { asker: undefined, answering: (serving, id) => answerSimilar(serving, request, id) };
  },
  /** Given items in order. */
  rerank(asked: unknown): Question {
    const request = parseRequest(rerankRequest, asked);
    return { asker: request, answering: (serving, id) => answerRerank(serving, request, id) };
  },
};

export type Operation = keyof typeof operations;

/** Who invokes the function says with `operation` what is asked for; recommendations, if nothing is said. */
const invocation = z.looseObject({ operation: z.string().optional() });

/** @returns undefined for a path that leads nowhere */
export function operationOf(path: string): Operation | undefined {
  const name = path.replace(/\/$/, '').split('/').at(-1)!;
  if (name === '') return 'recommend';
  return Object.hasOwn(operations, name) ? (name as Operation) : undefined;
}

/** @throws ValidationError for an operation that there is not */
export function readInvocation(event: unknown): { operation: Operation; asked: unknown } {
  const parsed = invocation.safeParse(event);
  if (!parsed.success) return { operation: 'recommend', asked: event };
  const { operation = 'recommend', ...asked } = parsed.data;
  if (Object.hasOwn(operations, operation)) return { operation: operation as Operation, asked };
  const names = Object.keys(operations);
  const meant = suggest(operation, names);
  throw new ValidationError(
    `There is no operation "${operation.slice(0, 100)}"; there are: ${names.join(', ')}.${meant === undefined ? '' : ` Did you mean "${meant}"?`}`,
  );
}

/** Reads a request. @throws ValidationError, before anything is loaded for it */
export const read = (operation: Operation, asked: unknown): Question =>
  operations[operation](asked);
