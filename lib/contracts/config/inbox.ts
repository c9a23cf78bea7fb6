import * as z from 'zod';

const GIBIBYTE = 1024 ** 3;

/** Somebody who uploads: below `logs/<name>/`, and with `catalog` below `catalog/<name>/`. */
const inboxSource = z.strictObject({
  name: z
    .string()
    .max(32)
    .regex(/^[a-z](-?[a-z0-9])*$/, 'lower-case letters, digits and single dashes between them'),
  /** AWS accounts that may assume the source's role; the deployment's own where there are none. */
  accounts: z.array(z.string().regex(/^\d{12}$/, 'twelve digits')).default([]),
  /** What they have to say as external id; `null` asks for none. */
  externalId: z.string().min(2).max(1224).nullable().default(null),
  catalog: z.boolean().default(true),
  /** May write base models, which all sources share. */
  baseModels: z.boolean().default(false),
  /** Bytes, as uploaded, that are read of a source on a day (UTC); what is beyond is refused with a report. */
  maximumBytesPerDay: z
    .int()
    .min(1)
    .default(50 * GIBIBYTE),
});

export type InboxSource = z.infer<typeof inboxSource>;

/** The output of the data stack that has the ARN of a source's role; CloudFormation's names have no dashes. */
export const outputOf = (source: string): string => `UploaderRoleArn${source.replaceAll('-', '')}`;

/** Who may write to the data bucket besides the pipeline. */
export const inboxConfig = z.strictObject({
  /** A role and a quota for each of those who upload. */
  sources: z
    .array(inboxSource)
    .max(20)
    .refine(
      (sources) => new Set(sources.map(({ name }) => outputOf(name))).size === sources.length,
      'two sources have one name, or names that differ in their dashes alone',
    )
    .default([]),
  /**
   * ARNs of roles and users, `*` allowed, that may write beside the inbox, as an administrator who rolls back by hand;
   * the deployment's operator role may without.
   */
  operators: z
    .array(
      z
        .string()
        .regex(
          /^arn:aws[a-z-]*:iam::\d{12}:(root|role\/.+|user\/.+)$/,
          'the ARN of a role or user',
        ),
    )
    .default([]),
});
