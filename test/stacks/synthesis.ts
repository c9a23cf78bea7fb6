import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { type Application, createApplication } from '#stacks/application.ts';
import type { Bundles } from '#stacks/bundles.ts';
import { readDeployment } from '#stacks/deployment.ts';
import { temporaryFolder } from '../temporary/folders.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export const cdkJson = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')) as {
  readonly app: string;
  readonly context: Readonly<Record<string, unknown>>;
};

/** The smallest configuration, with some keys set. */
export function config(operations: object = {}): string {
  const text = readFileSync(join(root, 'config/pipeline.json'), 'utf8');
  return JSON.stringify({ ...JSON.parse(text), operations });
}

const folder = temporaryFolder('lea-bundle');
writeFileSync(join(folder, 'handler.mjs'), 'export const handler = undefined;\n');

/** Templates do not depend on what is in the bundles. */
const bundles: Bundles = () => Code.fromAsset(folder);

export interface Synthesis {
  readonly app: App;
  readonly stacks: Application;
  template(part: keyof Application): Template;
}

/** Builds the app as `bin/app.ts` does, in this process. */
export function synthesise(
  options: { context?: Record<string, unknown>; operations?: object; validate?: boolean } = {},
): Synthesis {
  const app = new App({
    context: {
      ...cdkJson.context,
      // One test has CDK check the templates against CloudFormation's schemas; that takes seconds.
      '@aws-cdk/core:validateAgainstDefaultRules': options.validate ?? false,
      // Nothing here looks into assets, so they need not be copied.
      'aws:cdk:disable-asset-staging': true,
      ...options.context,
    },
    outdir: temporaryFolder('lea-synthesis'),
  });
  const deployment = readDeployment(app, config(options.operations), 'pipeline.json', bundles);
  const stacks = createApplication(app, deployment);
  return { app, stacks, template: (part) => Template.fromStack(stacks[part] as Stack) };
}
