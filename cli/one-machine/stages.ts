/** What the states of a night do, in the words of whoever waits for it. Those without words are over at once. */
const states: Readonly<Record<string, string>> = {
  BeginRun: 'beginning the night',
  BuildSequences: 'putting histories together',
  CollectBuckets: 'collecting histories',
  CountItems: 'counting items',
  FilterBuckets: 'leaving out rare users and items',
  SettleCore: 'leaving out rare users and items',
  CutBuckets: 'cutting histories',
  JoinBuckets: 'putting histories together',
  PlanEnvironment: 'preparing for the language model',
  FitEnvironmentJob: 'adapting the language model',
  RegisterEnvironment: 'keeping the language model',
  CreateEnvironmentModel: 'starting the language model',
  CreateEndpointConfiguration: 'starting the language model',
  CreateEndpoint: 'starting the language model',
  WaitForEnvironment: 'starting the language model',
  DescribeEnvironment: 'starting the language model',
  AugmentSequences: 'asking the language model',
  StopEnvironment: 'stopping the language model',
  PlanVectors: "preparing to read the items' texts",
  MakeVectorsJob: "reading the items' texts",
  RegisterVectors: "keeping what the items' texts say",
  FitRivals: 'counting, for the rivals',
  PlanTraining: 'preparing the training',
  TrainRecommenders: 'training the recommenders',
  Recommenders: 'training the recommenders',
  EvaluateModels: 'comparing all of them',
  PlanRefit: 'preparing the last fit',
  RefitWinnerJob: 'fitting the winner on everything',
  RegisterRefit: 'keeping the winner',
  PromoteWinner: 'putting the winner into service',
  PublishReport: 'writing the report',
  EndRun: 'ending the night',
  AnnounceSuccess: 'ending the night',
  FailRun: 'ending the night',
  AnnounceFailure: 'ending the night',
};

/** The same of what containers are at within a state. */
const parts: Readonly<Record<string, string>> = {
  load: 'reading it',
  'item-tokens': 'its words for items',
  adapter: 'what people did',
  calibration: 'how far to believe it',
  actions: 'what it would do',
  'item-vectors': 'texts',
  read: 'reading',
  train: 'training',
  rank: 'ranking',
  'before-test': 'as it will be judged',
  refit: 'fitting',
};

/** Parts in which a job spends its time; the others are over soon, or say nothing of how far it is. */
const longParts: ReadonlySet<string> = new Set([
  'item-tokens',
  'adapter',
  'item-vectors',
  'train',
  'refit',
]);

/** Goes through the items of the state that it is a branch of; what runs beside it is over sooner. */
export const isWhole = (state: string): boolean => state === 'Recommenders';

export const isLong = (part: string): boolean => longParts.has(part);

export const wordsOf = (state: string): string | undefined =>
  Object.hasOwn(states, state) ? states[state] : undefined;

export const wordsOfPart = (part: string): string =>
  Object.hasOwn(parts, part) ? parts[part]! : part;

/** A state, or what a container does within it (`state/part`), and what it takes in seconds. */
export type Durations = Readonly<Record<string, number>>;

/** The long stages of a first night in their order, as those of the demo on two cores: how they compare is what counts. */
export const usualDurations: Durations = {
  BuildSequences: 1,
  // The demo has no epochs on texts.
  'FitEnvironmentJob/item-tokens': 0,
  'FitEnvironmentJob/adapter': 33,
  WaitForEnvironment: 5,
  AugmentSequences: 24,
  StopEnvironment: 1,
  FitRivals: 6,
  TrainRecommenders: 107,
  EvaluateModels: 2,
  RefitWinnerJob: 11,
  PublishReport: 1,
};
