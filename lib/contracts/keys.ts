import { ContractError } from './errors.ts';

/**
 * Every S3 key of the product. Nothing else builds a key.
 *
 * `upload` identifies one version of one uploaded object (see `uploadId`), `run` one night (`2026-11-23`, or
 * any name given by hand), `version` one fitted environment.
 */

/** Parts that anything may be cut into: their numbers have five digits, so that keys sort as they count. */
export const maximumParts = 100_000;

function partNumber(part: number): string {
  if (part < maximumParts) return String(part).padStart(5, '0');
  throw new ContractError(`Part ${part} has no key: there may be ${maximumParts} parts at most.`);
}

/** A shard's file. */
export const partFile = (part: number) => `part-${partNumber(part)}.arrow`;

/** What teams write. */
export const uploads = {
  logsPrefix: 'logs/',
  catalogPrefix: 'catalog/',
  /** Where a source of the configuration uploads (`operations.inbox.sources`). */
  sourcePrefix: (kind: 'logs' | 'catalog', source: string) => `${kind}/${source}/`,
  baseModelsPrefix: 'base-models/',
  /** Any Hugging Face-format causal LM folder that the environment may be fitted on. */
  baseModelPrefix: (baseModel: string) => `base-models/${baseModel}/`,
  plan: (upload: string) => `uploads/${upload}/plan.json`,
  rangeReport: (upload: string, range: number) =>
    `uploads/${upload}/ranges/${partNumber(range)}.json`,
  rangeReportPrefix: (upload: string) => `uploads/${upload}/ranges/`,
  report: (upload: string) => `uploads/${upload}/report.json`,
  /** Lets an upload take effect that waits for it. */
  approval: (upload: string) => `uploads/${upload}/approval.json`,
  /** What the rows of a range, and of the whole upload, count for popularity. */
  rangeCounts: (upload: string, range: number) =>
    `uploads/${upload}/counts/part-${partNumber(range)}.json`,
  counts: (upload: string) => `uploads/${upload}/counts.json`,
  reportPrefix: 'uploads/',
  quarantine: (upload: string, range: number) =>
    `quarantine/${upload}/part-${partNumber(range)}.jsonl.gz`,
  quarantineRoot: 'quarantine/',
  quarantinePrefix: (upload: string) => `quarantine/${upload}/`,
};

/** What each source of the configuration uploaded on a day (UTC): an empty object for each upload. */
export const quotas = {
  prefix: 'quotas/',
  dayPrefix: (source: string, day: string) => `quotas/${source}/${day}/`,
  entry: (source: string, day: string, upload: string, bytes: number) =>
    `quotas/${source}/${day}/${upload}-${bytes}`,
  bytesOf: (entry: string): number => Number(entry.slice(entry.lastIndexOf('-') + 1)),
};

/**
 * What ingestion writes, one object per range of an uploaded file. A part counts once its upload's report says that the
 * upload succeeded. `date` is the day on which the upload arrived (`YYYY-MM-DD`, UTC).
 */
export const interactions = {
  prefix: 'interactions/',
  part: (date: string, upload: string, range: number) =>
    `interactions/dt=${date}/${upload}-${partNumber(range)}.rows`,
};

/** The normalised catalogue, likewise. */
export const items = {
  prefix: 'items/',
  /** What of an upload there is. `arrival`: `dt=<date>/<upload>`, which sorts as uploads arrived. */
  ofUpload: (arrival: string) => `items/${arrival}-`,
  part: (date: string, upload: string, range: number) =>
    `items/dt=${date}/${upload}-${partNumber(range)}.jsonl.gz`,
};

/** All uploads of the catalogue as one. */
export const catalogues = {
  /** Names the run whose catalogue it is. */
  latest: 'catalogues/latest.json',
  /** An empty object for each upload that it lacks; `arrival` as above. */
  pendingPrefix: 'catalogues/pending/',
  pending: (arrival: string) => `catalogues/pending/${arrival}`,
};

