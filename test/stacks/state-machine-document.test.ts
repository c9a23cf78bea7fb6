import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pipelineConfig } from '#lib/contracts/config.ts';
import { documentedDefinition, stateMachinePage } from './state-machine-document.ts';

const root = join(import.meta.dirname, '../..');
const config = pipelineConfig.parse(
  JSON.parse(readFileSync(join(root, 'config/pipeline.json'), 'utf8')),
);
const definition = documentedDefinition(config);

// `npm run draw` runs these two with --update.
describe('What docs/ says of the nightly state machine', () => {
  it('is the definition that is deployed', async () => {
    await expect(`${JSON.stringify(definition, null, 2)}\n`).toMatchFileSnapshot(
      join(root, 'docs/state-machine.json'),
      'docs/state-machine.json is not what stacks/retraining defines: run `npm run draw` and look at what changed',
    );
  });

  it('is drawn, state by state', async () => {
    await expect(stateMachinePage(definition)).toMatchFileSnapshot(
      join(root, 'docs/state-machine.md'),
      'docs/state-machine.md is not what stacks/retraining defines: run `npm run draw` and look at what changed',
    );
  });
});
