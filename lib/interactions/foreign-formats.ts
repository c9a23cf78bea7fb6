const UTF_16 =
  'is UTF-16 text. Save it as UTF-8, or set "encoding": "utf-16" in interactions.file (of items in interactions.items.file).';

/**
 * Beginnings of files that are neither JSON lines nor CSV in UTF-8: at which byte, which bytes, and what to do. Some are
 * short words that a header line might begin with; those files go on with bytes that are no text.
 */
const beginnings: readonly (readonly [at: number, hex: string, what: string])[] = [
  [0, '1f8b', 'is compressed twice. Compress it once.'],
  [0, 'fffe0000', 'is UTF-32 text. Save it as UTF-8.'],
  [0, '0000feff', 'is UTF-32 text. Save it as UTF-8.'],
  [0, 'fffe', UTF_16],
  [0, 'feff', UTF_16],
  [0, '504b0304', 'is a zip archive (or .xlsx). Compress with gzip or Zstandard, or not at all.'],
  [
    0,
    '504b0506',
    'is a zip archive without files. Compress with gzip or Zstandard, or not at all.',
  ],
  [0, '526172211a07', 'is a RAR archive. Compress with gzip or Zstandard, or not at all.'],
  [0, '377abcaf271c', 'is a 7-Zip archive. Compress with gzip or Zstandard, or not at all.'],
  [257, '7573746172', 'is a tar archive. Upload the files in it one by one.'],
  [
    0,
    '50415231',
    'is a Parquet file. Give it a name that ends in .parquet, and do not compress it once more.',
  ],
  [0, '4f5243', 'is an ORC file. Write it as Parquet, JSON lines or CSV.'],
  [0, '4f626a01', 'is an Avro file. Write it as Parquet, JSON lines or CSV.'],
  [0, '4152524f5731', 'is an Arrow file. Write it as Parquet, JSON lines or CSV.'],
  [0, '53514c69746520666f726d6174', 'is an SQLite database. Write a table as JSON lines or CSV.'],
  [0, 'd0cf11e0a1b11ae1', 'is an Excel file (.xls). Save it as CSV in UTF-8.'],
  [0, '25504446', 'is a PDF. Upload the data themselves.'],
  [0, '28b52ffd', 'is compressed twice. Compress it once.'],
  [0, '425a68', 'is compressed with bzip2. Compress with gzip or Zstandard, or not at all.'],
  [0, 'fd377a585a00', 'is compressed with xz. Compress with gzip or Zstandard, or not at all.'],
  [0, '04224d18', 'is compressed with LZ4. Compress with gzip or Zstandard, or not at all.'],
  [
    0,
    'ff060000734e61507059',
    'is compressed with Snappy. Compress with gzip or Zstandard, or not at all.',
  ],
];

const LOOKED_AT = 1024;

/** Words of what nobody can search as text: it is packed, or written in pages. */
const opaque = /zip|RAR|7-Zip|ORC|Avro|Excel|PDF|SQLite|compressed/;

/** Whether a file's text cannot be searched as it is. */
export function isOpaque(head: Buffer): boolean {
  const foreign = foreignFormat(head);
  return foreign !== undefined && opaque.test(foreign.split('.')[0]!);
}

export const isUtf16 = (head: Buffer): boolean => foreignFormat(head) === UTF_16;

/**
 * What else a file is, and what to do about it, as the rest of a sentence that begins with its name. Undefined for
 * what may be JSON lines or CSV.
 *
 * @param head how it begins, uncompressed
 */
export function foreignFormat(head: Buffer): string | undefined {
  const begin = head.subarray(0, LOOKED_AT);
  const isText = !begin.some((byte) => byte < 9 || byte >= 0x7f);
  const known = beginnings.find(
    ([at, hex]) =>
      !(isText && hex.length <= 6) &&
      begin.subarray(at, at + hex.length / 2).equals(Buffer.from(hex, 'hex')),
  );
  if (known) return known[2];
  if (/^\s*<(!doctype|html|\?xml|error)/i.test(begin.toString('latin1'))) {
    return 'is an HTML or XML page, perhaps the message of a failed export. Upload the data themselves.';
  }
  const width = wideCharacters(begin);
  return width === 16 ? UTF_16 : width && 'is UTF-32 text. Save it as UTF-8.';
}

/** 16 or 32 for text in the Latin alphabet that is written in so many bits a character, without a byte order mark. */
function wideCharacters(begin: Buffer): 16 | 32 | undefined {
  // Two characters, each a letter at this place among zeros.
  const isWide = (width: 2 | 4, letter: number) =>
    [...Array(2 * width).keys()].every((at) => (begin[at] === 0) === (at % width !== letter));
  if (isWide(4, 0) || isWide(4, 3)) return 32;
  if (isWide(2, 0) || isWide(2, 1)) return 16;
  return undefined;
}
