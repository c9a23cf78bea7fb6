/** JSONata for a key of the current run. */
export function runKey(key: (run: string) => string): string {
  const [before, after] = key('\u0000').split('\u0000');
  return `{% "${before}" & $run & "${after}" %}`;
}

/** JSONata for the S3 URI of a key of the current run. */
export function runUri(bucket: string, key: (run: string) => string): string {
  return runKey((run) => `s3://${bucket}/${key(run)}`);
}
