import type { State, StateMachineDefinition, StatesBlock } from './definition-schema.ts';
import { GET_OBJECT, LIST_OBJECTS } from './item-reader.ts';
import { inStandardPartition } from './resources.ts';
import { PUT_OBJECT } from './result-writer.ts';

/** Everything wrong that takes more than one field to see: transitions, names, resources, the kind of Map state. */
export function structureProblems(
  definition: StateMachineDefinition,
  resources: ReadonlySet<string>,
): string[] {
  const problems: string[] = [];
  const names = new Map<string, string>();
  const language = definition.QueryLanguage;
  checkBlock(definition, '');
  return problems;

  function checkBlock(block: StatesBlock, prefix: string): void {
    const reached = new Set<string>();
    const target = (name: string | undefined, path: string) => {
      if (name === undefined) return;
      reached.add(name);
      if (!Object.hasOwn(block.States, name)) {
        problems.push(`${path}: there is no state ${JSON.stringify(name)} beside it`);
      }
    };
    target(block.StartAt, `${prefix}StartAt`);
    for (const [name, state] of Object.entries(block.States)) {
      const path = `${prefix}States.${name}`;
      const twin = names.get(name);
      if (twin !== undefined) problems.push(`${path}: the name is taken by ${twin}`);
      names.set(name, path);
      if (language === undefined && state.QueryLanguage === undefined) {
        problems.push(
          `${path}.QueryLanguage: only JSONata is supported; set "QueryLanguage": "JSONata" at the top`,
        );
      }
      problems.push(...endProblems(state, path));
      checkTransitions(state, path, target);
      checkState(state, path);
    }
    for (const name of Object.keys(block.States)) {
      if (!reached.has(name)) problems.push(`${prefix}States.${name}: no state leads to it`);
    }
  }

  function checkState(state: State, path: string): void {
    if (state.Type === 'Task') {
      if (!resources.has(inStandardPartition(state.Resource))) {
        problems.push(
          `${path}.Resource: ${state.Resource} is not known; known are ${[...resources].join(', ') || 'none'}`,
        );
      }
    } else if (state.Type === 'Parallel') {
      for (const [index, branch] of state.Branches.entries()) {
        checkBlock(branch, `${path}.Branches[${index}].`);
      }
    } else if (state.Type === 'Map') {
      problems.push(...mapProblems(state, path));
      checkBlock(state.ItemProcessor, `${path}.ItemProcessor.`);
    }
  }
}

function endProblems(state: State, path: string): string[] {
  if (state.Type === 'Choice' || state.Type === 'Succeed' || state.Type === 'Fail') return [];
  return (state.Next === undefined) === (state.End === undefined)
    ? [`${path}: exactly one of Next and "End": true is needed`]
    : [];
}

function checkTransitions(
  state: State,
  path: string,
  target: (name: string | undefined, path: string) => void,
): void {
  if ('Next' in state) target(state.Next, `${path}.Next`);
  if ('Default' in state) target(state.Default, `${path}.Default`);
  if (state.Type === 'Choice') {
    for (const [index, rule] of state.Choices.entries()) {
      target(rule.Next, `${path}.Choices[${index}].Next`);
    }
  }
  if ('Catch' in state) {
    for (const [index, catcher] of (state.Catch ?? []).entries()) {
      target(catcher.Next, `${path}.Catch[${index}].Next`);
    }
  }
}

/** Fields that only a distributed Map state may have. */
const DISTRIBUTED_ONLY = [
  'ItemReader',
  'ItemBatcher',
  'ResultWriter',
  'ToleratedFailureCount',
  'ToleratedFailurePercentage',
  'Label',
] as const;

function mapProblems(state: State & { Type: 'Map' }, path: string): string[] {
  const problems: string[] = [];
  const processor = state.ItemProcessor.ProcessorConfig;
  if (processor?.Mode !== 'DISTRIBUTED') {
    for (const field of DISTRIBUTED_ONLY) {
      if (state[field] !== undefined) {
        problems.push(`${path}.${field}: only a Map state of mode DISTRIBUTED may have it`);
      }
    }
  }
  if (processor?.Mode === 'DISTRIBUTED' && processor.ExecutionType === 'EXPRESS') {
    problems.push(...waitingTasks(state.ItemProcessor, `${path}.ItemProcessor.`));
  }
  const { ItemReader: reader, ResultWriter: writer } = state;
  if (reader !== undefined) {
    if (state.Items !== undefined)
      problems.push(`${path}: Items and ItemReader exclude each other`);
    problems.push(...readerProblems(reader, `${path}.ItemReader`));
  }
  if (writer?.Resource !== undefined && inStandardPartition(writer.Resource) !== PUT_OBJECT) {
    problems.push(
      `${path}.ResultWriter.Resource: ${writer.Resource} is not known; use ${PUT_OBJECT}`,
    );
  }
  return problems;
}

/** Tasks that wait for a job, which Express child executions cannot. */
function waitingTasks(block: StatesBlock, prefix: string): string[] {
  return Object.entries(block.States).flatMap(([name, state]) => {
    const path = `${prefix}States.${name}`;
    if (state.Type === 'Task' && /\.(sync|waitForTaskToken)\b/.test(state.Resource)) {
      return [`${path}.Resource: ${state.Resource} needs ExecutionType STANDARD, not EXPRESS`];
    }
    if (state.Type === 'Parallel') {
      return state.Branches.flatMap((branch, index) =>
        waitingTasks(branch, `${path}.Branches[${index}].`),
      );
    }
    if (state.Type === 'Map') return waitingTasks(state.ItemProcessor, `${path}.ItemProcessor.`);
    return [];
  });
}

function readerProblems(
  reader: NonNullable<(State & { Type: 'Map' })['ItemReader']>,
  path: string,
): string[] {
  const config = reader.ReaderConfig ?? {};
  const resource = inStandardPartition(reader.Resource);
  const only = (field: keyof typeof config, needed: boolean, where: string) =>
    config[field] !== undefined && !needed
      ? [`${path}.ReaderConfig.${field}: it belongs to ${where}`]
      : [];
  if (resource === LIST_OBJECTS) {
    return (
      ['InputType', 'CSVHeaderLocation', 'CSVHeaders', 'CSVDelimiter', 'ItemsPointer'] as const
    ).flatMap((field) => only(field, false, 's3:getObject'));
  }
  if (resource !== GET_OBJECT) {
    return [
      `${path}.Resource: ${reader.Resource} is not known; use ${LIST_OBJECTS} or ${GET_OBJECT}`,
    ];
  }
  const isCsv = config.InputType === 'CSV';
  const given = config.CSVHeaderLocation === 'GIVEN';
  return [
    ...(config.InputType === undefined
      ? [`${path}.ReaderConfig.InputType: s3:getObject needs CSV, JSON or JSONL`]
      : []),
    ...(isCsv && config.CSVHeaderLocation === undefined
      ? [`${path}.ReaderConfig.CSVHeaderLocation: CSV needs FIRST_ROW or GIVEN`]
      : []),
    ...(given && config.CSVHeaders === undefined
      ? [`${path}.ReaderConfig.CSVHeaders: CSVHeaderLocation GIVEN needs them`]
      : []),
    ...only('CSVHeaderLocation', isCsv, 'InputType CSV'),
    ...only('CSVHeaders', given, 'CSVHeaderLocation GIVEN'),
    ...only('CSVDelimiter', isCsv, 'InputType CSV'),
    ...only('ItemsPointer', config.InputType === 'JSON', 'InputType JSON'),
  ];
}
