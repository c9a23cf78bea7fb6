import * as z from 'zod';
import { UnavailableError } from '#lib/contracts/errors.ts';
import type { JsonService } from '#platform/json-service.ts';
import {
  type buildEnded,
  buildVariables,
  type resourceRequest,
  type WaitingResource,
  waitingResource,
} from './events.ts';

/** Longest reason that CloudFormation shows. */
const reasonLength = 1000;

/**
 * Does what CloudFormation asks for. A build is only started here; who is waiting for it goes along as a variable of
 * the build, and is asked of CodeBuild when the build has ended.
 */
export async function startImage(
  codebuild: JsonService,
  request: z.output<typeof resourceRequest>,
): Promise<void> {
  const { ProjectName, ImageUri } = request.ResourceProperties;
  if (request.RequestType === 'Delete') {
    // The image goes with its repository.
    return answer(request, request.PhysicalResourceId ?? ImageUri, true, 'Nothing to do.');
  }
  const waiting = JSON.stringify(waitingResource.parse(request));
  const variable = (name: string, value: string) => ({ name, value, type: 'PLAINTEXT' });
  try {
    await codebuild.call(
      'StartBuild',
      {
        projectName: ProjectName,
        // Asked twice within five minutes (CloudFormation repeats a call that failed), CodeBuild starts one build.
        idempotencyToken: request.RequestId,
        environmentVariablesOverride: [
          variable(buildVariables.image, ImageUri),
          variable(buildVariables.waiting, waiting),
        ],
      },
      z.unknown(),
    );
  } catch (error) {
    await answer(request, ImageUri, false, whyNotStarted(error as Error));
  }
}

/** A new account may not build at all, which CodeBuild says as if too many builds were waiting. */
function whyNotStarted({ message }: Error): string {
  if (!/Cannot have more than \d+ (active )?builds/i.test(message)) return message;
  const advice =
    'Ask for at least 1 in Service Quotas, AWS CodeBuild, "Concurrently running builds for Linux/Large environment"; ' +
    'until it is granted, images that are built elsewhere can be given as environmentImageUri and trainerImageUri ' +
    '(docs/deploy.md, 2 and 4).';
  return `This account may not build now: ${message} ${advice}`;
}

/** What is asked of CodeBuild about a build. */
const builds = z.object({
  builds: z
    .array(
      z.object({
        environment: z.object({
          environmentVariables: z
            .array(z.object({ name: z.string(), value: z.string() }))
            .default([]),
        }),
        logs: z.object({ deepLink: z.string().optional() }).optional(),
      }),
    )
    .length(1),
});

/**
 * Tells CloudFormation how a build ended; a build that nobody waits for (started by hand) is left alone. Of the event only
 * the build's id and status are used.
 */
export async function finishImage(
  codebuild: JsonService,
  { detail }: z.output<typeof buildEnded>,
): Promise<void> {
  const id = detail['build-id'];
  const { builds: found } = await codebuild.call('BatchGetBuilds', { ids: [id] }, builds);
  const { environment, logs } = found[0]!;
  const variables = new Map(
    environment.environmentVariables.map(({ name, value }) => [name, value]),
  );
  const waiting = variables.get(buildVariables.waiting);
  if (waiting === undefined) return;
  const succeeded = detail['build-status'] === 'SUCCEEDED';
  await answer(
    waitingResource.parse(JSON.parse(waiting)),
    variables.get(buildVariables.image) ?? id,
    succeeded,
    succeeded
      ? `${id} succeeded.`
      : `The image build ended as ${detail['build-status']}; its log: ${logs?.deepLink ?? id}`,
  );
}

/** @throws UnavailableError when the answer did not get through; the event is delivered again */
async function answer(
  to: WaitingResource,
  physicalResourceId: string,
  succeeded: boolean,
  reason: string,
): Promise<void> {
  const body = JSON.stringify({
    Status: succeeded ? 'SUCCESS' : 'FAILED',
    Reason: reason.slice(0, reasonLength),
    PhysicalResourceId: physicalResourceId,
    StackId: to.StackId,
    RequestId: to.RequestId,
    LogicalResourceId: to.LogicalResourceId,
  });
  // The URL is signed for a request without a content type.
  const response = await fetch(to.ResponseURL, {
    method: 'PUT',
    body,
    headers: { 'content-type': '' },
    signal: AbortSignal.timeout(20_000),
  });
  if (!response.ok) {
    throw new UnavailableError(`CloudFormation’s answer box answered ${response.status}.`);
  }
}