/** What one night writes. */
export const runs = {
  root: 'runs/',
  prefix: (run: string) => `runs/${run}/`,
  manifest: (run: string) => `runs/${run}/manifest.json`,
  config: (run: string) => `runs/${run}/config.json`,
  status: (run: string) => `runs/${run}/status.json`,
  sequencesPrefix: (run: string) => `runs/${run}/sequences/`,
  sequencesManifest: (run: string) => `runs/${run}/sequences/manifest.json`,
  itemTable: (run: string) => `runs/${run}/sequences/items.arrow`,
  trainPrefix: (run: string) => `runs/${run}/sequences/train/`,
  trainShard: (run: string, part: number) => `runs/${run}/sequences/train/${partFile(part)}`,
  /** `arrived`: what was taken since the night before, absent on the first one. */
  evaluationCases: (run: string, split: 'validation' | 'test' | 'arrived') =>
    `runs/${run}/sequences/evaluation/${split}.arrow`,
  events: (run: string) => `runs/${run}/sequences/events.arrow`,
  /** All actions, held-out ones included: what the winner is fitted on once it has been judged. */
  allActionsPrefix: (run: string) => `runs/${run}/all-actions/`,
  allActionsManifest: (run: string) => `runs/${run}/all-actions/manifest.json`,
  allActions: (run: string, part: number) => `runs/${run}/all-actions/${partFile(part)}`,
  /** Training and validation, for what answers test cases; absent where that is trained on training alone. */
  beforeTestPrefix: (run: string) => `runs/${run}/before-test/`,
  beforeTestManifest: (run: string) => `runs/${run}/before-test/manifest.json`,
  beforeTest: (run: string, part: number) => `runs/${run}/before-test/${partFile(part)}`,
  /** What rivals know of histories: fitted once, read by all that are joined with it. */
  fittedRivalsPrefix: (run: string) => `runs/${run}/rivals/`,
  /** Written last. */
  fittedRivalsManifest: (run: string) => `runs/${run}/rivals/manifest.json`,
  /** In the files of a blend. `before-test`: on validation's actions too. */
  fittedRivals: (run: string, on: 'training' | 'before-test') => ({
    description: `runs/${run}/rivals/${on}/model.json`,
    weights: `runs/${run}/rivals/${on}/weights.bin`,
  }),
  /** Written when the held-out cases have been ranked with all rivals, whose files lie beside those of the models. */
  rankedRivals: (run: string) => `runs/${run}/ranked-rivals.json`,
  /** All users and items, k-core or not: what serving knows of everybody. */
  everybodyPrefix: (run: string) => `runs/${run}/everybody/`,
  everybodyManifest: (run: string) => `runs/${run}/everybody/manifest.json`,
  allItems: (run: string) => `runs/${run}/everybody/items.arrow`,
  recentHistories: (run: string, part: number) =>
    `runs/${run}/everybody/histories/part-${partNumber(part)}.arrow`,
  /** Which items have a value in a field of the catalogue; absent where there is no catalogue. */
  fieldIndex: (run: string) => `runs/${run}/everybody/fields.arrow.gz`,
  /** The same histories in buckets, so that one user's can be read alone. */
  userStoreManifest: (run: string) => `runs/${run}/everybody/users/manifest.json`,
  userStorePrefix: (run: string) => `runs/${run}/everybody/users/`,
  userStore: (run: string, part: number) =>
    `runs/${run}/everybody/users/part-${partNumber(part)}.bin`,
  /** The whole catalogue, k-core or not: what items get vectors from. */
  cataloguePrefix: (run: string) => `runs/${run}/catalogue/`,
  catalogue: (run: string) => `runs/${run}/catalogue/catalogue.arrow`,
  /** Which of its items are shown and where from: what checks of known items read. */
  listedItems: (run: string) => `runs/${run}/catalogue/listed.arrow`,
  /** A vector for every item of the catalogue, in its order. */
  itemVectors: (run: string) => `runs/${run}/item-vectors.arrow`,
  /** What the job that made them says about itself; absent where no job had to. */
  itemVectorsMetrics: (run: string) => `runs/${run}/item-vectors.json`,
  /** What buckets of users hand each other while sequences are built; nothing reads it afterwards. */
  bucketsPrefix: (run: string) => `runs/${run}/buckets/`,
  bucketsPlan: (run: string) => `runs/${run}/buckets/plan.json`,
  bucketsCatalogue: (run: string) => `runs/${run}/buckets/catalogue.arrow`,
  bucketsDivision: (run: string) => `runs/${run}/buckets/division.json`,
  bucketsItemsLeft: (run: string, round: number) =>
    `runs/${run}/buckets/left/${partNumber(round)}.bin`,
  bucketsSettlement: (run: string) => `runs/${run}/buckets/settlement.json`,
  bucketsVocabulary: (run: string) => `runs/${run}/buckets/vocabulary.bin`,
  /** `file` is a name of the functions' own. */
  bucketFile: (run: string, file: string, bucket: number) =>
    `runs/${run}/buckets/${file}/part-${partNumber(bucket)}`,
  cost: (run: string) => `runs/${run}/cost.json`,
  /** What instances were paid for: a file for each job that succeeded and each endpoint that has ended. */
  paidPrefix: (run: string) => `runs/${run}/paid/`,
  paid: (run: string, name: string) => `runs/${run}/paid/${name}.json`,
  environmentPlan: (run: string) => `runs/${run}/environment.json`,
  /** What the night does about the environment: as usual, try it, or let it rest. */
  trial: (run: string) => `runs/${run}/trial.json`,
  /** Which of the configured models the night trains. */
  renewal: (run: string) => `runs/${run}/renewal.json`,
  /** For each item of the run's vocabulary its index in the environment that the run uses. */
  environmentItems: (run: string) => `runs/${run}/environment-items.arrow`,
  excluded: (run: string) => `runs/${run}/sequences/excluded.json`,
  augmentedPrefix: (run: string) => `runs/${run}/augmented/`,
  augmentedShard: (run: string, part: number) => `runs/${run}/augmented/${partFile(part)}`,
  augmentedManifest: (run: string) => `runs/${run}/augmented/manifest.json`,
  /** Where a later run that uses the same environment finds the answers to rows that have not changed. */
  answersIndex: (run: string) => `runs/${run}/answers-index.arrow`,
  augmentationResultsPrefix: (run: string) => `runs/${run}/augmentation-results/`,
  /** Where SageMaker writes; `register-model` copies from here to `modelPrefix` or `environments`. */
  jobsPrefix: (run: string) => `runs/${run}/jobs/`,
  checkpointsPrefix: (run: string, name: string) => `runs/${run}/checkpoints/${name}/`,
  modelsPrefix: (run: string) => `runs/${run}/models/`,
  modelPrefix: (run: string, name: string) => `runs/${run}/models/${name}/`,
  modelManifest: (run: string, name: string) => `runs/${run}/models/${name}/manifest.json`,
  modelRanks: (run: string, name: string, split: 'validation' | 'test' | 'arrived') =>
    `runs/${run}/models/${name}/ranks/${split}.bin`,
  /** All parameters of the best epoch, from which a model is fitted on. */
  modelParameters: (run: string, name: string) => `runs/${run}/models/${name}/parameters.bin`,
  /** The winner as it is served, once it has been fitted on all actions; `modelPrefix` keeps what was judged. */
  refittedAllPrefix: (run: string) => `runs/${run}/refitted/`,
  refittedPrefix: (run: string, name: string) => `runs/${run}/refitted/${name}/`,
  refittedManifest: (run: string, name: string) => `runs/${run}/refitted/${name}/manifest.json`,
  /** The first items of the lists of the test cases. */
  modelLists: (run: string, name: string) => `runs/${run}/models/${name}/lists/test.bin`,
  modelLearningCurve: (run: string, name: string) =>
    `runs/${run}/models/${name}/learning-curve.json`,
  /** The champion that the run compares with. */
  champion: (run: string) => `runs/${run}/champion.json`,
  evaluation: (run: string) => `runs/${run}/evaluation.json`,
  verdict: (run: string) => `runs/${run}/verdict.json`,
  summary: (run: string) => `runs/${run}/summary.json`,
  reportPrefix: (run: string) => `runs/${run}/report/`,
  report: (run: string) => `runs/${run}/report/index.html`,
};

