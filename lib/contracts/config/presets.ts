import type {
  LeaSettings,
  ModelConfig,
  ResolvedModel,
  Settings,
  TrainingSettings,
} from './training.ts';

export type Preset = ResolvedModel['preset'];

/** What a setting is if nothing is said. */
export const presets: Readonly<Record<Preset, Settings>> = {
  sound: {
    dimension: 64,
    blocks: 2,
    heads: 1,
    dropout: 0.3,
    window: null,
    positionsFrom: 'end',
    timeAttention: false,
    head: 'tied',
    loss: 'auto',
    futureActions: 0,
    sampledItems: 1024,
    gbceCalibration: 0.75,
    batchTargets: 1024,
    learningRate: 2e-3,
    maximumEpochs: 100,
    patience: 5,
    refitPasses: 4,
    refitLearningRate: 1,
    warmStart: 0.05,
    warmPatience: 1,
    validationCases: 20_000,
    discount: 0.5,
    negatives: 10,
    negativeReward: 0,
    reinforcementWeight: 1,
    conservativeWeight: 0,
    conservativeTemperature: 0.5,
    targetRate: 0.01,
    warmUpEpochs: 5,
    warmUpSteps: null,
    actorLearningRate: null,
    advantageRange: [0, 10],
    propensityExponent: 0,
    seed: 1,
  },
  paper: {
    dimension: 64,
    blocks: 1,
    heads: 1,
    dropout: 0.1,
    window: 10,
    positionsFrom: 'start',
    timeAttention: false,
    head: 'separate',
    loss: 'cross-entropy',
    futureActions: 0,
    sampledItems: 1024,
    gbceCalibration: 0.75,
    batchTargets: 256,
    learningRate: 5e-3,
    maximumEpochs: 50,
    patience: 10_000,
    refitPasses: 4,
    refitLearningRate: 1,
    warmStart: 0,
    warmPatience: 1,
    validationCases: 20_000,
    discount: 0.5,
    negatives: 10,
    negativeReward: 0,
    reinforcementWeight: 1,
    conservativeWeight: 0,
    conservativeTemperature: 0.5,
    targetRate: 1,
    warmUpEpochs: 0,
    warmUpSteps: 15_000,
    actorLearningRate: 'same',
    advantageRange: [0, 10],
    propensityExponent: 0,
    seed: 1,
  },
};

/** What a setting of `lea` is if nothing is said; `paper` is the published reading. */
export const leaPresets: Readonly<Record<Preset, LeaSettings>> = {
  sound: {
    state: 'q_only',
    stateWeight: 0,
    reward: 'preference',
    rewardWeight: 0.5,
    actions: 'chance',
    augmentedWeight: 0.3,
    shareLimit: 3,
    augmentedBootstrap: 'consumed',
    minimumMargin: 0,
    uncertaintyPenalty: 0,
  },
  paper: {
    state: 'q_only',
    stateWeight: 0,
    reward: 'positives',
    rewardWeight: 0,
    actions: 'reward',
    augmentedWeight: 0.3,
    shareLimit: 3,
    augmentedBootstrap: 'consumed',
    minimumMargin: 0,
    uncertaintyPenalty: 0,
  },
};

/** Where the published code of one objective has another constant than that of the others. */
const published: Partial<Record<ModelConfig['objective'], Partial<Settings>>> = {
  sa2c: { actorLearningRate: 1e-3 },
};

/** Fills in a model's settings: its own, else the shared ones, else those of its preset. */
export function resolveModel(shared: TrainingSettings, model: ModelConfig): ResolvedModel {
  const chosen = model.preset ?? shared.preset;
  const usual: Settings = {
    ...presets[chosen],
    ...(chosen === 'paper' && published[model.objective]),
  };
  const filled = Object.fromEntries(
    Object.entries(usual).map(([name, value]) => {
      const key = name as keyof Settings;
      const own = model[key] === undefined ? shared[key] : model[key];
      return [name, own === undefined ? value : own];
    }),
  ) as unknown as Settings;
  return {
    name: model.name,
    backbone: model.backbone,
    objective: model.objective,
    lea: model.lea && { ...leaPresets[chosen], ...present(model.lea) },
    text: model.text,
    itemCodes: model.itemCodes,
    prior: model.prior,
    preset: chosen,
    ...filled,
  };
}

/** Without keys whose value is undefined. */
function present(value: NonNullable<ModelConfig['lea']>): Partial<LeaSettings> {
  return Object.fromEntries(Object.entries(value).filter(([, own]) => own !== undefined));
}
