import { UntraceableError } from './errors.ts';
import type { AttributeValue } from './graph-definition.ts';
import type { NativeBackend, OperationAttribute } from './native-backend.ts';

/** A node's attributes; those that the eager interface infers from the inputs are added. */
export function nodeAttributes(
  operation: string,
  attributes: readonly OperationAttribute[],
  inputTypes: readonly number[],
  backend: NativeBackend,
): Record<string, AttributeValue> {
  const result: Record<string, AttributeValue> = {};
  for (const attribute of attributes) result[attribute.name] = attributeValue(attribute, backend);
  // The one operation of tfjs-node whose kernel leaves out an attribute without a default.
  if (operation === 'ExpandDims') result.T ??= { kind: 'type', value: inputTypes[0]! };
  return result;
}

function attributeValue(
  { name, type, value }: OperationAttribute,
  { binding }: NativeBackend,
): AttributeValue {
  if (type === binding.TF_ATTR_SHAPE) return { kind: 'shape', value: value as number[] };
  if (Array.isArray(value)) {
    if (type === binding.TF_ATTR_BOOL) return { kind: 'booleans', value: value as boolean[] };
    if (type === binding.TF_ATTR_INT) return { kind: 'integers', value: value as number[] };
    if (type === binding.TF_ATTR_FLOAT) return { kind: 'floats', value: value as number[] };
  } else {
    if (type === binding.TF_ATTR_STRING) return { kind: 'string', value: String(value) };
    if (type === binding.TF_ATTR_BOOL) return { kind: 'boolean', value: Boolean(value) };
    if (type === binding.TF_ATTR_INT) return { kind: 'integer', value: Number(value) };
    if (type === binding.TF_ATTR_FLOAT) return { kind: 'float', value: Number(value) };
    if (type === binding.TF_ATTR_TYPE) return { kind: 'type', value: Number(value) };
  }
  throw new UntraceableError(`Attribute ${name} of kind ${type} cannot be recorded.`);
}
