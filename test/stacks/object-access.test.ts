import { describe, expect, it } from 'vitest';
import {
  catalogues,
  deletions,
  environments,
  impressions,
  interactions,
  items,
  prequential,
  runs,
  serving,
  uploads,
  vectors,
} from '#lib/contracts/keys.ts';
import { functionNames } from '#stacks/bundles.ts';
import { keyPatterns, listPatterns, matches, roleOf, statementsOf } from './iam.ts';
import { type KeyUse, keyUses, sampleKey } from './key-use.ts';
import { root, synthesise } from './synthesis.ts';

const uploaded = [`${uploads.logsPrefix}a.jsonl`, `${uploads.catalogPrefix}a.jsonl`];
const stored = [interactions.part('2026-11-23', 'u', 7), items.part('2026-11-23', 'u', 7)];
const model = Object.values(serving.modelFiles(runs.modelPrefix('a', 'b')));
const refitted = Object.values(serving.modelFiles(runs.refittedPrefix('a', 'b')));
const nights = [prequential.night('a')];
const shard = [runs.trainShard('a', 7)];
const bulk = [
  runs.bucketFile('a', 'actions', 7),
  runs.trainShard('a', 7),
  runs.allActions('a', 7),
  runs.beforeTest('a', 7),
  runs.fittedRivals('a', 'training').weights,
  runs.recentHistories('a', 7),
  runs.catalogue('a'),
  runs.augmentedShard('a', 7),
  `${runs.augmentationResultsPrefix('a')}x.json`,
  `${runs.jobsPrefix('a')}job/output/model/model.json`,
  `${runs.checkpointsPrefix('a', 'b')}x.bin`,
  runs.modelManifest('a', 'b'),
  runs.refittedManifest('a', 'b'),
  environments.manifest('v'),
  runs.itemVectors('a'),
  vectors.part('m', 's', '1'),
  runs.environmentItems('a'),
  runs.answersIndex('a'),
];

/** Objects with rows of users that are rewritten or removed whole; uploads are streamed. */
const withRows = [
  uploads.quarantine('u', 7),
  interactions.part('2026-11-23', 'u', 7),
  runs.trainShard('a', 7),
  serving.recommendationsPart('a', 'b', 7),
  impressions.file('2026-11-23', 'a'),
];
const log = [`${uploads.logsPrefix}a.jsonl`];
const fittedRivals = (['training', 'before-test'] as const).flatMap((on) =>
  Object.values(runs.fittedRivals('a', on)),
);

