import type * as z from 'zod';
import { type OperationsConfig, operationsConfig } from '#lib/contracts/config/operations.ts';

/** Everything of `operations` that adds something to the stacks; `toggles.test.ts` sees to it that nothing is missing. */
export const everyOption = {
  customerManagedKey: true,
  isDisposable: true,
  monthlyBudgetUsd: 100,
  notificationEmails: ['team@example.com'],
  vpc: {
    subnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
    securityGroupIds: ['sg-0123456789abcdef0'],
  },
  inbox: {
    operators: ['arn:aws:iam::111122223333:role/administrators'],
    sources: [
      { name: 'shop', accounts: ['222233334444'], externalId: 'lea' },
      { name: 'models', catalog: false, baseModels: true },
    ],
  },
  serving: {
    door: 'api-gateway',
    provisionedConcurrency: 1,
    impressions: {},
    variants: { experiment: 'autumn', share: 0.1, challenger: { run: '2026-11-20' } },
  },
};

/** Switches of which no part of a stack depends: a field of a request, a number beside others. */
const ofNoPart = ['useSpotTraining', 'toleratedFailurePercentage', 'alarms.quarantinedShare'];

type Path = readonly string[];

/** The settings of `operations` that can be off: null, false, 0 or empty; or one of several words. */
export function switches(schema: z.ZodType = operationsConfig, path: Path = []): Path[] {
  const { def } = schema as unknown as {
    readonly def: {
      readonly type: string;
      readonly innerType?: z.ZodType;
      readonly shape?: Readonly<Record<string, z.ZodType>>;
    };
  };
  const takes = (value: unknown) => schema.safeParse(value).success;
  const isSwitch =
    path.length > 0 &&
    (takes(null) || takes(false) || takes(0) || takes([]) || def.type === 'enum');
  if (isSwitch) return ofNoPart.includes(path.join('.')) ? [] : [path];
  if (def.innerType !== undefined) return switches(def.innerType, path);
  return Object.entries(def.shape ?? {}).flatMap(([name, inner]) =>
    switches(inner, [...path, name]),
  );
}

/** What a configuration says of a setting. */
export const valueAt = (operations: object, path: Path): unknown =>
  path.reduce<unknown>(
    (value, name) => (value as Readonly<Record<string, unknown>>)[name],
    operationsConfig.parse(operations) satisfies OperationsConfig,
  );
