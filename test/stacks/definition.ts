import type { Template } from 'aws-cdk-lib/assertions';
import { toText } from './iam.ts';

/** A state, as far as these tests look into it. */
export interface State {
  readonly Type: string;
  readonly Resource?: string;
  readonly Arguments?: Record<string, never>;
  readonly Assign?: Record<string, unknown>;
  readonly ItemProcessor?: {
    readonly States: Record<string, State>;
    readonly ProcessorConfig: { readonly Mode: string };
  };
  readonly Branches?: readonly { readonly States: Record<string, State> }[];
  readonly ItemReader?: { readonly Resource: string };
  readonly ResultWriter?: { readonly Resource: string };
  readonly Retry?: readonly { readonly ErrorEquals: string[]; readonly JitterStrategy?: string }[];
  readonly Catch?: readonly { readonly ErrorEquals: string[]; readonly Next: string }[];
}

/** The definition that a template deploys, references as text. */
export function definitionOf(template: Template): { States: Record<string, State> } {
  const [machine] = Object.values(template.findResources('AWS::StepFunctions::StateMachine'));
  return JSON.parse(toText(machine!.Properties.DefinitionString));
}

/** All states, also those inside of maps and branches. */
export function allStates(states: Readonly<Record<string, State>>): [name: string, State][] {
  return Object.entries(states).flatMap(([name, state]): [string, State][] => [
    [name, state],
    ...(state.ItemProcessor === undefined ? [] : allStates(state.ItemProcessor.States)),
    ...(state.Branches ?? []).flatMap(({ States }) => allStates(States)),
  ]);
}
