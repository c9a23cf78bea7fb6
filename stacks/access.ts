import {
  environments,
  interactions,
  items,
  locks,
  prequential,
  quotas,
  reports,
  runs,
  serving,
  uploads,
  vectors,
} from '#lib/contracts/keys.ts';
import type { ObjectAccess } from './constructs/object-access.ts';

/** Everything below a prefix; a name at its end that is `*` stands for all names. */
const below = (prefix: string) => `${prefix.replace(/\*\/$/, '')}*`;

/** Patterns of keys, built by the same functions that build the keys. */
const keys = {
  logs: below(uploads.logsPrefix),
  catalog: below(uploads.catalogPrefix),
  baseModels: below(uploads.baseModelPrefix('*')),
  uploads: below(uploads.reportPrefix),
  uploadReport: uploads.report('*'),
  quotas: below(quotas.dayPrefix('*', '*')),
  quarantine: below(uploads.quarantinePrefix('*')),
  interactions: below(interactions.prefix),
  items: below(items.prefix),
  environments: below(environments.prefix),
  environmentLatest: environments.latest,
  environmentMetrics: environments.metrics('*'),
  environmentRegistration: environments.registration('*'),
  runs: below(runs.prefix('*')),
  /** Not what is below: only which runs there are. */
  runsFolder: runs.root,
  runManifest: runs.manifest('*'),
  runConfig: runs.config('*'),
  runStatus: runs.status('*'),
  cost: runs.cost('*'),
  environmentPlan: runs.environmentPlan('*'),
  sequences: below(runs.sequencesPrefix('*')),
  allActions: below(runs.allActionsPrefix('*')),
  everybody: below(runs.everybodyPrefix('*')),
  sequencesManifest: runs.sequencesManifest('*'),
  itemTable: runs.itemTable('*'),
  shards: below(runs.trainPrefix('*')),
  everybodyLatest: serving.everybody,
  everybodyManifest: runs.everybodyManifest('*'),
  catalogue: below(runs.cataloguePrefix('*')),
  itemVectors: runs.itemVectors('*'),
  itemVectorsMetrics: runs.itemVectorsMetrics('*'),
  latestVectors: vectors.latest,
  vectorsFolder: below(vectors.prefix),
  sentenceVectors: below(vectors.sentences('*')),
  augmented: below(runs.augmentedPrefix('*')),
  augmentedManifest: runs.augmentedManifest('*'),
  augmentationResults: below(runs.augmentationResultsPrefix('*')),
  jobs: below(runs.jobsPrefix('*')),
  checkpoints: below(runs.checkpointsPrefix('*', '*')),
  models: below(runs.modelsPrefix('*')),
  refitted: below(runs.refittedAllPrefix('*')),
  evaluation: runs.evaluation('*'),
  verdict: runs.verdict('*'),
  summary: runs.summary('*'),
  report: runs.report('*'),
  reportIndex: reports.index,
  runChampion: runs.champion('*'),
  champion: serving.champion,
  champions: serving.championHistory('*'),
  championsFolder: below(serving.championHistoryPrefix),
  freshCounts: serving.freshCounts,
  uploadCounts: uploads.counts('*'),
  recommendations: below(serving.recommendationsPrefix('*')),
  recommendationsManifest: serving.recommendationsManifest('*'),
  prequential: prequential.night('*'),
  prequentialFolder: below(prequential.prefix),
  lock: locks.run,
};

/**
 * Which keys each function may touch. Nothing else grants a function access to the data bucket; a test compares this
 * with what the functions' code does.
 */
