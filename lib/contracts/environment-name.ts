import * as z from 'zod';

/** `dev`, `prod`, ...: what tells the deployments of an account apart, part of every name. */
export const environmentName = z
  .string()
  .max(20, 'at most 20 characters')
  .regex(
    /^[a-z](-?[a-z0-9])*$/,
    'lower-case letters, digits and single dashes between them, beginning with a letter',
  );
