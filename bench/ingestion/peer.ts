import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { DuckDBInstance } from '@duckdb/node-api';
import { reportCost } from './job.ts';

/** The types that ingestion checks a row for. */
const types = {
  user_id: 'VARCHAR',
  item_id: 'VARCHAR',
  timestamp: 'DOUBLE',
  event_type: 'VARCHAR',
  value: 'DOUBLE',
};

/** The same file through DuckDB: typed columns, a Parquet file compressed as ours is. */
await reportCost(async ({ file, output }) => {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(availableParallelism()),
  });
  const connection = await instance.connect();
  const columns = `{${Object.entries(types)
    .map(([name, type]) => `${name}: '${type}'`)
    .join(', ')}}`;
  const read = file.endsWith('.csv.gz')
    ? `read_csv('${file}', header = true, auto_detect = false, delim = ',', quote = '"', columns = ${columns})`
    : `read_json('${file}', format = 'newline_delimited', columns = ${columns})`;
  // Sorted like ours only where that is asked for.
  const order = process.argv[4] === 'sorted' ? 'ORDER BY user_id' : '';
  const result = await connection.run(
    `COPY (SELECT * FROM ${read} ${order}) TO '${output}' (FORMAT parquet, COMPRESSION zstd)`,
  );
  const [[rows]] = (await result.getRows()) as [[bigint]];
  connection.closeSync();
  instance.closeSync();
  return { rows: Number(rows), bytes: statSync(output).size };
});
