import jsonata, { type ExprNode } from 'jsonata';
import type { State, StateMachineDefinition, StatesBlock } from './definition-schema.ts';
import { expressionSource } from './expression.ts';
import type { Json } from './payload.ts';

/** Functions of JSONata 2.0.6 without `$eval`, and those that Step Functions adds. */
const FUNCTIONS = new Set(
  (
    'abs append assert average base64decode base64encode boolean ceil clone contains count ' +
    'decodeUrl decodeUrlComponent distinct each encodeUrl encodeUrlComponent error exists filter floor ' +
    'formatBase formatInteger formatNumber fromMillis join keys length lookup lowercase map match max merge ' +
    'millis min not now number pad parseInteger power random reduce replace reverse round shuffle sift ' +
    'single sort split spread sqrt string substring substringAfter substringBefore sum toMillis trim type ' +
    'uppercase zip hash parse partition range uuid'
  ).split(' '),
);

const VARIABLE_NAME = /^[\p{ID_Start}_][\p{ID_Continue}]{0,79}$/u;

type StatesField = 'input' | 'context' | 'result' | 'errorOutput';

/** A template of a state, and what of `$states` exists when it is evaluated. */
interface Template {
  readonly path: string;
  readonly value: Json | undefined;
  readonly fields: readonly StatesField[];
}

/** The variables of one scope: by name, the path of an assignment. */
interface Scope {
  readonly assigned: ReadonlyMap<string, string>;
  readonly outer?: Scope;
  /** Set for children of a distributed Map state: what the parent has and they do not see. */
  readonly hidden?: Scope;
}

/**
 * Problems of the JSONata expressions and variables of a definition: syntax, functions and variables that do not
 * exist, parts of `$states` that do not exist in that place, names that clash with an outer scope.
 * https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
 */
export function expressionProblems(definition: StateMachineDefinition): string[] {
  return blockProblems(definition, '');
}

function blockProblems(
  block: StatesBlock,
  prefix: string,
  around: Pick<Scope, 'outer' | 'hidden'> = {},
): string[] {
  const states = Object.entries(block.States).map(
    ([name, state]) => [`${prefix}States.${name}`, state] as const,
  );
  const scope: Scope = {
    assigned: new Map(
      states.flatMap(([path, state]) =>
        assignments(state, path).flatMap(({ path: assignPath, value }) =>
          Object.keys(value).map((name) => [name, `${assignPath}.${name}`] as const),
        ),
      ),
    ),
    ...around,
  };
  return [
    ...nameProblems(scope),
    ...states.flatMap(([path, state]) => [
      ...templates(state, path).flatMap((template) => templateProblems(template, scope)),
      ...innerProblems(state, path, scope),
    ]),
  ];
}

function innerProblems(state: State, path: string, scope: Scope): string[] {
  if (state.Type === 'Parallel') {
    return state.Branches.flatMap((branch, index) =>
      blockProblems(branch, `${path}.Branches[${index}].`, { outer: scope }),
    );
  }
  if (state.Type !== 'Map') return [];
  const isDistributed = state.ItemProcessor.ProcessorConfig?.Mode === 'DISTRIBUTED';
  return blockProblems(
    state.ItemProcessor,
    `${path}.ItemProcessor.`,
    isDistributed ? { hidden: scope } : { outer: scope },
  );
}

function nameProblems(scope: Scope): string[] {
  const problems: string[] = [];
  for (const [name, path] of scope.assigned) {
    if (name === 'states') problems.push(`${path}: the name $states is reserved`);
    else if (!VARIABLE_NAME.test(name)) {
      problems.push(`${path}: a variable's name is an identifier of at most 80 characters`);
    }
    const outer = assignedIn(scope.outer, name);
    if (outer !== undefined) {
      problems.push(
        `${path}: $${name} is a variable of an outer scope (${outer}); choose another name`,
      );
    }
  }
  return problems;
}

function assignedIn(scope: Scope | undefined, name: string): string | undefined {
  return scope && (scope.assigned.get(name) ?? assignedIn(scope.outer, name));
}

function assignments(
  state: State,
  path: string,
): { readonly path: string; readonly value: Record<string, Json> }[] {
  return templates(state, path).flatMap((template) =>
    template.path.endsWith('.Assign') && template.value !== undefined
      ? [{ path: template.path, value: template.value as Record<string, Json> }]
      : [],
  );
}

