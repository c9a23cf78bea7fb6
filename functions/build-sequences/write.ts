import type { Objects } from '#functions/shared/objects.ts';
import { runs } from '#lib/pipeline/keys.ts';
import type { BuiltSequences } from '#lib/sequences/build.ts';
import { encodeItemTable } from '#lib/sequences/item-table.ts';
import { encodeEvaluationCases, encodeSequenceShard } from '#lib/sequences/shard.ts';

/** Writes at the same time. */
const CONCURRENCY = 16;

/** Writes everything below `runs/<run>/sequences/`, the manifest last: its presence says that the rest is there. */
export async function writeSequences(
  objects: Pick<Objects, 'putBytes' | 'putJson'>,
  run: string,
  sequences: BuiltSequences,
): Promise<void> {
  const { itemTable, shards, validation, test, manifest, excluded } = sequences;
  await objects.putBytes(runs.itemTable(run), encodeItemTable(itemTable));
  await objects.putBytes(
    runs.evaluationCases(run, 'validation'),
    encodeEvaluationCases(validation),
  );
  await objects.putBytes(runs.evaluationCases(run, 'test'), encodeEvaluationCases(test));
  await objects.putJson(runs.excluded(run), excluded);
  const parts = shards.entries();
  const write = async () => {
    for (const [part, shard] of parts) {
      await objects.putBytes(runs.trainShard(run, part), encodeSequenceShard(shard));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, write));
  await objects.putJson(runs.sequencesManifest(run), manifest);
}
