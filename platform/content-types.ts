const contentTypes: Readonly<Record<string, string>> = {
  json: 'application/json',
  jsonl: 'application/x-ndjson',
  gz: 'application/gzip',
  arrow: 'application/vnd.apache.arrow.stream',
  html: 'text/html; charset=utf-8',
  svg: 'image/svg+xml',
};

/** What an object is by the ending of its key. */
export const contentTypeOf = (key: string): string =>
  contentTypes[key.slice(key.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
