import { describe, expect, it } from 'vitest';
import { parseConfig } from '#lib/contracts/config.ts';
import { parsePrices } from '#lib/cost/prices.ts';
import {
  checkBaseModel,
  checkInstanceTypes,
  checkMemory,
  checkNames,
  checkTimesAndCost,
} from '#lib/preflight/checks.ts';
import { PreflightError, stopAtBlockers } from '#lib/preflight/findings.ts';
import prices from '../../../config/prices.json' with { type: 'json' };
import throughput from '../../../config/throughput.json' with { type: 'json' };

const models = [
  {
    name: 'sasrec-snqn-lea-with-a-long-name',
    backbone: 'sasrec',
    objective: 'snqn',
    lea: {},
  },
];
const config = (changes: object = {}) => parseConfig({ training: { models }, ...changes }, 'test');
const tables = parsePrices(prices, throughput);
const whole = ['config.json', 'model.safetensors', 'tokenizer.json'];
const files = (names: readonly string[], bytes = 1) => new Map(names.map((name) => [name, bytes]));

describe('Function: checkNames', () => {
  it('finds the longest names within SageMaker’s 63 characters', () => {
    expect(checkNames(config(), 'lea-production')).toMatchObject({
      level: 'ok',
      message: expect.stringMatching(/ of 63 characters$/),
    });
  });

  it('says that a deployment’s name leaves no room', () => {
    const finding = checkNames(config(), `lea-${'x'.repeat(60)}`);
    expect(finding.level).toBe('blocker');
    expect(finding.message).toContain('63');
  });
});

describe('Function: checkInstanceTypes', () => {
  const neither = { environment: false, trainer: false };

  it('finds the defaults fit for the images', () => {
    expect(checkInstanceTypes(config(), neither)).toMatchObject({ level: 'ok' });
  });

  it('stops before a machine is started on which an image does not run, and says what to do', () => {
    const types = {
      environmentInstanceTypes: ['ml.p3.2xlarge'],
      trainerInstanceTypes: ['ml.c7g.xlarge'],
    };
    const finding = checkInstanceTypes(config({ operations: types }), neither);
    expect(finding).toMatchObject({ level: 'blocker', check: 'Instance types' });
    expect(finding.message).toMatch(
      /ml\.p3\.2xlarge.*Name other types.*ml\.c7g\.xlarge.*trainerImageUri/,
    );
  });
});

describe('Function: checkMemory', () => {
  it.each([
    [3008, 'ok'],
    [4096, 'warning'],
  ])('%i MB: %s', (buildSequencesMegabytes, level) => {
    expect(checkMemory(config({ operations: { buildSequencesMegabytes } })).level).toBe(level);
  });
});

describe('Function: checkBaseModel', () => {
  const place = 's3://bucket/base-models/smollm2-135m-instruct/';

  it('is content with a whole folder', () => {
    expect(checkBaseModel(config(), files(whole), place).level).toBe('ok');
    expect(
      checkBaseModel(
        config(),
        files(['config.json', 'model-00001-of-00002.safetensors', 'vocab.json']),
        place,
      ).level,
    ).toBe('ok');
  });

  it.each([
    ['nothing', [], /config\.json, weights.*, a tokenizer/],
    [
      'no weights',
      ['config.json', 'tokenizer.json', 'pytorch_model.bin'],
      /lacks weights \(\*\.safetensors\)/,
    ],
    ['no tokenizer', ['config.json', 'model.safetensors'], /lacks a tokenizer/],
  ])('says what a folder with %s lacks, and how to bring it', (_, names, said) => {
    const finding = checkBaseModel(config(), files(names), place);
    expect(finding.level).toBe('blocker');
    expect(finding.message).toMatch(said);
    expect(finding.message).toContain(`aws s3 sync FOLDER ${place}`);
  });

  it('counts an empty file as missing', () => {
    expect(checkBaseModel(config(), files(whole, 0), place).level).toBe('blocker');
  });

  it('wants none where nothing uses an environment', () => {
    const plain = {
      training: { models: [{ name: 'a', backbone: 'sasrec', objective: 'supervised' }] },
    };
    expect(checkBaseModel(config(plain), files([]), place).level).toBe('ok');
  });

  it('says why it could not look', () => {
    expect(checkBaseModel(config(), { unread: 'give --bucket' }, place)).toMatchObject({
      level: 'skipped',
      message: 'give --bucket',
    });
  });
});

describe('Function: checkTimesAndCost', () => {
  it('compares the time of each step with its limit', () => {
    const findings = checkTimesAndCost(
      config(),
      { interactions: 1_000_000, items: 20_000 },
      tables,
    );
    expect(findings.map(({ level }) => level)).toStrictEqual(findings.map(() => 'ok'));
    expect(findings.length).toBeGreaterThan(3);
  });

  it('finds the step that would be stopped, and what helps', () => {
    const findings = checkTimesAndCost(
      config(),
      { interactions: 10_000_000, items: 50_000 },
      tables,
    );
    const late = findings.find(({ level }) => level === 'blocker')!;
    expect(late.check).toContain('Training');
    expect(late.message).toMatch(/would be stopped\. Raise operations\.maximumRunHours/);
  });

  it('finds a run that may cost more than it is allowed', () => {
    const capped = config({ operations: { maxUsdPerRun: 0.5 } });
    expect(
      checkTimesAndCost(capped, { interactions: 1_000_000, items: 20_000 }, tables).at(-1),
    ).toMatchObject({ level: 'blocker', check: 'Cost' });
  });

  it.each([
    [undefined, {}, /--interactions and --items/],
    [
      { interactions: 1000, items: 10 },
      { environment: { baseModel: 'mine' } },
      /lea cost --parameters/,
    ],
  ])('says what it needs to know', (counts, changes, said) => {
    expect(checkTimesAndCost(config(changes), counts, tables)).toStrictEqual([
      { level: 'skipped', check: 'Times', message: expect.stringMatching(said) },
    ]);
  });

  it('finds an instance type without a price', () => {
    const unknown = config({ operations: { environmentInstanceTypes: ['ml.g99.xlarge'] } });
    expect(checkTimesAndCost(unknown, { interactions: 1000, items: 10 }, tables)[0]).toMatchObject({
      level: 'blocker',
      message: expect.stringContaining('ml.g99.xlarge'),
    });
  });
});

describe('Function: stopAtBlockers', () => {
  it('stops with every blocker at once, and with nothing else', () => {
    const finding = (level: 'ok' | 'warning' | 'blocker' | 'skipped', check: string) => ({
      level,
      check,
      message: `do something about ${check}`,
    });
    expect(() =>
      stopAtBlockers([finding('ok', 'a'), finding('warning', 'b'), finding('skipped', 'c')]),
    ).not.toThrow();
    const act = () =>
      stopAtBlockers([finding('blocker', 'a'), finding('ok', 'b'), finding('blocker', 'c')]);
    expect(act).toThrow(PreflightError);
    expect(act).toThrow(/a: do something about a\nc: do something about c$/);
  });
});
