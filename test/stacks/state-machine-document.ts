import type { PipelineConfig } from '#lib/contracts/config.ts';
import { nightlyDefinition } from '#stacks/retraining/definition.ts';
import type { NightlyFunction } from '#stacks/retraining/states.ts';

/** A state, as far as a picture shows it. */
interface DrawnState {
  readonly Type: string;
  readonly Resource?: string;
  readonly Arguments?: { readonly FunctionName?: string };
  readonly Choices?: readonly { readonly Condition: string; readonly Next: string }[];
  readonly Default?: string;
  readonly Next?: string;
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string }[];
  readonly ItemProcessor?: DrawnMachine & { readonly ProcessorConfig: { readonly Mode: string } };
  readonly Branches?: readonly DrawnMachine[];
}

interface DrawnMachine {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, DrawnState>>;
}

/** Where every failure leads that is not caught otherwise. */
const failureDoor = 'StopEnvironment?';

/** Stands for the functions' ARNs: the names of their folders. */
const functionNames = new Proxy({} as Record<NightlyFunction, string>, {
  get: (_, name) => String(name).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
});

/**
 * The definition that a configuration deploys, with words in place of what only a deployment knows, and of the
 * configuration where it is handed on as a whole: the keys that decide something here are where they decide it.
 */
export function documentedDefinition(config: PipelineConfig): DrawnMachine {
  const definition = nightlyDefinition({
    config,
    bucket: '<data-bucket>',
    functionArns: functionNames,
    environmentImage: '<environment-image>',
    trainerImage: '<trainer-image>',
    environmentRoleArn: '<environment-role>',
    trainerRoleArn: '<trainer-role>',
    topicArn: '<topic>',
    deployment: 'lea-dev',
    partition: 'aws',
    tags: { deployment: 'lea-dev' },
  });
  const environment = JSON.stringify(config.environment);
  const inWords = (value: unknown) => {
    if (value === config) return '<configuration>';
    return value === environment ? '<configuration: environment>' : value;
  };
  return JSON.parse(JSON.stringify(definition, (_, value) => inWords(value)));
}

/** What a state does, in a few words. */
function doing({ Type, Resource, Arguments, ItemProcessor }: DrawnState): string {
  const service = Resource?.split(':states:::')[1];
  if (service === 'lambda:invoke') return `Lambda ${Arguments!.FunctionName}`;
  if (service !== undefined) return service.replace('aws-sdk:', '');
  if (ItemProcessor !== undefined) {
    return ItemProcessor.ProcessorConfig.Mode === 'DISTRIBUTED' ? 'Distributed Map' : 'Map';
  }
  return Type;
}

/** What runs within a state: once for every item, or side by side. */
const insideOf = ({ ItemProcessor, Branches = [] }: DrawnState): readonly DrawnMachine[] =>
  ItemProcessor === undefined ? Branches : [ItemProcessor];

const id = (name: string) => name.replace(/\W/g, '_');
const quoted = (text: string) => `"${text.replaceAll('"', "'")}"`;
const expression = (text: string) => text.replace(/^\{% | %\}$/g, '');

function node(name: string, state: DrawnState): string {
  const text = ['Choice', 'Succeed', 'Fail'].includes(state.Type)
    ? quoted(name)
    : quoted(`${name}<br/><small>${doing(state)}</small>`);
  if (state.Type === 'Choice') return `${id(name)}{{${text}}}`;
  if (state.Type === 'Succeed' || state.Type === 'Fail') return `${id(name)}([${text}])`;
  return `${id(name)}[${text}]`;
}

function edges(name: string, state: DrawnState): string[] {
  const { Choices = [], Default, Next, Catch = [] } = state;
  const from = id(name);
  return [
    ...(Next === undefined ? [] : [`${from} --> ${id(Next)}`]),
    ...Choices.map(
      (choice) => `${from} -->|${quoted(expression(choice.Condition))}| ${id(choice.Next)}`,
    ),
    ...(Default === undefined ? [] : [`${from} -->|otherwise| ${id(Default)}`]),
    ...Catch.filter((one) => one.Next !== failureDoor).map(
      ({ ErrorEquals, Next: to }) =>
        `${from} -.->|${ErrorEquals[0] === 'States.ALL' ? 'fails' : quoted(ErrorEquals.join(', '))}| ${id(to)}`,
    ),
  ];
}

function draw({ States }: DrawnMachine, indent: string): string[] {
  return Object.entries(States).flatMap(([name, state]) => {
    const lines = [
      ...(insideOf(state).length === 0
        ? [node(name, state)]
        : [
            `subgraph ${id(name)} [${quoted(`${name} (${doing(state)})`)}]`,
            ...insideOf(state).flatMap((inside) => draw(inside, '  ')),
            'end',
          ]),
      ...edges(name, state),
    ];
    return lines.map((line) => `${indent}${line}`);
  });
}

function rows({ States }: DrawnMachine, within = ''): string[] {
  return Object.entries(States).flatMap(([name, state]) => {
    const { Choices = [], Default, Next, Catch = [] } = state;
    const after = [...Choices.map((choice) => choice.Next), Default, Next].filter(
      (one) => one !== undefined,
    );
    const onFailure = [...new Set(Catch.map((one) => one.Next))];
    const cells = [`\`${within}${name}\``, doing(state), after.join(', '), onFailure.join(', ')];
    const inside = insideOf(state).flatMap((machine) => rows(machine, `${name} / `));
    return [`| ${cells.join(' | ')} |`, ...inside];
  });
}

/** The page with the state machine's picture and its states. */
export function stateMachinePage(machine: DrawnMachine): string {
  return `# The nightly state machine

Drawn from [stacks/retraining/definition.ts](../stacks/retraining/definition.ts) by \`npm run draw\`, which writes
[state-machine.json](state-machine.json) too: the definition that [config/pipeline.json](../config/pipeline.json) deploys, with
words in \`<>\` for what only a deployment knows. A test fails when either is not what the code says.

A state that fails for good leads to \`${failureDoor}\`, unless a dotted arrow says otherwise: the endpoint is stopped, the lock
released, and somebody told, whatever went wrong.

\`\`\`mermaid
flowchart TD
  start((start)) --> ${id(machine.StartAt)}
${draw(machine, '  ').join('\n')}
  failure((any failure)) -.-> ${id(failureDoor)}
\`\`\`

| state | what it is | then | when it fails |
|---|---|---|---|
${rows(machine).join('\n')}
`;
}
