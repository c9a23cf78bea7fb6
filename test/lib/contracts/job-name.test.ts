import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modelConfig } from '#lib/contracts/config/training.ts';
import { ConfigError } from '#lib/contracts/errors.ts';
import {
  attemptResources,
  runResources,
  sharedPrefix,
  trainingJobName,
} from '#lib/contracts/job-name.ts';

/** SageMaker's rule for names of training jobs. */
const allowed = /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/;

/** What the context's schema and that of runs allow, the longest among them. */
const environments = fc.oneof(
  fc.stringMatching(/^[a-z](-?[a-z0-9]){0,9}$/),
  fc.constant('a-team-of-20-letters'),
);
const runs = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9](-?[A-Za-z0-9]){0,11}$/),
  fc.constantFrom('a-run-of-24-characters-x', 'a-run-of-24-characters-y'),
);

describe('Function: attemptResources', () => {
  it('names what an attempt creates after the deployment, the run and the attempt', () => {
    expect(attemptResources('lea-dev', '2026-11-23', 1)).toBe('lea-dev--2026-11-23-1');
  });

  it('begins like what no other deployment and no other run of it creates', () => {
    fc.assert(
      fc.property(environments, environments, runs, runs, (one, other, run, another) => {
        fc.pre(one !== other);
        const name = attemptResources(`lea-${one}`, run, 1);
        expect(name.startsWith(runResources(`lea-${other}`, another))).toBe(false);
        if (run.length === another.length && run !== another) {
          expect(name.startsWith(runResources(`lea-${one}`, another))).toBe(false);
        }
      }),
    );
  });
});

describe('Function: trainingJobName', () => {
  it('leaves a name that fits as it is', () => {
    expect(trainingJobName('lea-dev-2026-11-23-1', 'sasrec-snqn-lea')).toBe(
      'lea-dev-2026-11-23-1-sasrec-snqn-lea',
    );
  });

  it('cuts a name that does not, so that two of one beginning stay two', () => {
    // Arrange: the longest deployment, run and model that the schemas allow.
    const resource = 'lea-production1-a-run-of-24-characters-x-12';
    const models = ['a-model-whose-name-has-32-chars-1', 'a-model-whose-name-has-32-chars-2'];
    // Act
    const names = models.map((model) => trainingJobName(resource, model));
    // Assess
    expect(`${resource}-${models[0]}-0`.length).toBeGreaterThan(63);
    expect(new Set(names).size).toBe(2);
    for (const name of names) {
      expect(`${name}-0`).toMatch(allowed);
      expect(name).toContain(`${resource}-a-mod`);
    }
    expect(models.map((model) => trainingJobName(resource, model))).toStrictEqual(names);
  });

  it('is a name that SageMaker takes for every deployment, run, attempt and model', () => {
    fc.assert(
      fc.property(
        environments,
        runs,
        fc.integer({ min: 1, max: 999 }),
        fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,31}$/),
        fc.integer({ min: 0, max: 9 }),
        (environment, run, attempt, model, instance) => {
          fc.pre(modelConfig.shape.name.safeParse(model).success);
          const resource = attemptResources(`lea-${environment}`, run, attempt);
          expect(`${trainingJobName(resource, model)}-${instance}`).toMatch(allowed);
          expect(`${resource}-${instance}-environment`).toMatch(allowed);
          expect(`${resource}-environment-${instance}`).toMatch(allowed);
          expect(`${sharedPrefix(`lea-${environment}`)}0123456789abcdef`).toMatch(allowed);
        },
      ),
    );
  });

  it('refuses what leaves no room for any name', () => {
    expect(() => trainingJobName('x'.repeat(53), 'a-model')).toThrow(ConfigError);
    expect(() => trainingJobName('x'.repeat(53), 'a-model')).toThrow(/Give the run a shorter name/);
  });
});
