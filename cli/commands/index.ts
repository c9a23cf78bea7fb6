import type { Command } from './command.ts';

interface Entry {
  /** One line. */
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** The commands of `lea` by name. Only the one that was given is loaded. */
export const commands: Readonly<Record<string, Entry>> = {
  demo: {
    summary: 'run the whole pipeline on the bundled MovieTweetings data',
    load: async () => (await import('./demo.ts')).demo,
  },
  run: {
    summary: 'run the whole pipeline on this machine, on your own data',
    load: async () => (await import('./run.ts')).run,
  },
  init: {
    summary: 'look at your files and write a configuration that reads them',
    load: async () => (await import('./init.ts')).init,
  },
  import: {
    summary: "take over a team's files of Amazon Personalize",
    load: async () => (await import('./import.ts')).importCommand,
  },
  validate: {
    summary: 'say in seconds what an upload of your files would say',
    load: async () => (await import('./validate.ts')).validate,
  },
  recommend: {
    summary: 'show what a user, or somebody with a given history, is recommended',
    load: async () => (await import('./recommend.ts')).recommend,
  },
  similar: {
    summary: 'show the items that resemble one',
    load: async () => (await import('./similar.ts')).similar,
  },
  rerank: {
    summary: 'put given items in the order in which somebody would like them',
    load: async () => (await import('./rerank.ts')).rerank,
  },
  status: {
    summary: 'tell what is in service, and how nights and uploads ended',
    load: async () => (await import('./status.ts')).status,
  },
  runs: {
    summary: 'list nights, when they began and how they ended',
    load: async () => (await import('./runs.ts')).runsCommand,
  },
  uploads: {
    summary: 'list uploads, or show the report of one',
    load: async () => (await import('./uploads.ts')).uploadsCommand,
  },
  report: {
    summary: "show a night's figures and write its report",
    load: async () => (await import('./report.ts')).report,
  },
  champion: {
    summary: 'show who is in service and who was, compare, promote, roll back',
    load: async () => (await import('./champion.ts')).champion,
  },
  start: {
    summary: 'begin a night now, on what has been uploaded',
    load: async () => (await import('./executions.ts')).start,
  },
  resume: {
    summary: 'go on with a run that failed or was stopped',
    load: async () => (await import('./executions.ts')).resume,
  },
  stop: {
    summary: 'stop the night that is at work',
    load: async () => (await import('./executions.ts')).stop,
  },
  redrive: {
    summary: 'give what functions could not do another try',
    load: async () => (await import('./redrive.ts')).redrive,
  },
  backfill: {
    summary: 'upload a history of many files in order',
    load: async () => (await import('./backfill.ts')).backfill,
  },
  open: {
    summary: 'show lists, nights, uploads and quarantine on a page on this machine',
    load: async () => (await import('./open.ts')).open,
  },
  serve: {
    summary: 'answer over HTTP on this machine, as the deployed function does',
    load: async () => (await import('./serve.ts')).serve,
  },
  export: {
    summary: "copy the model, the report, the lists and the uploads' reports into a folder",
    load: async () => (await import('./export.ts')).exportCommand,
  },
  forget: {
    summary: 'take all rows of users out, everywhere, and search for what is left',
    load: async () => (await import('./forget.ts')).forget,
  },
  train: {
    summary: 'train one recommender by hand, with progress and time left',
    load: async () => (await import('./train.ts')).train,
  },
  experiment: {
    summary: 'compare recommenders over models and seeds on any file of sequences',
    load: async () => (await import('./experiment.ts')).experiment,
  },
  environment: {
    summary: 'compare environments: what they cost, how good they are, what comes of it',
    load: async () => (await import('./environment.ts')).environment,
  },
  simulate: {
    summary: 'compare recommenders by the reward of whole sessions, in worlds whose truth is known',
    load: async () => (await import('./simulate.ts')).simulate,
  },
  value: {
    summary: 'estimate from logs with propensities what a policy would have brought',
    load: async () => (await import('./value.ts')).value,
  },
  vectors: {
    summary: 'give every item of a catalogue a vector from its text',
    load: async () => (await import('./vectors.ts')).vectors,
  },
  cost: {
    summary: 'estimate what a run, and a month without any, costs on AWS',
    load: async () => (await import('./cost.ts')).cost,
  },
  preflight: {
    summary: 'check what would stop a deployment or a night on AWS, before anything is paid',
    load: async () => (await import('./preflight.ts')).preflight,
  },
  rollback: {
    summary: 'put an earlier champion back into service',
    load: async () => (await import('./rollback.ts')).rollback,
  },
  approve: {
    summary: 'let a large change of the catalogue take effect',
    load: async () => (await import('./approve.ts')).approve,
  },
  completion: {
    summary: 'print a script that completes commands in bash, zsh or fish',
    load: async () => (await import('./completion.ts')).createCompletion(commands),
  },
  bench: {
    summary: 'run one benchmark of bench/ beside its peer',
    load: async () => (await import('./bench.ts')).bench,
  },
};
