import { describe, expect, it } from 'vitest';
import { commands } from '#cli/commands/index.ts';
import { readOptions, UsageError } from '#cli/commands/options.ts';

/** Of each command, arguments with which nothing but what is added is wrong. */
const complete: Record<string, readonly string[]> = {
  demo: [],
  run: ['--interactions', 'package.json', '--items', 'package.json', '--out', 'x'],
  train: ['--interactions', 'x', '--out', 'x'],
  experiment: ['--interactions', 'x', '--out', 'x', '--models', 'sasrec:supervised'],
  environment: ['study', '--config', 'x'],
  cost: ['--interactions', '1000', '--items', '100'],
  preflight: ['--environment', 'dev'],
  rollback: ['--bucket', 'x'],
  recommend: ['--user', 'a', '--bucket', 'x'],
  rerank: ['--user', 'a', '--items', 'b', '--bucket', 'x'],
  runs: ['--bucket', 'x'],
  start: ['--environment', 'x'],
  resume: ['--run', 'a', '--environment', 'x'],
  stop: ['--environment', 'x'],
  redrive: ['--environment', 'x'],
  backfill: ['package.json', '--bucket', 'x'],
  uploads: ['--upload', 'u', '--bucket', 'x'],
  report: ['--run', 'a', '--bucket', 'x'],
  champion: ['show', '--bucket', 'x'],
  similar: ['i1', '--bucket', 'x'],
  completion: ['fish'],
  forget: ['--user', 'a', '--bucket', 'x'],
  approve: ['--upload', 'u', '--bucket', 'x'],
  status: ['--bucket', 'x'],
  export: ['--to', 'y', '--bucket', 'x'],
  open: ['--bucket', 'x'],
  serve: ['--bucket', 'x'],
  import: ['personalize', '--interactions', 'package.json', '--to', 'nowhere.json'],
  init: ['--to', 'x.json'],
  validate: ['--items', 'x'],
  simulate: ['--config', 'examples/simulator/tiny.json', '--out', 'x'],
  value: ['--decisions', 'x'],
  vectors: ['--items', 'x', '--out', 'y'],
};

describe('Function: readOptions', () => {
  it('knows which option was meant by a slip', () => {
    const read = (arg: string) => () =>
      readOptions([arg, 'x'], { interactions: { type: 'string' } });

    expect(read('--interaction')).toThrow(
      "Unknown option '--interaction'; did you mean '--interactions'?",
    );
    expect(read('--items')).toThrow("Unknown option '--items'");
    expect(read('--items')).not.toThrow('did you mean');
  });
});

describe('Every command', () => {
  it('is in the table', () => {
    expect(Object.keys(commands).toSorted()).toEqual(
      [...Object.keys(complete), 'bench'].toSorted(),
    );
  });

  it.each(Object.keys(complete))('%s refuses an option that it does not have', async (name) => {
    const command = await commands[name]!.load();

    expect(() => command.prepare([...complete[name]!, '--foo'])).toThrow(UsageError);
    expect(() => command.prepare([...complete[name]!, '--foo'])).toThrow("Unknown option '--foo'");
  });

  it.each(Object.keys(complete).filter((name) => !['init', 'validate', 'backfill'].includes(name)))(
    '%s refuses a word that belongs to no option',
    async (name) => {
      const command = await commands[name]!.load();

      expect(() => command.prepare([...complete[name]!, 'stray'])).toThrow(UsageError);
    },
  );

  it.each(Object.keys(complete).filter((name) => !['demo', 'completion'].includes(name)))(
    '%s refuses an option that is given twice',
    async (name) => {
      const command = await commands[name]!.load();
      const args = complete[name]!;

      expect(() => command.prepare([...args, ...args.slice(-2)])).toThrow(UsageError);
      expect(() => command.prepare([...args, ...args.slice(-2)])).toThrow('more than once');
    },
  );

  it.each(Object.keys(complete).filter((name) => !['demo', 'preflight'].includes(name)))(
    '%s says what it cannot do without',
    async (name) => {
      const command = await commands[name]!.load();

      expect(() => command.prepare(name === 'environment' ? ['study'] : [])).toThrow(Error);
    },
  );
});

describe('Command: bench', () => {
  it('names the benches that there are', async () => {
    const bench = await commands.bench!.load();

    expect(() => bench.prepare(['nothing'])).toThrow(
      /There is no bench "nothing"; there are: .*lambda/,
    );
  });
});

describe('Command: experiment', () => {
  it.each([
    ['--set', 'dimension'],
    ['--set', '=3'],
  ])('refuses %s %s', async (...args) => {
    const experiment = await commands.experiment!.load();

    expect(() => experiment.prepare([...complete.experiment!, ...args])).toThrow('SETTING=VALUE');
  });

  it('refuses a setting that is given twice', async () => {
    const experiment = await commands.experiment!.load();
    const settings = ['--set', 'dimension=8', '--set', 'dimension=16'];

    expect(() => experiment.prepare([...complete.experiment!, ...settings])).toThrow(
      '--set dimension is given more than once',
    );
  });
});

describe('Function: readOptions', () => {
  it('gives the values, and lists where an option may be repeated', () => {
    const options = { one: { type: 'string' }, many: { type: 'string', multiple: true } } as const;

    expect(readOptions(['--one', '1', '--many', 'a', '--many=b'], options)).toEqual({
      one: '1',
      many: ['a', 'b'],
    });
  });

  it('refuses an option without its value', () => {
    expect(() => readOptions(['--one'], { one: { type: 'string' } })).toThrow(UsageError);
  });
});

describe('Command: start', () => {
  it('lets a night on what is there have another configuration, on this machine alone', async () => {
    const start = await commands.start!.load();
    const config = 'examples/movietweetings/config.json';
    const prepare =
      (...args: readonly string[]) =>
      () =>
        start.prepare(args);

    expect(prepare('--out', 'nowhere', '--config', config)).not.toThrow();
    expect(prepare('--out', 'nowhere', '--config', 'package.json')).toThrow('is not a valid');
    expect(prepare('--environment', 'dev', '--config', config)).toThrow(UsageError);
  });
});
