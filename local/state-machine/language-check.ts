import validate from 'asl-validator';
import type { StateMachineDefinition } from './definition-schema.ts';
import { expressionSource } from './expression.ts';
import type { Json } from './payload.ts';

/** Problems that asl-validator finds in a definition. */
export function languageProblems(definition: StateMachineDefinition): string[] {
  // ARNs are checked against the resources that exist, which knows more partitions than the validator.
  const result = validate(withoutValidatorLimits(definition as unknown as Json), {
    checkPaths: true,
    checkArn: false,
  });
  return result.errors.map((error) => `asl-validator: ${error['Error code']}: ${error.Message}`);
}

/** Fields whose value is data, in which field names mean nothing to the language. */
const TEMPLATE_FIELDS = new Set([
  'Arguments',
  'Assign',
  'BatchInput',
  'Items',
  'ItemSelector',
  'Output',
]);

/** Names that asl-validator looks for at any depth, data included. */
const STRUCTURAL_NAMES = new Set([
  'Branches',
  'Default',
  'Iterator',
  'Next',
  'Parameters',
  'ResultSelector',
  'StartAt',
  'States',
]);

/** Fields whose value is a state's name. */
const STATE_REFERENCES = new Set(['Default', 'Next', 'StartAt']);

function withoutStructuralName(name: string): string {
  return STRUCTURAL_NAMES.has(name) ? `${name}_` : name;
}

/**
 * A copy of the definition, which the validator changes as it works, with what it rejects and Step Functions
 * accepts put differently: expressions of several lines, empty strings, `Output` that is neither an object nor an
 * expression, a literal `Condition`, shares of a percent, and a `ResultWriter` that only formats.
 */
function withoutValidatorLimits(value: Json, field = ''): Json {
  if (TEMPLATE_FIELDS.has(field)) return simplifiedTemplate(value, field);
  if (Array.isArray(value)) return value.map((item) => withoutValidatorLimits(item));
  if (value !== null && typeof value === 'object') {
    const copy = Object.fromEntries(
      Object.entries(value).map(([key, inner]) =>
        // A state's name may be that of a field.
        field === 'States'
          ? [withoutStructuralName(key), withoutValidatorLimits(inner)]
          : [key, withoutValidatorLimits(inner, key)],
      ),
    );
    return field === 'ResultWriter' ? { Resource: 'none', ...copy } : copy;
  }
  if (typeof value === 'string' && STATE_REFERENCES.has(field)) return withoutStructuralName(value);
  if (field === 'Condition' && typeof value === 'boolean') return `{% ${value} %}`;
  if (field === 'ToleratedFailurePercentage' && typeof value === 'number') return Math.round(value);
  return typeof value === 'string' ? simplifiedText(value) : value;
}

function simplifiedTemplate(value: Json, field: string): Json {
  const isExpression = typeof value === 'string' && expressionSource(value) !== undefined;
  const isObject = value !== null && typeof value === 'object' && !Array.isArray(value);
  if (field === 'Items') return isExpression ? simplifiedText(value) : [];
  return isExpression || isObject ? simplifiedData(value) : {};
}

function simplifiedData(value: Json): Json {
  if (Array.isArray(value)) return value.map(simplifiedData);
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        withoutStructuralName(key),
        simplifiedData(inner),
      ]),
    );
  }
  return typeof value === 'string' ? simplifiedText(value) : value;
}

function simplifiedText(text: string): string {
  const source = expressionSource(text);
  if (source !== undefined) return `{% ${source.replace(/\s+/g, ' ')} %}`;
  return text === '' || text.includes('\n') ? 'text' : text;
}