/** Every field of a state that may hold expressions. */
function templates(state: State, path: string): Template[] {
  const before: StatesField[] = ['input', 'context'];
  const after: StatesField[] = hasResult(state) ? [...before, 'result'] : before;
  const list: Template[] = [];
  const add = (at: string, value: unknown, fields: readonly StatesField[] = before) =>
    list.push({ path: `${path}.${at}`, value: value as Json | undefined, fields });
  if ('Output' in state) add('Output', state.Output, after);
  if ('Assign' in state) add('Assign', state.Assign, after);
  if ('Arguments' in state) add('Arguments', state.Arguments);
  if ('Catch' in state) {
    for (const [index, catcher] of (state.Catch ?? []).entries()) {
      add(`Catch[${index}].Output`, catcher.Output, [...before, 'errorOutput']);
      add(`Catch[${index}].Assign`, catcher.Assign, [...before, 'errorOutput']);
    }
  }
  switch (state.Type) {
    case 'Task':
      add('TimeoutSeconds', state.TimeoutSeconds);
      break;
    case 'Choice':
      for (const [index, rule] of state.Choices.entries()) {
        add(`Choices[${index}].Condition`, rule.Condition);
        add(`Choices[${index}].Output`, rule.Output);
        add(`Choices[${index}].Assign`, rule.Assign);
      }
      break;
    case 'Wait':
      add('Seconds', state.Seconds);
      add('Timestamp', state.Timestamp);
      break;
    case 'Fail':
      add('Error', state.Error);
      add('Cause', state.Cause);
      break;
    case 'Map':
      add('Items', state.Items);
      add('ItemReader.Arguments', state.ItemReader?.Arguments);
      add('ItemReader.ReaderConfig.MaxItems', state.ItemReader?.ReaderConfig?.MaxItems);
      add('ItemSelector', state.ItemSelector);
      add('ItemBatcher.MaxItemsPerBatch', state.ItemBatcher?.MaxItemsPerBatch);
      add('ItemBatcher.MaxInputBytesPerBatch', state.ItemBatcher?.MaxInputBytesPerBatch);
      add('ItemBatcher.BatchInput', state.ItemBatcher?.BatchInput);
      add('ResultWriter.Arguments', state.ResultWriter?.Arguments);
      add('MaxConcurrency', state.MaxConcurrency);
      add('ToleratedFailureCount', state.ToleratedFailureCount);
      add('ToleratedFailurePercentage', state.ToleratedFailurePercentage);
      break;
  }
  return list;
}

function hasResult(state: State): boolean {
  return state.Type === 'Task' || state.Type === 'Map' || state.Type === 'Parallel';
}

function templateProblems({ path, value, fields }: Template, scope: Scope): string[] {
  if (typeof value === 'string') return textProblems(value, path, fields, scope);
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    templateProblems(
      { path: Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`, value: inner, fields },
      scope,
    ),
  );
}

function textProblems(
  text: string,
  path: string,
  fields: readonly StatesField[],
  scope: Scope,
): string[] {
  const source = expressionSource(text);
  if (source === undefined) {
    const trimmed = text.trim();
    return trimmed.startsWith('{%') || trimmed.endsWith('%}')
      ? [`${path}: an expression must begin with "{%" and end with "%}", without spaces around`]
      : [];
  }
  let root: ExprNode;
  try {
    root = jsonata(source).ast();
  } catch (error) {
    const { message, position } = error as { message: string; position?: number };
    return [`${path}: the JSONata is wrong at character ${position ?? '?'}: ${message}`];
  }
  const names = namesIn(root);
  return [
    ...[...names.statesFields]
      .filter((field) => !(fields as readonly string[]).includes(field))
      .map((field) => `${path}: $states.${field} does not exist here; ${fields.join(', ')} do`),
    ...[...names.free]
      .filter((name) => name !== 'states' && !FUNCTIONS.has(name))
      .flatMap((name) => variableProblem(name, path, scope)),
  ];
}

function variableProblem(name: string, path: string, scope: Scope): string[] {
  if (name === 'eval') return [`${path}: Step Functions has no $eval; use $parse for JSON text`];
  for (let it: Scope | undefined = scope; it !== undefined; it = it.outer) {
    if (it.assigned.has(name)) return [];
    const hidden = assignedIn(it.hidden, name);
    if (hidden !== undefined) {
      return [
        `${path}: children of a distributed Map state do not see $${name} (${hidden}); ` +
          'pass it with ItemSelector or BatchInput',
      ];
    }
  }
  return [`${path}: there is no function $${name} and no state assigns a variable of that name`];
}

/** The variables that an expression takes from outside, and the fields of `$states` that it names. */
function namesIn(root: ExprNode): { free: Set<string>; statesFields: Set<string> } {
  const used = new Set<string>();
  const bound = new Set<string>();
  const statesFields = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item);
      return;
    }
    if (value === null || typeof value !== 'object') return;
    const node = value as Record<string, unknown> & { value?: unknown };
    if (node.type === 'variable') used.add(String(node.value));
    if (node.type === 'bind') bound.add(String((node.lhs as ExprNode).value));
    if (node.type === 'lambda') {
      for (const argument of node.arguments as ExprNode[]) bound.add(String(argument.value));
    }
    // `items@$item` and `items#$index`.
    if (typeof node.focus === 'string') bound.add(node.focus);
    if (typeof node.index === 'string') bound.add(node.index);
    if (node.type === 'index') bound.add(String(node.value));
    if (node.type === 'path') {
      const [first, second] = node.steps as ExprNode[];
      if (first?.type === 'variable' && first.value === 'states' && second?.type === 'name') {
        statesFields.add(String(second.value));
      }
    }
    for (const inner of Object.values(node)) visit(inner);
  };
  visit(root);
  // The empty name is `$`, and "$" is `$$`: the context, not variables.
  const free = [...used].filter((name) => name !== '' && name !== '$' && !bound.has(name));
  return { free: new Set(free), statesFields };
}
