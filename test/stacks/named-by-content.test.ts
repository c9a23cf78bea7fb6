import { describe, expect, it } from 'vitest';
import { ExpressionEvaluator } from '#local/state-machine/expression.ts';
import { createOnce, nameByContent } from '#stacks/retraining/named-by-content.ts';
import type { NightlyDefinitionProps } from '#stacks/retraining/states.ts';

const evaluator = new ExpressionEvaluator(Math.random);
/** The longest name that a deployment may have. */
const props = {
  deployment: 'lea-abcdefghijklmnopqrst',
  partition: 'aws',
} as NightlyDefinitionProps;
const content = { Image: 'a"b\\c:1', S3Uri: '{% "s3://data/" & $version & "/" %}' };

const nameOf = (what: object, version: string) =>
  evaluator.evaluate(nameByContent(props, what, ['$version']), { version }, 'name');

describe('Function: nameByContent', () => {
  it('gives what is made of the same the same name, which SageMaker takes', async () => {
    const first = await nameOf(content, 'v1');
    const second = await nameOf({ ...content }, 'v1');
    expect(second).toBe(first);
    expect(first).toMatch(/^lea-abcdefghijklmnopqrst--environment-[0-9a-f]{16}$/);
    expect(String(first).length).toBeLessThanOrEqual(63);
  });

  it.each([
    ['another image', { ...content, Image: 'a"b\\c:2' }, 'v1'],
    ['one property more', { ...content, VpcConfig: {} }, 'v1'],
    ['another value of a variable', content, 'v2'],
  ])('gives %s another name', async (_, other, version) => {
    expect(await nameOf(other, version)).not.toBe(await nameOf(content, 'v1'));
  });
});

describe('Function: createOnce', () => {
  const request = { ModelName: 'm' };
  const states = createOnce(props, 'Create', { action: 'createModel', request, next: 'Next' });

  it('asks again for minutes when it is throttled, but not when it is refused', () => {
    const { Retry } = states.Create as { Retry: { ErrorEquals: string[]; MaxAttempts: number }[] };
    const attempts = (error: string) =>
      Retry.find(({ ErrorEquals }) => ErrorEquals.includes(error))!.MaxAttempts;
    expect(attempts('SageMaker.SageMakerException')).toBe(2);
    expect(attempts('SageMaker.ThrottlingException')).toBeGreaterThan(2);
  });
});
