import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSimulation } from '#cli/experiments/simulator/config.ts';
import { sequencesOf, writeLogs } from '#cli/experiments/simulator/logs.ts';
import { makeWorld } from '#cli/experiments/simulator/world.ts';
import { root } from '../../../../setup/paths.mjs';

const folder = join(root, 'examples/simulator');

describe('Simulations in examples/', () => {
  it.each(readdirSync(folder))('%s has logs that a recommender can be trained on', (name) => {
    const plan = readSimulation(join(folder, name));

    for (const { settings } of plan.worlds) {
      // A fifth of the users is enough to see it, and that many leave some.
      const users = Math.max(150, plan.logging.users / 5);
      const logs = writeLogs(makeWorld(settings, plan.firstSeed), { ...plan.logging, users });
      const { manifest } = sequencesOf(logs, plan.sequences);
      expect(manifest.trainTransitions).toBeGreaterThan(200);
      expect(manifest.testCases).toBeGreaterThan(40);
    }
  });
});
