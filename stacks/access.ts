import {
  deletions,
  environments,
  interactions,
  items,
  locks,
  runs,
  serving,
  uploads,
} from '#lib/pipeline/keys.ts';
import type { ObjectAccess } from './constructs/object-access.ts';

/** Everything below a prefix; a name at its end that is `*` stands for all names. */
const below = (prefix: string) => `${prefix.replace(/\*\/$/, '')}*`;

/** Patterns of keys, built by the same functions that build the keys. */
const keys = {
  logs: below(uploads.logsPrefix),
  catalog: below(uploads.catalogPrefix),
  baseModels: below(uploads.baseModelPrefix('*')),
  uploads: below(uploads.reportPrefix),
  quarantine: below(uploads.quarantinePrefix('*')),
  interactions: below(interactions.prefix),
  items: below(items.prefix),
  deletions: below(deletions.prefix),
  environments: below(environments.prefix),
  runs: below(runs.prefix('*')),
  runManifest: runs.manifest('*'),
  runConfig: runs.config('*'),
  runStatus: runs.status('*'),
  sequences: below(runs.sequencesPrefix('*')),
  augmented: below(runs.augmentedPrefix('*')),
  augmentationResults: below(runs.augmentationResultsPrefix('*')),
  jobs: below(runs.jobsPrefix('*')),
  checkpoints: below(runs.checkpointsPrefix('*', '*')),
  models: below(runs.modelsPrefix('*')),
  evaluation: runs.evaluation('*'),
  verdict: runs.verdict('*'),
  summary: runs.summary('*'),
  report: below(runs.reportPrefix('*')),
  champion: serving.champion,
  champions: serving.championHistory('*'),
  recommendations: below(serving.recommendationsPrefix('*')),
  lock: locks.run,
  /** What of a run is large, or holds user ids. */
  runBulk: [
    below(runs.sequencesPrefix('*')),
    below(runs.augmentedPrefix('*')),
    below(runs.augmentationResultsPrefix('*')),
    below(runs.jobsPrefix('*')),
    below(runs.modelsPrefix('*')),
    below(runs.checkpointsPrefix('*', '*')),
  ],
};

/** Which keys each function may touch. Nothing else grants a function access to the data bucket. */
export const functionAccess = {
  'plan-upload': {
    read: [keys.logs, keys.catalog, keys.uploads],
    write: [keys.uploads],
  },
  'parse-range': {
    read: [keys.logs, keys.catalog, keys.uploads, keys.items],
    write: [keys.uploads, keys.quarantine, keys.interactions, keys.items],
  },
  'begin-run': {
    read: [keys.lock, keys.runs, keys.interactions, keys.items, keys.champion, keys.environments],
    write: [keys.lock, keys.runConfig, keys.runManifest, keys.runStatus],
    delete: [keys.lock],
  },
  'build-sequences': {
    read: [
      keys.interactions,
      keys.items,
      keys.deletions,
      keys.runConfig,
      keys.runManifest,
      keys.sequences,
    ],
    write: [keys.sequences],
  },
  'plan-environment': {
    read: [keys.runConfig, keys.runManifest, keys.sequences, keys.environments],
    write: [keys.runManifest],
  },
  'augment-sequences': {
    read: [keys.runConfig, keys.sequences, keys.augmented],
    write: [keys.augmented],
  },
  'plan-training': {
    read: [keys.runConfig, keys.runManifest, keys.sequences, keys.augmented, keys.champion],
    write: [],
  },
  'register-model': {
    read: [keys.runConfig, keys.jobs, keys.models, keys.environments],
    write: [keys.models, keys.environments],
  },
  'evaluate-models': {
    read: [
      keys.runConfig,
      keys.runManifest,
      keys.sequences,
      keys.models,
      keys.champion,
      keys.evaluation,
      keys.verdict,
    ],
    write: [keys.evaluation, keys.verdict],
  },
  'promote-winner': {
    read: [
      keys.runConfig,
      keys.verdict,
      keys.evaluation,
      keys.models,
      keys.champion,
      keys.champions,
    ],
    write: [keys.champion, keys.champions],
  },
  'publish-report': {
    read: [keys.runs, keys.environments, keys.champion],
    write: [keys.summary, keys.report],
  },
  'end-run': {
    read: [keys.lock, keys.runStatus, keys.runManifest, keys.summary, keys.runConfig],
    write: [keys.runStatus, keys.runManifest],
    delete: [keys.lock],
  },
  recommend: { read: [keys.champion, keys.models] },
  'recommend-batch': {
    read: [keys.champion, keys.models, keys.sequences, keys.recommendations],
    write: [keys.recommendations],
  },
  'remove-idle-endpoints': {
    read: [keys.lock, keys.runManifest, keys.runStatus],
    write: [keys.runStatus],
    delete: [keys.lock],
  },
  'publish-run-status': {
    read: [keys.runConfig, keys.verdict, keys.report],
  },
  'expire-runs': {
    read: [keys.runs, keys.environments, keys.champion, keys.champions],
    delete: [keys.runBulk, keys.environments].flat(),
  },
} satisfies Record<string, ObjectAccess>;

/** Which keys the containers may touch, with the roles that SageMaker gives them. */
export const containerAccess = {
  environment: {
    read: [keys.baseModels, keys.sequences, keys.environments, keys.checkpoints],
    write: [keys.jobs, keys.checkpoints],
    delete: [keys.checkpoints],
  },
  trainer: {
    read: [keys.sequences, keys.augmented, keys.models, keys.checkpoints],
    write: [keys.jobs, keys.checkpoints],
    delete: [keys.checkpoints],
  },
} satisfies Record<string, ObjectAccess>;

/** Which keys the state machine itself touches: the distributed map lists shards and writes its results. */
export const stateMachineAccess: ObjectAccess = {
  read: [keys.sequences, keys.augmentationResults],
  write: [keys.augmentationResults],
};
