import type { InteractionsConfig } from '#lib/contracts/config/interactions.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import { createColumnMapping, layoutOf } from '#lib/interactions/columns.ts';
import { type Content, inspectContent } from '#lib/interactions/content.ts';
import { csvFields } from '#lib/interactions/csv.ts';
import { parseJsonRow } from '#lib/interactions/file-rows.ts';
import { createRowSplitter } from '#lib/interactions/framing.ts';
import { isRejection } from '#lib/interactions/reasons.ts';
import { namedFields } from '#lib/interactions/rows.ts';
import { endings, formatOf, type UploadKind } from '#lib/interactions/upload-plan.ts';
import { openLocal } from './upload-file.ts';

/**
 * Whether a file holds interactions or items, by the columns that the configuration asks for. What is neither, or cannot
 * be read, counts as interactions: read as these, it is told what it lacks.
 */
export async function kindOfFile(path: string, config: InteractionsConfig): Promise<UploadKind> {
  try {
    if (await holds(path, 'logs', config)) return 'logs';
    return (await holds(path, 'catalog', config)) ? 'catalog' : 'logs';
  } catch (error) {
    if (error instanceof ValidationError) return 'logs';
    throw error;
  }
}

async function holds(path: string, kind: UploadKind, config: InteractionsConfig): Promise<boolean> {
  const format = formatOf(path);
  if (format === undefined) {
    throw new ValidationError(
      `The name ${path} does not say what the file is: it must end in ${endings}.`,
    );
  }
  const { head, isWhole } = await openLocal(path, kind, format, config);
  const layout = layoutOf(config, kind);
  let content: Content | undefined;
  try {
    content = inspectContent(head, isWhole, { key: path, kind, format, layout });
  } catch (error) {
    // Another kind may be what it is.
    if (error instanceof ValidationError) return false;
    throw error;
  }
  if (content === undefined) return true;
  const { columns, dialect } = content;
  // Whose names come from its header line has what is needed; of others only the number of columns can tell.
  if (columns !== null && layout.file.names === null) return true;
  let names: readonly string[] | undefined;
  const splitter = createRowSplitter(
    { ...content, maximumLineBytes: head.byteLength },
    (record) => {
      if (names !== undefined) return;
      const text = record.bytes.toString('latin1', record.start, record.end);
      if (columns !== null) names = csvFields(text, dialect ?? undefined);
      const parsed = parseJsonRow(text, namedFields[kind]);
      if (!isRejection(parsed)) names = Object.keys(parsed.row);
    },
  );
  splitter.push(head.subarray(content.skipBytes));
  if (isWhole) splitter.end();
  if (columns !== null) return names?.length === columns.length;
  const { needed } = createColumnMapping(kind, layout);
  return needed.every((name) => names?.some((own) => own === name || name.startsWith(`${own}.`)));
}
