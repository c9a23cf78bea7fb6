import * as z from 'zod';
import { createJsonService } from './json-service.ts';

/** Executions of one state machine. */
export interface Executions {
  /** @returns the execution's ARN */
  start(input: { readonly run: string; readonly resume?: boolean }): Promise<string>;
  /** Stops those that are running. @returns their ARNs */
  stopAll(): Promise<string[]>;
}

const started = z.looseObject({ executionArn: z.string() });
const listed = z.looseObject({ executions: z.array(started), nextToken: z.string().nullish() });

/** @param environment of `callerEnvironment` */
export function createExecutions(
  stateMachineArn: string,
  environment: NodeJS.ProcessEnv,
): Executions {
  const service = createJsonService('states', environment);
  return {
    async start(input) {
      const request = { stateMachineArn, input: JSON.stringify(input) };
      return (await service.call('StartExecution', request, started)).executionArn;
    },
    async stopAll() {
      const stopped: string[] = [];
      let nextToken: string | null | undefined;
      do {
        const request = {
          stateMachineArn,
          statusFilter: 'RUNNING',
          ...(nextToken && { nextToken }),
        };
        const page = await service.call('ListExecutions', request, listed);
        for (const { executionArn } of page.executions) {
          const cause = 'Stopped by lea stop.';
          await service.call('StopExecution', { executionArn, cause }, z.unknown());
          stopped.push(executionArn);
        }
        nextToken = page.nextToken;
      } while (nextToken);
      return stopped;
    },
  };
}
