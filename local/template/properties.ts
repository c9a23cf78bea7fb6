import * as z from 'zod';
import { TemplateError } from '../errors.ts';
import type { Resource } from './templates.ts';

/** Where a resource stands, for messages: `<stack>.<logical id>`. */
export const placeOf = ({ stack, logicalId }: Pick<Resource, 'stack' | 'logicalId'>): string =>
  `${stack}.${logicalId}`;

/**
 * The properties of a resource, as far as they matter here.
 *
 * @throws TemplateError that names the resource and what in it is not supported
 */
export function propertiesOf<Schema extends z.ZodType>(
  resource: Resource,
  schema: Schema,
): z.infer<Schema> {
  const result = schema.safeParse(resource.properties);
  if (result.success) return result.data;
  throw new TemplateError(z.prettifyError(result.error), placeOf(resource));
}
