import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modelConfig } from '#lib/contracts/config/training.ts';
import { ConfigError } from '#lib/contracts/errors.ts';
import { trainingJobName } from '#lib/contracts/job-name.ts';

/** SageMaker's rule for names of training jobs. */
const allowed = /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/;

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
        fc.stringMatching(/^[a-z][a-z0-9]{0,11}$/),
        fc.stringMatching(/^[A-Za-z0-9](-?[A-Za-z0-9]){0,11}$/),
        fc.integer({ min: 1, max: 999 }),
        fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,31}$/),
        fc.integer({ min: 0, max: 10 }),
        (environment, run, attempt, model, instance) => {
          fc.pre(modelConfig.shape.name.safeParse(model).success);
          const name = trainingJobName(`lea-${environment}-${run}-${attempt}`, model);
          expect(`${name}-${instance}`).toMatch(allowed);
        },
      ),
    );
  });

  it('refuses what leaves no room for any name', () => {
    expect(() => trainingJobName('x'.repeat(53), 'a-model')).toThrow(ConfigError);
    expect(() => trainingJobName('x'.repeat(53), 'a-model')).toThrow(/Give the run a shorter name/);
  });
});
