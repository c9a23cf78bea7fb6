import { instrument } from '#functions/shared/handler.ts';
import { createJsonService } from '#platform/json-service.ts';
import { event } from './events.ts';
import { finishImage, startImage } from './image.ts';

const codebuild = createJsonService('codebuild');

/** Starts an image build for CloudFormation; when the build has ended, tells CloudFormation so. */
export const handler = instrument(event, async (request, { logger }) => {
  if ('RequestType' in request) {
    logger.info('image wanted', { request: request.RequestType, ...request.ResourceProperties });
    await startImage(codebuild, request);
  } else {
    logger.info('build ended', { status: request.detail['build-status'] });
    await finishImage(codebuild, request);
  }
});
