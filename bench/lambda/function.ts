import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ObjectStore } from '#local/object-store/server.ts';
import { root } from '../../setup/paths.mjs';

/** Path of a function's bundle. */
export function bundleOf(name: string): string {
  return join(root, '.cache/bundles', name, 'handler.mjs');
}

/**
 * Everything that any of the functions reads when it is imported.
 *
 * @param optRoot where Lambda's layers are
 */
export function environmentOf(
  { endpoint, region, credentials }: Pick<ObjectStore, 'endpoint' | 'region' | 'credentials'>,
  optRoot: string,
): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    POWERTOOLS_SERVICE_NAME: 'bench',
    POWERTOOLS_METRICS_NAMESPACE: 'bench',
    BUCKET: 'data',
    OPT_ROOT: optRoot,
    PIPELINE_CONFIG: readFileSync(join(root, 'config/pipeline.json'), 'utf8'),
    PARSE_QUEUE_URL: `${endpoint}/000000000000/parse`,
    BATCH_QUEUE_URL: `${endpoint}/000000000000/batch`,
    COUNT: '20',
    RUN_DAYS: '30',
    CHAMPIONS: '5',
    EVENT_BUS: 'bench',
    DEPLOYMENT: 'bench',
    TIME_ZONE: 'UTC',
    EXECUTION_ARN: 'arn:aws:states:eu-west-1:000000000000:execution:bench',
  };
}
