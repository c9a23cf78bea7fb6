import { caught, invoke, lambdaRetry, type NightlyDefinitionProps, type States } from './states.ts';

/** What follows once the sequences are there. */
const next = 'PlanEnvironment';

/**
 * From the snapshot to `runs/<run>/sequences/`. Where there is more than one function should sort, users are shared out to
 * buckets: each is collected, filtered in rounds until the k-core of all has settled, and cut, with a small step between
 * that sums up. Variables: `$buckets`, their number, and `$coreRound`.
 */
export function sequencesStates(props: NightlyDefinitionProps): States {
  const ofAll = { run: '{% $run %}', buckets: '{% $buckets %}' };
  const ofRound = { round: '{% $coreRound %}' };
  return {
    BuildSequences: {
      ...invoke(props, 'buildSequences', { step: 'build', run: '{% $run %}' }),
      Assign: { buckets: '{% $states.result.Payload.buckets %}', coreRound: 0 },
      Next: 'SequencesBuilt?',
      ...caught,
    },
    'SequencesBuilt?': {
      Type: 'Choice',
      Choices: [{ Condition: '{% $buckets = 0 %}', Next: next }],
      Default: 'CollectBuckets',
    },
    CollectBuckets: eachBucket(props, 'CollectBucket', 'collect', {}, 'CountItems'),
    CountItems: {
      ...invoke(props, 'buildSequences', { step: 'count', ...ofAll }),
      Next: 'FilterBuckets',
      ...caught,
    },
    FilterBuckets: eachBucket(props, 'FilterBucket', 'filter', ofRound, 'SettleCore'),
    SettleCore: {
      ...invoke(props, 'buildSequences', { step: 'settle', ...ofAll, ...ofRound }),
      Next: 'CoreSettled?',
      ...caught,
    },
    'CoreSettled?': {
      Type: 'Choice',
      Choices: [{ Condition: '{% $states.input.isSettled %}', Next: 'CutBuckets' }],
      Default: 'NextCoreRound',
    },
    NextCoreRound: {
      Type: 'Pass',
      Assign: { coreRound: '{% $coreRound + 1 %}' },
      Next: 'FilterBuckets',
    },
    CutBuckets: eachBucket(props, 'CutBucket', 'cut', ofRound, 'JoinBuckets'),
    JoinBuckets: {
      ...invoke(props, 'buildSequences', { step: 'join', ...ofAll }),
      Next: next,
      ...caught,
    },
  };
}

/** A step of every bucket, many at the same time; all have to succeed. */
function eachBucket(
  props: NightlyDefinitionProps,
  name: string,
  step: string,
  more: Readonly<Record<string, string>>,
  following: string,
): object {
  const given = ['step', 'run', 'bucket', ...Object.keys(more)];
  return {
    Type: 'Map',
    Items: '{% [0..$buckets - 1] %}',
    ItemSelector: {
      step,
      run: '{% $run %}',
      bucket: '{% $states.context.Map.Item.Value %}',
      ...more,
    },
    MaxConcurrency: props.config.operations.bucketConcurrency,
    ItemProcessor: {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: name,
      States: {
        [name]: {
          ...invoke(
            props,
            'buildSequences',
            Object.fromEntries(given.map((field) => [field, `{% $states.input.${field} %}`])),
          ),
          // A function that is killed for want of time or memory is killed again.
          Retry: lambdaRetry,
          End: true,
        },
      },
    },
    Output: {},
    Next: following,
    ...caught,
  };
}