/** What expressions that are not calls of `keys.ts` stand for, by function and operation. */
const meanings: Readonly<Record<string, readonly string[]>> = {
  'augment-sequences getBytes key': [...shard, runs.augmentedShard('a', 7)],
  'augment-sequences head target': [runs.augmentedShard('a', 7)],
  'plan-environment list prefix': [uploads.baseModelPrefix('a')],
  'plan-environment getBytes key': [environments.added('v', 7)],
  'plan-environment head key': [runs.answersIndex('a'), runs.environmentItems('a')],
  'plan-training getJson key': [`${runs.augmentationResultsPrefix('a')}x.json`],
  'augment-sequences putIfAbsent target': [runs.augmentedShard('a', 7)],
  'build-sequences getStream key': stored,
  'build-sequences getBytes key': [
    ...stored,
    runs.catalogue('a'),
    runs.listedItems('a'),
    runs.bucketFile('a', 'pieces/train-7', 7),
  ],
  'build-sequences putBytes key': [
    runs.bucketFile('a', 'pieces/train-7', 7),
    runs.trainShard('a', 7),
    runs.allActions('a', 7),
    runs.recentHistories('a', 7),
  ],
  ...Object.fromEntries(
    ['validation', 'test', 'arrived', 'events'].map((name) => [
      `build-sequences putBytes file("${name}")`,
      [runs.bucketFile('a', name, 7)],
    ]),
  ),
  ...Object.fromEntries(
    ['popularity', 'cut'].map((name) => [
      `build-sequences putJson file("${name}")`,
      [runs.bucketFile('a', name, 7)],
    ]),
  ),
  'evaluate-models getJson keys.description': [...model, ...refitted],
  'evaluate-models getBytes keys.weights': [...model, ...refitted],
  'evaluate-models getJson keys.vocabulary': [...model, ...refitted],
  'evaluate-models getJson key': [...model, ...nights],
  'evaluate-models getJson description': [...model, ...refitted],
  'evaluate-models getBytes weights': model,
  'fit-rivals getVersion description': [runs.fittedRivals('a', 'training').description],
  'fit-rivals getJson description': fittedRivals,
  'fit-rivals getBytes weights': fittedRivals,
  'fit-rivals putBytes files.weights': [...fittedRivals, ...model],
  'fit-rivals putJson files.description': [...fittedRivals, ...model],
  'fit-rivals putJson files.vocabulary': model,
  'fit-rivals putBytes ranksOf("validation")': [runs.modelRanks('a', 'b', 'validation')],
  'fit-rivals putBytes ranksOf("test")': [runs.modelRanks('a', 'b', 'test')],
  'build-sequences getJson key': nights,
  'plan-training getJson description': model,
  'expire-runs getJson key': [serving.championHistory('a')],
  'expire-runs remove expired': bulk,
  'forget-users list ""': [''],
  'forget-users getBytes key': ['anything', deletions.request('x')],
  'forget-users getBytes file.key': log,
  'forget-users getJson key': [serving.championHistory('a')],
  'forget-users getStream file.key': log,
  'forget-users getStream key': log,
  'forget-users head key': log,
  'forget-users putIfMatch key': withRows,
  'forget-users putStreamIfMatch key': log,
  'forget-users remove [key]': withRows,
  'forget-users remove [file.key]': log,
  'forget-users remove gone': [runs.trainShard('a', 7)],
  'forget-users remove [deletions.progress(deletion), request.key]': [
    deletions.progress('d'),
    deletions.request('x'),
  ],
  'expire-runs list prefix': [
    runs.prefix('a'),
    environments.folder('v'),
    vectors.part('m', 's', '').replace('part-.arrow', ''),
  ],
  'expire-runs folders baseModel': [vectors.sentences('m')],
  'build-sequences list prefix': [items.ofUpload('dt=2026-11-23/u')],
  'build-sequences remove [...added].map(catalogues.pending)': [
    catalogues.pending('dt=2026-11-23/u'),
  ],
  'begin-run head key': [runs.catalogue('a'), runs.listedItems('a')],
  'begin-run list prefix': [interactions.prefix, items.prefix, uploads.baseModelPrefix('a')],
  'parse-range remove ranges.map((_, range) => rowsKey(plan, range))': stored,
  // The uploaded file, the known items of the catalogue, and the rows that are counted.
  'parse-range getBytes key': [...uploaded, ...stored, runs.listedItems('a')],
  'parse-range getStream key': [...uploaded, ...stored],
  'parse-range head key': [...stored, runs.catalogue('a'), runs.listedItems('a')],
  'parse-range list prefix': [items.prefix],
  'parse-range getVersion key': [uploads.rangeCounts('u', 7)],
  'parse-range putIfAbsent key': [uploads.rangeCounts('u', 7)],
  'parse-range putStreamIfAbsent key': [...stored, uploads.quarantine('u', 7)],
  'plan-training head key': model,
  'plan-upload getBytes key': uploaded,
  'plan-upload getStream key': uploaded,
  'plan-upload head key': [...uploaded, runs.catalogue('a'), runs.listedItems('a')],
  'plan-upload list prefix': [items.prefix],
  'plan-refit getJson judged.description': model,
  'plan-refit getBytes judged.weights': model,
  'plan-refit getJson judged.vocabulary': model,
  'plan-refit putBytes files.weights': refitted,
  'plan-refit putJson files.vocabulary': refitted,
  'plan-refit putJson files.description': refitted,
  'promote-winner head key': [...model, ...refitted],
  'promote-winner putIfMatch recordKey': [serving.championHistory('a')],
  'promote-winner putIfAbsent recordKey': [serving.championHistory('a')],
  'publish-report getJson key': [
    `${runs.augmentationResultsPrefix('a')}x.json`,
    runs.paid('a', 'b'),
    ...nights,
  ],
  'publish-report head key': [
    runs.fittedRivalsManifest('a'),
    runs.modelManifest('a', 'b'),
    runs.refittedManifest('a', 'b'),
    runs.sequencesManifest('a'),
    environments.registration('v'),
    runs.itemVectorsMetrics('a'),
    runs.evaluation('a'),
  ],
  'publish-report getStream key': [...stored.slice(0, 1), impressions.file('2026-11-23', 'a')],
  'publish-report getBytes key': stored.slice(0, 1),
  'publish-report getJson keys.description': [...model, ...refitted],
  'publish-report getBytes keys.weights': [...model, ...refitted],
  'publish-report getJson keys.vocabulary': [...model, ...refitted],
  'recommend getJson keys.description': [...model, ...refitted],
  'recommend getBytes keys.weights': [...model, ...refitted],
  'recommend getJson keys.vocabulary': [...model, ...refitted],
  'recommend-batch getJson keys.description': [...model, ...refitted],
  'recommend-batch getBytes keys.weights': [...model, ...refitted],
  'recommend-batch getJson keys.vocabulary': [...model, ...refitted],
  'recommend-batch list prefix': [serving.recommendationsBatchPrefix('a', 'b')],
  'plan-vectors list prefix': [uploads.baseModelPrefix('m'), vectors.sentences('m')],
  'plan-vectors head key': [runs.catalogue('a'), runs.itemVectors('a')],
  'register-model getJson metrics': [`${runs.jobsPrefix('a')}job/output/model/metrics.json`],
  'register-model copy `${source}item-vectors.arrow`': [
    `${runs.jobsPrefix('a')}job/output/model/item-vectors.arrow`,
  ],
  'register-model copy target': [runs.itemVectors('a')],
  'register-model copy vectors.sentences(baseModel) + key.slice(store.length)': [
    vectors.part('m', 's', '1'),
  ],
  'register-model copy metrics': [`${runs.jobsPrefix('a')}job/output/model/metrics.json`],
  'register-model list source': [runs.jobsPrefix('a')],
  'register-model copy key': [`${runs.jobsPrefix('a')}job/output/model/model.json`],
  'register-model copy prefix + key.slice(source.length)': [
    runs.modelManifest('a', 'b'),
    runs.refittedManifest('a', 'b'),
    environments.manifest('v'),
  ],
};

