import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { ContractError } from '#lib/contracts/errors.ts';
import type {
  CatalogueItem,
  IngestedInteraction,
  InteractionPart,
} from '#lib/sequences/interaction-log.ts';
import type { Objects } from '#platform/objects.ts';

/** An object of a run's snapshot. */
interface Input {
  readonly key: string;
  readonly etag: string;
}

/** The ingested interactions of a snapshot, object by object. */
export async function* readInteractions(
  objects: Objects,
  inputs: readonly Input[],
): AsyncGenerator<InteractionPart> {
  for (const input of inputs) {
    yield { key: input.key, rows: rowsOf<IngestedInteraction>(objects, input) };
  }
}

/** The catalogue by item id; of an item that was uploaded more than once, the newest arrival counts. */
export async function readCatalogue(
  objects: Objects,
  inputs: readonly Input[],
): Promise<Map<string, CatalogueItem>> {
  const catalogue = new Map<string, CatalogueItem>();
  const arrival = (input: Input) => input.key.split('/')[1] ?? '';
  const inOrder = inputs.toSorted((a, b) =>
    arrival(a) === arrival(b) ? compare(a.key, b.key) : compare(arrival(a), arrival(b)),
  );
  for (const input of inOrder) {
    type Row = CatalogueItem & { readonly item_id: string };
    for await (const { item_id, title, fields } of rowsOf<Row>(objects, input)) {
      catalogue.set(item_id, { title, fields });
    }
  }
  return catalogue;
}

/** Lines of a gzipped object that ingestion wrote; the snapshot's version, or an error. */
async function* rowsOf<Row>(objects: Objects, { key, etag }: Input): AsyncGenerator<Row> {
  const gunzip = createGunzip();
  const compressed = await objects.getStream(key, { etag });
  compressed.on('error', (error) => gunzip.destroy(error)).pipe(gunzip);
  const lines = createInterface({ input: gunzip, crlfDelay: Infinity });
  let number = 0;
  for await (const line of lines) {
    number++;
    try {
      yield JSON.parse(line) as Row;
    } catch {
      // Without its cause, which quotes the line, user id and all.
      throw new ContractError(`${key}, line ${number} is not JSON.`);
    }
  }
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
