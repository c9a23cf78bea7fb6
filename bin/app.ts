import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ConfigError, PipelineError } from '#lib/contracts/errors.ts';
import { createApplication } from '#stacks/application.ts';
import { bundleFunctions } from '#stacks/bundles.ts';
import { readDeployment } from '#stacks/deployment.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

try {
  // The CLI's context comes on top; without the CLI (`CDK_OUTDIR=cdk.out node bin/node.mjs bin/app.ts`) this is all there is.
  const { context } = JSON.parse(readFileSync(resolve(root, 'cdk.json'), 'utf8'));
  const app = new App({ context });
  const configPath = app.node.tryGetContext('config') ?? 'config/pipeline.json';
  const configText = readConfig(resolve(root, configPath));
  createApplication(app, readDeployment(app, configText, configPath, bundleFunctions(root)));
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
} catch (error) {
  // What a person can put right needs no stack trace.
  if (!(error instanceof PipelineError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

function readConfig(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigError(`The configuration cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
}
