/** What either side of the bench is asked to do: read the file, and write what it holds. */
export interface IngestionJob {
  /** Gzipped interactions, JSON lines or CSV by its name. */
  readonly file: string;
  readonly output: string;
}

/** What it took from when the process had loaded its program; memory is that of the whole process. */
export interface IngestionCost {
  readonly rows: number;
  readonly bytes: number;
  readonly cpuSeconds: number;
  readonly seconds: number;
  readonly megabytes: number;
}

/** Reads the job from the arguments, does it, and says on standard output what the process has taken. */
export async function reportCost(
  work: (job: IngestionJob) => Promise<Pick<IngestionCost, 'rows' | 'bytes'>>,
): Promise<void> {
  const [file, output] = process.argv.slice(2) as [string, string];
  const begun = performance.now();
  const before = process.cpuUsage();
  const done = await work({ file, output });
  const { user, system } = process.cpuUsage(before);
  const cost: IngestionCost = {
    ...done,
    cpuSeconds: (user + system) / 1e6,
    seconds: (performance.now() - begun) / 1000,
    megabytes: process.resourceUsage().maxRSS / 1024,
  };
  process.stdout.write(`${JSON.stringify(cost)}\n`);
}
