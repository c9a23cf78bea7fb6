import { afterAll, describe, expect, it } from 'vitest';
import { everyOption, switches, valueAt } from './options.ts';
import { synthesise } from './synthesis.ts';
import { difference, refusals, type Templates, templatesOf } from './updates.ts';

interface Settings {
  readonly context?: Record<string, unknown>;
  readonly operations?: Record<string, unknown>;
}

const image = (name: string) => `123456789012.dkr.ecr.eu-west-1.amazonaws.com/${name}:1`;
const context = {
  environmentImageUri: image('lea-environment'),
  trainerImageUri: image('lea-trainer'),
};

/** Every setting that adds or removes parts of the stacks: off, on. */
const toggles: Readonly<Record<string, readonly [off: Settings, on: Settings]>> = {
  schedule: [{ operations: { schedule: null } }, {}],
  batchCount: [{ operations: { serving: { batchCount: 0 } } }, {}],
  customerManagedKey: [{}, { operations: { customerManagedKey: true } }],
  'one image': [{}, { context: { trainerImageUri: context.trainerImageUri } }],
  'both images': [{}, { context }],
  vpc: [
    {},
    {
      operations: {
        vpc: {
          subnetIds: ['subnet-0123456789abcdef0'],
          securityGroupIds: ['sg-0123456789abcdef0'],
        },
      },
    },
  ],
  door: [{}, { operations: { serving: { door: 'api-gateway' } } }],
  impressions: [{}, { operations: { serving: { impressions: {} } } }],
  variants: [
    {},
    {
      operations: {
        serving: { variants: { experiment: 'a', share: 0.1, challenger: { run: 'b' } } },
      },
    },
  ],
  provisionedConcurrency: [{}, { operations: { serving: { provisionedConcurrency: 1 } } }],
  notificationEmails: [{}, { operations: { notificationEmails: ['team@example.com'] } }],
  monthlyBudgetUsd: [{}, { operations: { monthlyBudgetUsd: 25 } }],
  alarms: [
    { operations: { alarms: { newDataHours: null, nightsWithoutPromotion: null } } },
    { operations: { alarms: { newDataHours: 6, nightsWithoutPromotion: 3, batchHours: 2 } } },
  ],
  retention: [{}, { operations: { retention: { logDays: 7, runDays: 3, quarantineDays: 5 } } }],
  inbox: [{}, { operations: { inbox: everyOption.inbox } }],
  isDisposable: [{}, { operations: { isDisposable: true } }],
  everything: [
    { operations: { schedule: null, serving: { batchCount: 0 } } },
    { context, operations: everyOption },
  ],
};

const report: string[] = [];
afterAll(() => console.log(`What each setting changes:\n\n${report.join('\n')}`));

describe('An update of a deployment', () => {
  it.each(Object.entries(toggles))('is taken with %s off, on and off again', (name, [off, on]) => {
    // Arrange
    const [without, having] = [off, on].map((settings) => templatesOf(synthesise(settings))) as [
      Templates,
      Templates,
    ];
    const steps = [
      [`${name}: off -> on`, without, having],
      [`${name}: on -> off`, having, without],
    ] as const;
    // Act
    const refused = steps.flatMap(([step, before, after]) => {
      report.push(step, ...difference(before, after).map((line) => `  ${line}`));
      return refusals(before, after);
    });
    // Assess
    expect(refused).toStrictEqual([]);
    expect(difference(without, having)).not.toStrictEqual([]);
  });

  it('goes through the stacks in one order, whatever they need of each other', () => {
    // Arrange
    const { app, stacks } = synthesise(toggles.batchCount![0]);
    // Act
    const needs = app
      .synth()
      .stacks.map(({ stackName, dependencies }) => [
        stackName.replace('lea-dev-', ''),
        dependencies.flatMap(({ id }) =>
          id.startsWith('lea-') ? [id.replace('lea-dev-', '')] : [],
        ),
      ]);
    // Assess
    const order = Object.keys(stacks);
    expect(needs.map(([name]) => name)).toStrictEqual(order);
    for (const [index, [, earlier]] of needs.slice(1).entries()) {
      expect(earlier).toContain(order[index]);
    }
  });

  it('would be refused if it took away what another stack has imported', () => {
    // Arrange
    const before = templatesOf(synthesise());
    const after = new Map(before);
    const data = structuredClone(before.get('data')!);
    const [name] = Object.keys(data.Outputs!).filter((id) => id.startsWith('ExportsOutputRefData'));
    delete (data.Outputs as Record<string, unknown>)[name!];
    after.set('data', data);
    // Act
    const refused = refusals(before, after);
    // Assess
    expect(refused).toStrictEqual([
      expect.stringMatching(/^data removes lea-dev-data:ExportsOutput.* still imports$/),
    ]);
  });

  it('would be refused if it gave a name to something new before the old has gone', () => {
    // Arrange
    const before = templatesOf(synthesise());
    const after = new Map(before);
    const { Resources, ...rest } = structuredClone(before.get('monitoring')!);
    const [first, ...others] = Object.entries(Resources);
    const [id, alarm] = first!;
    after.set('monitoring', {
      ...rest,
      Resources: Object.fromEntries([[`${id}2`, alarm], ...others]),
    });
    // Act
    const refused = refusals(before, after);
    // Assess
    expect(refused).toStrictEqual([expect.stringMatching(/^monitoring makes .* while .* has it$/)]);
  });

  it.each(switches().map((path) => [path.join('.'), path] as const))(
    'knows `operations.%s`, off and on',
    (_, path) => {
      // Arrange
      const values = Object.values(toggles).map((settings) =>
        settings.map(({ operations = {} }) => valueAt(operations, path)),
      );
      const words = new Set(values.flat().map((value) => JSON.stringify(value)));
      // Assess
      expect(words.size).toBeGreaterThan(1);
      const on = valueAt(everyOption, path);
      expect([null, false, 0]).not.toContain(on);
      expect(on).not.toStrictEqual([]);
    },
  );

  it('finds switches wherever they are', () => {
    const found = switches().map((path) => path.join('.'));
    for (const path of [
      'schedule',
      'serving.door',
      'serving.impressions',
      'inbox.operators',
      'alarms.newDataHours',
    ]) {
      expect(found).toContain(path);
    }
    const door = ['serving', 'door'];
    expect(valueAt(everyOption, door)).not.toBe(valueAt({}, door));
  });
});