interface Needs {
  readonly get: string[];
  readonly put: string[];
  readonly delete: string[];
  readonly list: string[];
}

/** The permissions that a function's code needs. */
function needsOf(name: string, uses: readonly KeyUse[]): Needs {
  const needs: Needs = { get: [], put: [], delete: [], list: [] };
  for (const { operation, expressions } of uses) {
    const [keys, targets] = expressions.map((expression) => {
      const key = sampleKey(expression);
      const found = key === undefined ? meanings[`${name} ${operation} ${expression}`] : [key];
      if (found !== undefined) return found;
      throw new Error(`Say in \`meanings\` what "${name} ${operation} ${expression}" stands for.`);
    });
    if (/^(get|head|copy)/.test(operation)) needs.get.push(...keys!);
    if (/^put/.test(operation)) needs.put.push(...keys!);
    // A write over a version that was read: S3 wants the right to read as well.
    if (/IfMatch$/.test(operation)) needs.get.push(...keys!);
    if (operation === 'copy') needs.put.push(...targets!);
    if (operation === 'remove') needs.delete.push(...keys!);
    if (operation === 'list' || operation === 'folders') needs.list.push(...keys!);
  }
  return needs;
}

const synthesis = synthesise();
const uses = keyUses(root);
const parts = ['data', 'environment', 'retraining', 'serving'] as const;

function grantsOf(name: string) {
  const template = parts
    .map((part) => synthesis.template(part))
    .find(
      (candidate) =>
        Object.keys(
          candidate.findResources('AWS::Lambda::Function', {
            Properties: { FunctionName: `lea-dev-${name}` },
          }),
        ).length > 0,
    )!;
  return statementsOf(template, roleOf(template, `lea-dev-${name}`));
}

describe.each(functionNames(root))('Policy of %s', (name) => {
  const statements = grantsOf(name);
  const needs = needsOf(name, uses.get(name)!);
  const granted = {
    get: keyPatterns(statements, 's3:GetObject'),
    put: keyPatterns(statements, 's3:PutObject'),
    delete: keyPatterns(statements, 's3:DeleteObject'),
    list: listPatterns(statements),
  };

  it.each(['get', 'put', 'delete', 'list'] as const)(
    'allows every %s that the code does',
    (verb) => {
      const refused = needs[verb].filter(
        (key) => !granted[verb].some((pattern) => matches(pattern, key)),
      );
      expect(refused).toStrictEqual([]);
    },
  );

  it.each(['get', 'put', 'delete', 'list'] as const)(
    'allows no %s that the code does not do',
    (verb) => {
      // Listing goes with reading.
      const wanted = verb === 'list' ? [...needs.list, ...needs.get] : needs[verb];
      const idle = granted[verb].filter((pattern) => !wanted.some((key) => matches(pattern, key)));
      expect(idle).toStrictEqual([]);
    },
  );

  it('says whether an object that it may read is not there', () => {
    // Without s3:ListBucket, S3 answers 403 instead of 404.
    const blind = granted.get.filter((pattern) => !granted.list.includes(pattern));
    expect(blind).toStrictEqual([]);
  });

  it('grants no S3 action but these', () => {
    const actions = statements.flatMap((statement) => statement.actions);
    const s3 = [...new Set(actions.filter((action) => action.startsWith('s3:')))];
    expect(
      s3.filter(
        (action) =>
          ![
            's3:GetObject',
            's3:PutObject',
            's3:AbortMultipartUpload',
            's3:DeleteObject',
            's3:ListBucket',
          ].includes(action),
      ),
    ).toStrictEqual([]);
  });
});
