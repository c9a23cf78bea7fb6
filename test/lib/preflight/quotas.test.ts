import { describe, expect, it } from 'vitest';
import { parseConfig } from '#lib/contracts/config.ts';
import { type AccountQuotas, checkBuilds, checkQuotas, quotaNames } from '#lib/preflight/quotas.ts';

const lea = { name: 'a', backbone: 'sasrec', objective: 'snqn', lea: {} };
const plain = { name: 'b', backbone: 'sasrec', objective: 'supervised' };
const config = (operations: object = {}, models: object[] = [lea, plain]) =>
  parseConfig({ training: { models }, operations }, 'test');

/** An account that may do all that the defaults want. */
const sagemaker = (changes: Record<string, number | undefined> = {}) => {
  const all = {
    'ml.g5.xlarge for endpoint usage': 1,
    'ml.g5.2xlarge for endpoint usage': 0,
    'ml.g5.xlarge for spot training job usage': 1,
    'ml.g5.2xlarge for spot training job usage': 0,
    'ml.c6i.2xlarge for spot training job usage': 2,
    'ml.c5.2xlarge for spot training job usage': 0,
    ...changes,
  };
  return new Map(
    Object.entries(all).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    ),
  );
};
const account = (
  changes: Record<string, number | undefined> = {},
  executions = 1000,
): AccountQuotas => ({
  sagemaker: sagemaker(changes),
  lambda: new Map([['Concurrent executions', executions]]),
});
const levels = (findings: ReturnType<typeof checkQuotas>) => findings.map(({ level }) => level);

describe('Function: checkQuotas', () => {
  it('is content with what the defaults want', () => {
    expect(levels(checkQuotas(config(), account()))).toStrictEqual(['ok', 'ok', 'ok', 'ok']);
  });

  it('says which quota of a new account to raise, by its name, to what', () => {
    // Arrange: as a new account is
    const none = Object.fromEntries([...sagemaker().keys()].map((name) => [name, 0]));
    // Act
    const findings = checkQuotas(config(), account(none));
    // Assess
    expect(levels(findings)).toStrictEqual(['blocker', 'blocker', 'blocker', 'ok']);
    expect(findings[1]!.message).toContain(
      'Ask for at least 1 in Service Quotas, Amazon SageMaker, "ml.g5.xlarge for endpoint usage"',
    );
    expect(findings[2]!.message).toContain(
      'at least 2 in Service Quotas, Amazon SageMaker, "ml.c6i.2xlarge for spot training job usage"',
    );
  });

  it('takes the second instance type where the first has no quota', () => {
    const second = account({
      'ml.g5.xlarge for endpoint usage': 0,
      'ml.g5.2xlarge for endpoint usage': 1,
    });
    expect(levels(checkQuotas(config(), second))).toStrictEqual(['ok', 'ok', 'ok', 'ok']);
  });

  it('asks for on-demand quotas where no spot instances are used', () => {
    const [fit] = checkQuotas(config({ useSpotTraining: false }), account());
    expect(fit).toMatchObject({
      level: 'blocker',
      message: expect.stringContaining('"ml.g5.xlarge for training job usage" is not offered here'),
    });
  });

  it('says that a region offers none of the types', () => {
    const elsewhere = account({
      'ml.g5.xlarge for endpoint usage': undefined,
      'ml.g5.2xlarge for endpoint usage': undefined,
    });
    const asking = checkQuotas(config(), elsewhere)[1]!;
    expect(asking.level).toBe('blocker');
    expect(asking.message).toMatch(/offers none of the instance types.*deploy in another region/);
  });

  it('warns of jobs that wait for each other', () => {
    const one = account({ 'ml.c6i.2xlarge for spot training job usage': 1 });
    expect(checkQuotas(config(), one)[2]).toMatchObject({
      level: 'warning',
      message: expect.stringContaining('2 jobs are to run at the same time'),
    });
    expect(checkQuotas(config({ trainingConcurrency: 1 }), one)[2]!.level).toBe('ok');
  });

  it('warns of an endpoint that may want more instances than there are', () => {
    const one = account({
      'ml.g5.xlarge for endpoint usage': 1,
      'ml.g5.2xlarge for endpoint usage': 1,
    });
    expect(checkQuotas(config({ environmentInstances: 3 }), one)[1]).toMatchObject({
      level: 'warning',
      message: expect.stringMatching(
        /a night may take 3 instances, and would find none\. Ask for at least 3 in Service Quotas.*or lower operations\.environmentInstances/,
      ),
    });
    expect(checkQuotas(config(), one)[1]!.level).toBe('ok');
  });

  it('counts the functions that ask each of the instances', () => {
    const asking = { environmentInstances: 100, augmentationConcurrency: 10 };
    expect(checkQuotas(config(asking), account({}, 1000)).at(-1)).toMatchObject({
      check: 'Lambda',
      level: 'warning',
    });
  });

  it('wants an instance for item vectors where a model has texts', () => {
    const findings = checkQuotas(config({}, [{ ...plain, text: {} }]), account());
    expect(findings.map(({ check }) => check)).toStrictEqual([
      'Item vectors',
      'Training recommenders',
      'Lambda',
    ]);
  });

  it('wants no GPU for models without an environment', () => {
    const findings = checkQuotas(config({}, [plain]), account());
    expect(findings.map(({ check }) => check)).toStrictEqual(['Training recommenders', 'Lambda']);
  });

  it.each([
    [10, {}, 'warning'],
    [1000, {}, 'ok'],
    [100, { serving: { provisionedConcurrency: 2 } }, 'blocker'],
    [1000, { serving: { provisionedConcurrency: 2 } }, 'ok'],
  ])('of %i concurrent functions with %j: %s', (executions, operations, level) => {
    expect(checkQuotas(config(operations), account({}, executions)).at(-1)).toMatchObject({
      check: 'Lambda',
      level,
    });
  });

  it('says what it could not look at, and why', () => {
    const findings = checkQuotas(config(), { sagemaker: { unread: 'access denied' } });
    expect(findings).toStrictEqual([
      { level: 'skipped', check: 'SageMaker', message: 'access denied' },
      { level: 'skipped', check: 'Lambda', message: 'nobody asked' },
    ]);
  });
});

describe('Function: checkBuilds', () => {
  const name = 'Concurrently running builds for Linux/Large environment';

  it.each([
    [1, 'ok'],
    [0, 'blocker'],
  ])('a quota of %i is %s', (builds, level) => {
    expect(checkBuilds({ codebuild: new Map([[name, builds]]) }).level).toBe(level);
  });

  it('says what to ask for', () => {
    expect(checkBuilds({ codebuild: new Map() }).message).toContain(
      `Ask for at least 1 in Service Quotas, AWS CodeBuild, "${name}"`,
    );
  });
});

describe('quotaNames', () => {
  it('has what the checks look at, and no other of thousands', () => {
    expect(quotaNames.sagemaker('ml.g5.xlarge for spot training job usage')).toBe(true);
    expect(quotaNames.sagemaker('ml.g5.xlarge for notebook instance usage')).toBe(false);
    expect(quotaNames.sagemaker('ml.g5.xlarge for training warm pool usage')).toBe(false);
  });
});
