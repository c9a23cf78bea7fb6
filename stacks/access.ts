import type { ObjectAccess } from './constructs/object-access.ts';
import { keys } from './key-patterns.ts';

/** Objects that `lea forget` writes anew or removes: those with rows of users. */
const withUsers = [
  keys.logs,
  keys.quarantine,
  keys.interactions,
  keys.runs,
  keys.recommendations,
  keys.impressions,
  keys.deletions,
];

/**
 * Which keys each function may touch. Nothing else grants a function access to the data bucket; a test compares this
 * with what the functions' code does.
 */
export const functionAccess = {
  'plan-upload': {
    read: [keys.logs, keys.catalog, keys.uploads, keys.rewriting, keys.mergedItems, keys.catalogue],
    list: [keys.items, keys.pendingItems, keys.quotas],
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
      keys.catalogue,
      keys.mergedItems,
      keys.runManifest,
      keys.freshCounts,
    ],
    list: [keys.pendingItems],
    write: [
      keys.uploads,
      keys.quarantine,
      keys.interactions,
      keys.items,
      keys.pendingItems,
      keys.freshCounts,
    ],
    // The rows of an upload that failed.
    delete: [keys.interactions, keys.items, keys.pendingItems],
  },
  'begin-run': {
    read: [
      keys.lock,
      keys.runConfig,
      keys.runManifest,
      keys.runStatus,
      keys.uploadReport,
      keys.approval,
      keys.trialPlan,
      keys.environmentTrial,
      keys.mergedItems,
      keys.catalogue,
      keys.renewalPlan,
      keys.champion,
      keys.evaluation,
    ],
    list: [keys.baseModels, keys.interactions, keys.items, keys.pendingItems, keys.runsFolder],
    write: [
      keys.lock,
      keys.runConfig,
      keys.runManifest,
      keys.runStatus,
      keys.trialPlan,
      keys.renewalPlan,
    ],
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
      keys.buckets,
      keys.catalogue,
      keys.mergedItems,
      keys.allItems,
      keys.itemTable,
    ],
    list: [keys.prequentialFolder, keys.items],
    write: [
      keys.buckets,
      keys.sequences,
      keys.allActions,
      keys.everybody,
      keys.catalogue,
      keys.pendingItems,
      keys.mergedItems,
      keys.freshCounts,
      keys.everybodyLatest,
    ],
    delete: [keys.pendingItems],
  },
  'plan-environment': {
    read: [
      keys.runConfig,
      keys.sequencesManifest,
      keys.itemTable,
      keys.environmentPlan,
      keys.environmentLatest,
      keys.environmentRegistration,
      keys.environmentVocabulary,
      keys.environmentAnswers,
      keys.addedItems,
      keys.environmentItems,
      keys.answersIndex,
      keys.everybodyManifest,
    ],
    list: [keys.augmented, keys.baseModels],
    write: [keys.environmentPlan, keys.environmentItems, keys.addedItems, keys.cost],
  },
  'plan-vectors': {
    read: [keys.runConfig, keys.catalogue, keys.itemVectors, keys.latestVectors],
    list: [keys.baseModels, keys.sentenceVectors],
    write: [keys.itemVectors],
  },
  'augment-sequences': {
    read: [
      keys.runConfig,
      keys.shards,
      keys.augmented,
      keys.environmentPlan,
      keys.environmentItems,
      keys.answersIndex,
    ],
    write: [keys.augmented],
  },
  'fit-rivals': {
    read: [keys.runConfig, keys.sequences, keys.allActions, keys.fittedRivals],
    write: [keys.fittedRivals, keys.beforeTest],
  },
  'plan-training': {
    read: [
      keys.runConfig,
      keys.sequencesManifest,
      keys.champion,
      keys.runChampion,
      keys.models,
      keys.environmentPlan,
      keys.augmentationResults,
      keys.renewalPlan,
    ],
    list: [keys.augmented],
    write: [
      keys.runChampion,
      keys.augmentedManifest,
      keys.answersIndex,
      keys.environmentAnswers,
      keys.paid,
    ],
  },
  'register-model': {
    read: [keys.jobs, keys.runConfig, keys.environmentPlan, keys.environmentRegistration],
    write: [
      keys.paid,
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
      keys.fittedRivals,
      keys.models,
      keys.refitted,
      keys.runChampion,
      keys.evaluation,
      keys.prequential,
      keys.trialPlan,
      keys.renewalPlan,
      keys.cost,
    ],
    list: [keys.prequentialFolder],
    write: [keys.models, keys.evaluation, keys.verdict, keys.prequential, keys.environmentTrial],
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
      keys.lock,
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
      keys.trialPlan,
      keys.renewalPlan,
      keys.environmentTrial,
      keys.cost,
      keys.paid,
      keys.impressions,
      keys.interactions,
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
      keys.champions,
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
      keys.mergedItems,
    ],
    list: [keys.runsFolder, keys.runs, keys.environments, keys.championsFolder, keys.vectorsFolder],
    // What of a run is large, or holds user ids.
    delete: [
      keys.buckets,
      keys.sequences,
      keys.allActions,
      keys.beforeTest,
      keys.fittedRivals,
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
      keys.environmentItems,
      keys.answersIndex,
    ],
  },
  // What `lea forget` does: every object is searched.
  'forget-users': {
    read: ['*'],
    write: [keys.lock, keys.uploads, ...withUsers],
    delete: withUsers,
  },
} satisfies Record<string, ObjectAccess>;

/** What people do by hand: they look at everything, upload, choose among champions, and let users be forgotten. */
export const operatorAccess = {
  read: ['*'],
  write: [
    keys.catalog,
    keys.baseModels,
    keys.approval,
    keys.champion,
    keys.champions,
    keys.lock,
    keys.uploads,
    ...withUsers,
  ],
  delete: withUsers,
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
      keys.beforeTest,
      keys.fittedRivals,
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

/** What writes down what was answered. */
export const impressionStreamAccess = {
  list: [keys.impressions],
  write: [keys.impressions],
} satisfies ObjectAccess;

/** Which keys the state machine itself touches: the distributed map lists shards and writes its results. */
export const stateMachineAccess = {
  read: [keys.shards, keys.augmentationResults],
  write: [keys.augmentationResults],
} satisfies ObjectAccess;