/** Fitted environments outlive the run that fitted them. */
export const environments = {
  prefix: 'environments/',
  folder: (version: string) => `environments/${version}/`,
  /** Written last: its presence says that the folder is complete. */
  manifest: (version: string) => `environments/${version}/manifest.json`,
  metrics: (version: string) => `environments/${version}/metrics.json`,
  registration: (version: string) => `environments/${version}/registration.json`,
  /** The item ids that it was fitted with, by index. */
  items: (version: string) => `environments/${version}/items.arrow`,
  /** Items that came after the fit: their indices go on where those of the part before end. */
  addedPrefix: (version: string) => `environments/${version}/added/`,
  added: (version: string, part: number) => `environments/${version}/added/${partFile(part)}`,
  /** Whose answers of this environment are the newest. */
  answers: (version: string) => `environments/${version}/answers.json`,
  latest: 'environments/latest.json',
};

/** How the environment did when a night last tried it; later nights act on it. */
export const trials = { environment: 'environment-trial.json' };

/** Vectors of items' texts, beyond the run that made them. */
export const vectors = {
  prefix: 'item-vectors/',
  /** Which run made vectors of a catalogue last, and of what. */
  latest: 'item-vectors/latest.json',
  /**
   * Vectors of sentences before whitening, kept by content, so that a night computes those of new sentences only. What a
   * job gets as a channel: all spaces of one base model.
   */
  sentences: (baseModel: string) => `item-vectors/${baseModel}/`,
  /** `space` names all that decides a vector besides its sentence, `part` the content of the file. */
  part: (baseModel: string, space: string, part: string) =>
    `item-vectors/${baseModel}/${space}/part-${part}.arrow`,
  /** Written anew by every job that read the space: its age says since when none has. */
  use: (baseModel: string, space: string) => `item-vectors/${baseModel}/${space}/used.json`,
};

