import { describe, expect, it } from 'vitest';
import { accountOf, expectReady, preflight } from '#functions/begin-run/preflight.ts';
import { parseConfig } from '#lib/contracts/config.ts';
import { readAccount } from '#platform/account.ts';
import type { JsonService } from '#platform/json-service.ts';
import type { Objects } from '#platform/objects.ts';

const config = parseConfig(
  { training: { models: [{ name: 'a', backbone: 'sasrec', objective: 'snqn', lea: {} }] } },
  'test',
);

/** A bucket with a base model's folder. */
const objects = (names: readonly string[]) =>
  ({
    bucket: 'data',
    async *list(prefix: string) {
      for (const name of names) yield { key: `${prefix}${name}`, bytes: 1 };
    },
  }) as unknown as Objects;
const whole = objects(['config.json', 'model.safetensors', 'tokenizer.json']);

type Page = { Quotas: { QuotaName: string; Value: number }[]; NextToken?: string };

/** Service Quotas: pages of each list, by operation and service. */
const service = (pages: Record<string, Page[]>, asked: string[] = []): JsonService => ({
  async call(operation, input, answer) {
    const { ServiceCode, NextToken } = input as { ServiceCode: string; NextToken?: string };
    asked.push(`${operation} ${ServiceCode} ${NextToken ?? ''}`.trim());
    const found = pages[`${operation} ${ServiceCode}`]?.[Number(NextToken ?? 0)];
    if (found === undefined) throw new Error('access denied\nand more');
    return answer.parse(found);
  },
});
const quota = (QuotaName: string, Value: number) => ({ QuotaName, Value });

const newAccount = {
  'ListAWSDefaultServiceQuotas sagemaker': [
    {
      Quotas: [
        quota('ml.g5.xlarge for endpoint usage', 0),
        quota('ml.t3.medium for notebook instance usage', 20),
      ],
      NextToken: '1',
    },
    {
      Quotas: [
        quota('ml.g5.xlarge for spot training job usage', 0),
        quota('ml.c6i.2xlarge for spot training job usage', 0),
      ],
    },
  ],
  'ListServiceQuotas sagemaker': [
    {
      Quotas: [
        quota('ml.g5.xlarge for spot training job usage', 1),
        quota('ml.c6i.2xlarge for spot training job usage', 4),
      ],
    },
  ],
  'ListAWSDefaultServiceQuotas lambda': [{ Quotas: [quota('Concurrent executions', 1000)] }],
  'ListServiceQuotas lambda': [{ Quotas: [quota('Concurrent executions', 10)] }],
};

describe('Function: readAccount', () => {
  it('reads all pages of both lists; what was granted counts more than what is usual', async () => {
    // Arrange
    const asked: string[] = [];
    // Act
    const found = await readAccount(service(newAccount, asked), {
      sagemaker: (name) => name.startsWith('ml.g5'),
    });
    // Assess
    expect(found.sagemaker).toStrictEqual(
      new Map([
        ['ml.g5.xlarge for endpoint usage', 0],
        ['ml.g5.xlarge for spot training job usage', 1],
      ]),
    );
    expect(asked).toStrictEqual([
      'ListAWSDefaultServiceQuotas sagemaker',
      'ListAWSDefaultServiceQuotas sagemaker 1',
      'ListServiceQuotas sagemaker',
    ]);
  });

  it('says of a service that cannot be read what it takes, and reads the others', async () => {
    const { 'ListServiceQuotas sagemaker': _, ...others } = newAccount;
    const found = await readAccount(service(others), { sagemaker: () => true, lambda: () => true });
    expect(found).toStrictEqual({
      sagemaker: {
        unread: expect.stringMatching(/access denied \(it takes servicequotas:ListServiceQuotas/),
      },
      lambda: new Map([['Concurrent executions', 10]]),
    });
  });
});

describe('Function: preflight of a night', () => {
  const level = async (store: Objects, quotas?: JsonService, milliseconds = 5000) => {
    const account = quotas && { quotas, milliseconds };
    const findings = await preflight(store, config, 'lea-dev', account);
    return Object.fromEntries(findings.map((finding) => [finding.check, finding.level]));
  };

  it('finds what a new account lacks', async () => {
    expect(await level(whole, service(newAccount))).toStrictEqual({
      'Names in SageMaker': 'ok',
      'Base model': 'ok',
      'Fitting the environment': 'ok',
      'Asking the environment': 'blocker',
      'Training recommenders': 'ok',
      Lambda: 'warning',
    });
  });

  it('finds a base model that nobody has uploaded, without any account', async () => {
    expect(await level(objects([]))).toStrictEqual({
      'Names in SageMaker': 'ok',
      'Base model': 'blocker',
    });
  });

  it('is stopped by nothing that it cannot look at', async () => {
    expect(await level(whole, service({}))).toMatchObject({
      SageMaker: 'skipped',
      Lambda: 'skipped',
    });
    const silent: JsonService = { call: () => new Promise(() => undefined) };
    expect(await level(whole, silent, 10)).toMatchObject({
      SageMaker: 'skipped',
      Lambda: 'skipped',
    });
  });
});

describe('Function: expectReady', () => {
  it('stops a night before anything is paid for', async () => {
    const account = { quotas: service(newAccount), milliseconds: 5000 };
    const act = expectReady(whole, config, 'lea-dev', account);
    await expect(act).rejects.toThrow(
      /nothing was started\.\nAsking the environment: .*Ask for at least 1/,
    );
    await expect(act).rejects.toMatchObject({ code: 'PreflightError', retryable: false });
  });
});

describe('Function: accountOf', () => {
  it('asks AWS for quotas, and no other cloud unless it says that it has some', () => {
    expect(accountOf({})).toBeDefined();
    expect(accountOf({ AWS_ENDPOINT_URL: 'http://127.0.0.1:1' })).toBeUndefined();
    expect(
      accountOf({
        AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
        AWS_ENDPOINT_URL_SERVICEQUOTAS: 'http://127.0.0.1:2',
      }),
    ).toBeDefined();
  });
});
