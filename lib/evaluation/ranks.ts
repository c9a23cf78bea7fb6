import { ContractError } from '#lib/contracts/errors.ts';

/*
 * Ranks are all that evaluation needs of a recommender: for each case the target's place, from 1, in the list that
 * serving would show, or 0 if the target is not in it (docs/contracts.md, 6). Always among all items, never among a
 * sample of them.
 */

/** `ranks/*.bin` and `lists/*.bin`: little-endian int32. */
export function encodeInts(values: Int32Array): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(values.length * 4));
  values.forEach((value, index) => {
    bytes.setInt32(index * 4, value, true);
  });
  return new Uint8Array(bytes.buffer);
}

/**
 * Reads `ranks/*.bin`.
 *
 * @param cases how many cases were ranked
 * @param what whose ranks, for messages
 * @throws ContractError if they are not ranks of as many cases
 */
export function decodeRanks(bytes: Uint8Array, cases: number, what: string): Int32Array {
  if (bytes.byteLength !== cases * 4) {
    throw new ContractError(
      `${what}: ${bytes.byteLength} bytes of ranks, expected ${cases * 4} for ${cases} cases.`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ranks = Int32Array.from({ length: cases }, (_, index) => view.getInt32(index * 4, true));
  const wrong = ranks.findIndex((rank) => rank < 0);
  if (wrong !== -1) {
    throw new ContractError(
      `${what}: case ${wrong} has the rank ${ranks[wrong]}, expected 0 (not in the list) or more.`,
    );
  }
  return ranks;
}

/**
 * Reads `lists/*.bin`: item indices, 0 where there are no more.
 *
 * @param cases how many lists there are
 * @param what whose lists, for messages
 * @throws ContractError if they are not lists of as many cases, all of one length
 */
export function decodeLists(
  bytes: Uint8Array,
  cases: number,
  what: string,
): { readonly items: Int32Array; readonly listLength: number } {
  const listLength = bytes.byteLength / 4 / cases;
  if (!Number.isInteger(listLength)) {
    throw new ContractError(
      `${what}: ${bytes.byteLength} bytes of lists are not lists of one length for ${cases} cases.`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const items = Int32Array.from({ length: cases * listLength }, (_, at) =>
    view.getInt32(at * 4, true),
  );
  return { items, listLength };
}
