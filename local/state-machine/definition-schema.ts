import * as z from 'zod';
import { expressionSource } from './expression.ts';
import type { Json } from './payload.ts';

/** A string `{% ... %}`. */
const expression = z.string().refine((text) => expressionSource(text) !== undefined, {
  error: 'expected a JSONata expression, "{% ... %}"',
});

/** Any JSON; the strings in it may be expressions. */
const template = z.json() as z.ZodType<Json>;
const templateObject = z.record(z.string(), template);
const argumentsTemplate = z.union([expression, templateObject], {
  error: 'expected an object or a JSONata expression',
});

const wholeNumber = (least: number) =>
  z.union([z.int().min(least), expression], {
    error: `expected a whole number of at least ${least}, or a JSONata expression`,
  });

const comment = z.string().optional();
const queryLanguage = z
  .literal('JSONata', { error: 'only the query language JSONata is supported' })
  .optional();

const errorEquals = z
  .array(z.string())
  .min(1)
  .refine((names) => !names.includes('States.ALL') || names.length === 1, {
    error: 'States.ALL must stand alone',
  });

const retrier = z
  .strictObject({
    ErrorEquals: errorEquals,
    IntervalSeconds: z.int().min(1).max(99_999_999).optional(),
    MaxAttempts: z.int().min(0).max(99_999_999).optional(),
    BackoffRate: z.number().min(1).optional(),
    MaxDelaySeconds: z.int().min(1).max(31_622_400).optional(),
    JitterStrategy: z.enum(['FULL', 'NONE']).optional(),
    Comment: comment,
  })
  .refine(
    (it) => it.MaxDelaySeconds === undefined || it.MaxDelaySeconds > (it.IntervalSeconds ?? 1),
    {
      error: 'MaxDelaySeconds must be greater than IntervalSeconds',
    },
  );

const catcher = z.strictObject({
  ErrorEquals: errorEquals,
  Next: z.string(),
  Output: template.optional(),
  Assign: templateObject.optional(),
  Comment: comment,
});

/** A wildcard before the last entry would hide what follows it. */
const wildcardLast = (entries: readonly { readonly ErrorEquals: readonly string[] }[]) =>
  entries.every(
    (entry, index) => index === entries.length - 1 || !entry.ErrorEquals.includes('States.ALL'),
  );
const retry = z
  .array(retrier)
  .refine(wildcardLast, { error: 'States.ALL must be in the last entry' })
  .optional();
const catchers = z
  .array(catcher)
  .refine(wildcardLast, { error: 'States.ALL must be in the last entry' })
  .optional();

/** Fields of every state that goes on to another one or ends. */
const transition = { Next: z.string().optional(), End: z.literal(true).optional() };
const common = { Comment: comment, QueryLanguage: queryLanguage };
const result = { Output: template.optional(), Assign: templateObject.optional() };

const task = z.strictObject({
  Type: z.literal('Task'),
  ...common,
  ...transition,
  ...result,
  Resource: z.string(),
  Arguments: argumentsTemplate.optional(),
  TimeoutSeconds: wholeNumber(1).optional(),
  Retry: retry,
  Catch: catchers,
});

const choiceRule = z.strictObject({
  Condition: z.union([z.boolean(), expression], {
    error: 'expected a boolean or a JSONata expression',
  }),
  Next: z.string(),
  ...result,
  Comment: comment,
});

const choice = z.strictObject({
  Type: z.literal('Choice'),
  ...common,
  ...result,
  Choices: z.array(choiceRule).min(1),
  Default: z.string().optional(),
});

const pass = z.strictObject({ Type: z.literal('Pass'), ...common, ...transition, ...result });

const wait = z
  .strictObject({
    Type: z.literal('Wait'),
    ...common,
    ...transition,
    ...result,
    Seconds: wholeNumber(0).optional(),
    Timestamp: z.string().optional(),
  })
  .refine((it) => (it.Seconds === undefined) !== (it.Timestamp === undefined), {
    error: 'exactly one of Seconds and Timestamp is needed',
  });

const succeed = z.strictObject({
  Type: z.literal('Succeed'),
  ...common,
  Output: template.optional(),
});

const fail = z.strictObject({
  Type: z.literal('Fail'),
  ...common,
  Error: z.string().optional(),
  Cause: z.string().optional(),
});

const readerConfig = z
  .strictObject({
    InputType: z.enum(['CSV', 'JSON', 'JSONL'], {
      error: 'expected one of CSV, JSON and JSONL; other input types are not supported',
    }),
    CSVHeaderLocation: z.enum(['FIRST_ROW', 'GIVEN']).optional(),
    CSVHeaders: z.array(z.string()).min(1).optional(),
    CSVDelimiter: z.enum(['COMMA', 'PIPE', 'SEMICOLON', 'SPACE', 'TAB']).optional(),
    ItemsPointer: z.string().optional(),
    MaxItems: wholeNumber(1).optional(),
  })
  .partial({ InputType: true });