/** What serving reads. */
export const serving = {
  champion: 'champion.json',
  /** Which run knows users and items best. */
  everybody: 'everybody/latest.json',
  /** Decayed counts of everybody's actions, refreshed with every upload. */
  freshCounts: 'popularity/counts.json',
  championHistoryPrefix: 'champions/',
  championHistory: (run: string) => `champions/${run}.json`,
  /** What serving needs of the model below a champion's prefix. */
  modelFiles: (prefix: string) => ({
    description: `${prefix}model.json`,
    weights: `${prefix}weights.bin`,
    vocabulary: `${prefix}vocabulary.json`,
  }),
  recommendationsRoot: 'recommendations/',
  recommendationsPrefix: (run: string) => `recommendations/${run}/`,
  /** `batch` names what the lists are made with: nothing but its own parts is below its prefix. */
  recommendationsBatchPrefix: (run: string, batch: string) => `recommendations/${run}/${batch}/`,
  recommendationsPart: (run: string, batch: string, part: number) =>
    `recommendations/${run}/${batch}/part-${partNumber(part)}.jsonl.gz`,
  /** Written last: it names the batch whose parts are all there. */
  recommendationsManifest: (run: string) => `recommendations/${run}/manifest.json`,
};

/**
 * What was answered to whom (lib/contracts/impression.ts), JSON lines, gzipped; `day` is when (`YYYY-MM-DD`, UTC). On AWS
 * Amazon Data Firehose names the files.
 */
export const impressions = {
  prefix: 'impressions/',
  dayPrefix: (day: string) => `impressions/dt=${day}/`,
  file: (day: string, name: string) => `impressions/dt=${day}/${name}.jsonl.gz`,
};

/** How who was in service did on what arrived, a small file for every night; they stay for good. */
export const prequential = {
  prefix: 'prequential/',
  night: (run: string) => `prequential/${run}.json`,
};

/** For people: the reports of the last nights on one page. */
export const reports = { index: 'reports/index.html' };

/** Users who are to be forgotten, and how that went. */
export const deletions = {
  prefix: 'deletions/',
  /** Lists of ids that somebody puts here; gone once they have been carried out. */
  requestsPrefix: 'deletions/requests/',
  request: (name: string) => `deletions/requests/${name}`,
  /** What a deletion that has not come to its end knows of objects, without anybody's id. */
  progress: (deletion: string) => `deletions/${deletion}/progress.json`,
  /** What was found and taken out, without anybody's id. */
  report: (deletion: string) => `deletions/${deletion}/report.json`,
  /** There while an uploaded object is written anew without somebody's rows: until then no version of it is read. */
  rewriting: (key: string) => `deletions/rewriting/${key}`,
};

/** One lock for the pipeline: at most one run at a time. */
export const locks = { run: 'locks/run.json' };

/** The upload that an ingested part comes from (see `interactions.part`), or undefined for a key of another shape. */
export function uploadOfPart(key: string): string | undefined {
  return /\/([^/]+)-\d{5}\.(?:jsonl\.gz|rows)$/.exec(key)?.[1];
}

/** When and as what an ingested part arrived: `dt=<date>/<upload>`; undefined for a key of another shape. */
export function arrivalOf(key: string): string | undefined {
  return /\/(dt=[^/]+\/[^/]+)-\d{5}\.(?:jsonl\.gz|rows)$/.exec(key)?.[1];
}

/** The part number of a shard's key or file; undefined for one of another shape. */
export function partNumberOf(key: string): number | undefined {
  const match = /(?:^|\/)part-(\d{5})\.arrow$/.exec(key);
  return match === null ? undefined : Number(match[1]);
}
