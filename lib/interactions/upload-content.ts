import { createColumnMapping, layoutOf } from './columns.ts';
import type { Compression } from './compression.ts';
import { asUtf8 } from './encoding.ts';
import type { FileFormat } from './file-rows.ts';
import { parquetLines, type RandomAccess } from './parquet.ts';
import type { UploadKind, UploadPlan } from './upload-plan.ts';

/** A file as it is stored: from its beginning, or any of its bytes. */
export interface StoredFile {
  /** Its bytes, uncompressed; without limits as many as there are. */
  readonly content: (
    compression: Compression | null,
    limits?: UploadPlan['settings'],
  ) => AsyncIterable<Uint8Array>;
  readonly random: () => RandomAccess;
}

/** What is known of a file and how it is read. */
export interface ContentFacts {
  readonly key: string;
  readonly kind: UploadKind;
  readonly format: FileFormat;
  readonly compression: Compression | null;
  readonly settings: UploadPlan['settings'];
}

/**
 * True when a file can be cut into ranges of bytes: what is compressed, Parquet or UTF-16 has to be read from its
 * beginning.
 */
export const canBeCut = ({ kind, format, compression, settings }: Omit<ContentFacts, 'key'>) =>
  compression === null &&
  format !== 'parquet' &&
  layoutOf(settings, kind).file.encoding !== 'utf-16';

/**
 * The bytes of a file's rows: uncompressed, Parquet as JSON lines, UTF-16 as UTF-8. The one place that unpacks what
 * teams upload, for functions and for commands.
 *
 * @param isLimited false for commands, which are nobody's function
 */
export async function* contentOf(
  file: StoredFile,
  { key, kind, format, compression, settings }: ContentFacts,
  isLimited: boolean,
): AsyncGenerator<Uint8Array> {
  const limits = isLimited ? settings : undefined;
  const layout = layoutOf(settings, kind);
  if (format === 'parquet') {
    const { uses } = createColumnMapping(kind, layout);
    const isWanted = (name: string) => uses(name) || uses(name.toLowerCase());
    const isAll = kind === 'catalog' && layout.otherColumns === 'keep';
    yield* parquetLines(file.random(), key, isAll ? undefined : isWanted, limits);
    return;
  }
  yield* asUtf8(file.content(compression, limits), layout.file.encoding, key);
}