const itemReader = z.strictObject({
  Resource: z.string(),
  Arguments: argumentsTemplate,
  ReaderConfig: readerConfig.optional(),
});

const itemBatcher = z
  .strictObject({
    MaxItemsPerBatch: wholeNumber(1).optional(),
    MaxInputBytesPerBatch: wholeNumber(1).optional(),
    BatchInput: argumentsTemplate.optional(),
  })
  .refine((it) => it.MaxItemsPerBatch !== undefined || it.MaxInputBytesPerBatch !== undefined, {
    error: 'MaxItemsPerBatch, MaxInputBytesPerBatch or both are needed',
  });

const resultWriter = z
  .strictObject({
    Resource: z.string().optional(),
    Arguments: argumentsTemplate.optional(),
    WriterConfig: z
      .strictObject({
        OutputType: z.enum(['JSON', 'JSONL']).optional(),
        Transformation: z.enum(['NONE', 'COMPACT', 'FLATTEN']).optional(),
      })
      .optional(),
  })
  .refine((it) => (it.Resource === undefined) === (it.Arguments === undefined), {
    error: 'Resource and Arguments belong together',
  })
  .refine((it) => it.Resource !== undefined || it.WriterConfig !== undefined, {
    error: 'Resource with Arguments, WriterConfig or both are needed',
  })
  .refine((it) => it.Resource !== undefined || it.WriterConfig?.OutputType !== 'JSONL', {
    error: 'OutputType JSONL needs Resource and Arguments: without them the results stay JSON',
  });

const processorConfig = z.union([
  z.strictObject({ Mode: z.literal('INLINE') }),
  z.strictObject({
    Mode: z.literal('DISTRIBUTED'),
    ExecutionType: z.enum(['STANDARD', 'EXPRESS']),
  }),
]);

// States contain states, hence the annotations and z.lazy.
const branch: z.ZodType<StatesBlock> = z.lazy(() => z.strictObject(block()));
const itemProcessor: z.ZodType<ItemProcessor> = z.lazy(() =>
  z.strictObject({ ...block(), ProcessorConfig: processorConfig.optional() }),
);

const map = z.strictObject({
  Type: z.literal('Map'),
  ...common,
  ...transition,
  ...result,
  ItemProcessor: itemProcessor,
  Items: template.optional(),
  ItemReader: itemReader.optional(),
  ItemSelector: template.optional(),
  ItemBatcher: itemBatcher.optional(),
  ResultWriter: resultWriter.optional(),
  MaxConcurrency: wholeNumber(0).optional(),
  ToleratedFailureCount: wholeNumber(0).optional(),
  ToleratedFailurePercentage: z
    .union([z.number().min(0).max(100), expression], {
      error: 'expected a number from 0 to 100, or a JSONata expression',
    })
    .optional(),
  Label: z.string().max(40).optional(),
  Retry: retry,
  Catch: catchers,
});

const parallel = z.strictObject({
  Type: z.literal('Parallel'),
  ...common,
  ...transition,
  ...result,
  Arguments: argumentsTemplate.optional(),
  Branches: z.array(branch).min(1),
  Retry: retry,
  Catch: catchers,
});

const state = z.discriminatedUnion('Type', [
  task,
  choice,
  pass,
  wait,
  succeed,
  fail,
  map,
  parallel,
]);

/** What a state machine, a branch and an item processor share. */
function block() {
  return {
    ...common,
    StartAt: z.string(),
    States: z.record(z.string().min(1).max(80), state),
  };
}

/** The part of the Amazon States Language that the runner knows; any other field is an error. */
export const stateMachineSchema = z.strictObject({
  ...block(),
  Version: z.literal('1.0').optional(),
  TimeoutSeconds: z.int().min(1).max(99_999_999).optional(),
});

export type Retrier = z.infer<typeof retrier>;
export type Catcher = z.infer<typeof catcher>;
export type TaskState = z.infer<typeof task>;
export type ChoiceState = z.infer<typeof choice>;
export type PassState = z.infer<typeof pass>;
export type WaitState = z.infer<typeof wait>;
export type SucceedState = z.infer<typeof succeed>;
export type FailState = z.infer<typeof fail>;
export type MapState = z.infer<typeof map>;
export type ParallelState = z.infer<typeof parallel>;
export type State = z.infer<typeof state>;
export type ItemReader = z.infer<typeof itemReader>;
export type ItemBatcher = z.infer<typeof itemBatcher>;
export type ResultWriter = z.infer<typeof resultWriter>;
export type StateMachineDefinition = z.infer<typeof stateMachineSchema>;

/** States with a first one: a state machine, a branch or an item processor. */
export interface StatesBlock {
  Comment?: string | undefined;
  QueryLanguage?: 'JSONata' | undefined;
  StartAt: string;
  States: Record<string, State>;
}

export interface ItemProcessor extends StatesBlock {
  ProcessorConfig?: z.infer<typeof processorConfig> | undefined;
}