export const functionAccess = {
  'plan-upload': {
    read: [keys.logs, keys.catalog, keys.uploads],
    list: [keys.items, keys.quotas],
    write: [keys.uploads, keys.quotas],
    delete: [keys.quotas],
  },
  'parse-range': {
    read: [
      keys.logs,
      keys.catalog,
      keys.uploads,
      keys.items,
      keys.interactions,
      keys.runManifest,
      keys.freshCounts,
    ],
    write: [keys.uploads, keys.quarantine, keys.interactions, keys.items, keys.freshCounts],
    // The rows of an upload that failed.
    delete: [keys.interactions, keys.items],
  },
  'begin-run': {
    read: [keys.lock, keys.runConfig, keys.runManifest, keys.runStatus, keys.uploadReport],
    list: [keys.baseModels, keys.interactions, keys.items, keys.runsFolder],
    write: [keys.lock, keys.runConfig, keys.runManifest, keys.runStatus],
  },
  'build-sequences': {
    read: [
      keys.interactions,
      keys.items,
      keys.runConfig,
      keys.runManifest,
      keys.sequencesManifest,
      keys.uploadReport,
      keys.uploadCounts,
      keys.freshCounts,
      keys.everybodyLatest,
      keys.prequential,
    ],
    list: [keys.prequentialFolder],
    write: [
      keys.sequences,
      keys.allActions,
      keys.everybody,
      keys.catalogue,
      keys.freshCounts,
      keys.everybodyLatest,
    ],
  },
  'plan-environment': {
    read: [
      keys.runConfig,
      keys.sequencesManifest,
      keys.itemTable,
      keys.environmentPlan,
      keys.environmentLatest,
      keys.environmentRegistration,
      keys.everybodyManifest,
    ],
    list: [keys.augmented, keys.baseModels],
    write: [keys.environmentPlan, keys.cost],
  },
  'plan-vectors': {
    read: [keys.runConfig, keys.catalogue, keys.itemVectors, keys.latestVectors],
    list: [keys.baseModels, keys.sentenceVectors],
    write: [keys.itemVectors],
  },
  'augment-sequences': {
    read: [keys.runConfig, keys.shards, keys.augmented],
    write: [keys.augmented],
  },
  'plan-training': {
    read: [keys.runConfig, keys.sequencesManifest, keys.champion, keys.runChampion, keys.models],
    list: [keys.augmented],
    write: [keys.runChampion, keys.augmentedManifest],
  },
  'register-model': {
    read: [keys.jobs, keys.runConfig, keys.environmentPlan, keys.environmentRegistration],
    write: [
      keys.models,
      keys.refitted,
      keys.environments,
      keys.itemVectors,
      keys.itemVectorsMetrics,
      keys.sentenceVectors,
      keys.latestVectors,
    ],
  },
  'evaluate-models': {
    read: [
      keys.runConfig,
      keys.runManifest,
      keys.sequences,
      keys.models,
      keys.refitted,
      keys.runChampion,
      keys.evaluation,
      keys.prequential,
    ],
    list: [keys.prequentialFolder],
    write: [keys.models, keys.evaluation, keys.verdict, keys.prequential],
  },
  'plan-refit': {
    read: [
      keys.runConfig,
      keys.verdict,
      keys.sequences,
      keys.allActions,
      keys.models,
      keys.refitted,
    ],
    write: [keys.refitted],
  },
  'promote-winner': {
    read: [
      keys.verdict,
      keys.evaluation,
      keys.runChampion,
      keys.champion,
      keys.champions,
      keys.models,
      keys.refitted,
    ],
    write: [keys.champion, keys.champions, keys.verdict],
  },
  'publish-report': {
    read: [
      keys.champion,
      keys.runChampion,
      keys.everybody,
      keys.freshCounts,
      keys.runConfig,
      keys.runManifest,
      keys.environmentPlan,
      keys.sequences,
      keys.augmented,
      keys.augmentationResults,
      keys.models,
      keys.refitted,
      keys.evaluation,
      keys.verdict,
      keys.environmentMetrics,
      keys.environmentRegistration,
      keys.itemVectorsMetrics,
      keys.uploadReport,
      keys.prequential,
      keys.summary,
    ],
    list: [keys.prequentialFolder],
    write: [keys.summary, keys.report, keys.reportIndex],
  },
  'end-run': {
    read: [keys.lock, keys.runStatus],
    write: [keys.lock, keys.runStatus],
  },
  recommend: {
    read: [
      keys.champion,
      keys.models,
      keys.refitted,
      keys.freshCounts,
      keys.everybody,
      keys.everybodyLatest,
    ],
  },
  'recommend-batch': {
    read: [
      keys.champion,
      keys.models,
      keys.refitted,
      keys.everybody,
      keys.freshCounts,
      keys.runStatus,
      keys.recommendationsManifest,
    ],
    list: [keys.recommendations, keys.runsFolder],
    write: [keys.recommendations],
  },
  'remove-idle-endpoints': {
    read: [keys.lock, keys.runManifest, keys.runStatus, keys.environmentRegistration],
    write: [keys.lock, keys.runStatus],
  },
  'publish-run-status': { read: [keys.runConfig, keys.verdict, keys.report] },
  'expire-runs': {
    read: [
      keys.champion,
      keys.champions,
      keys.environmentLatest,
      keys.latestVectors,
      keys.everybodyLatest,
    ],
    list: [keys.runs, keys.environments, keys.championsFolder, keys.vectorsFolder],
    // What of a run is large, or holds user ids.
    delete: [
      keys.sequences,
      keys.allActions,
      keys.everybody,
      keys.catalogue,
      keys.augmented,
      keys.augmentationResults,
      keys.jobs,
      keys.checkpoints,
      keys.models,
      keys.refitted,
      keys.environments,
      keys.itemVectors,
      keys.sentenceVectors,
    ],
  },
} satisfies Record<string, ObjectAccess>;

/** What people do by hand: they look at everything, upload, and choose among champions. */
export const operatorAccess = {
  read: ['*'],
  write: [keys.logs, keys.catalog, keys.baseModels, keys.champion, keys.champions],
} satisfies ObjectAccess;

/** Which keys the containers may touch, with the roles that SageMaker gives them. */
export const containerAccess = {
  environment: {
    read: [
      keys.baseModels,
      keys.sequences,
      keys.catalogue,
      keys.sentenceVectors,
      keys.environments,
      keys.checkpoints,
    ],
    write: [keys.jobs, keys.checkpoints],
    delete: [keys.checkpoints],
  },
  trainer: {
    read: [
      keys.sequences,
      keys.allActions,
      keys.augmented,
      keys.itemVectors,
      keys.models,
      keys.refitted,
      keys.checkpoints,
    ],
    write: [keys.jobs, keys.checkpoints],
    delete: [keys.checkpoints],
  },
} satisfies Record<string, ObjectAccess>;

/** Which keys the state machine itself touches: the distributed map lists shards and writes its results. */
export const stateMachineAccess = {
  read: [keys.shards, keys.augmentationResults],
  write: [keys.augmentationResults],
} satisfies ObjectAccess;
