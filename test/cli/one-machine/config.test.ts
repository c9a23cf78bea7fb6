import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nightConfig } from '#cli/one-machine/config.ts';
import { parseConfig } from '#lib/contracts/config.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

const root = join(import.meta.dirname, '../../..');
const dir = temporaryFolder('config');
const oneMachine = JSON.parse(readFileSync(join(root, 'config/one-machine.json'), 'utf8'));

/** A configuration file with this content. */
function fileOf(content: string): string {
  const file = join(dir, 'config.json');
  writeFileSync(file, content);
  return file;
}

describe('Function: nightConfig', () => {
  it('is that of one machine when nothing is asked for', () => {
    const { config, configText } = nightConfig(undefined);
    expect(config).toStrictEqual(parseConfig(oneMachine, 'test'));
    expect(JSON.parse(configText)).toStrictEqual(oneMachine);
  });

  it('changes what a file mentions, and nothing else', () => {
    // Arrange
    const models = [{ name: 'mine', backbone: 'caser', objective: 'sqn' }];
    const file = fileOf(
      JSON.stringify({ environment: { adapter: { rank: 4 } }, training: { models } }),
    );
    // Act
    const { config } = nightConfig(file);
    // Assess
    const adapter = { ...oneMachine.environment.adapter, rank: 4 };
    const environment = { ...oneMachine.environment, adapter };
    expect(config).toStrictEqual(
      parseConfig({ ...oneMachine, environment, training: { models } }, 'test'),
    );
  });

  it.each([
    ['{"training": {"modles": []}}', /training\.modles: unknown key/],
    ['{"environment": {"layers": "two"}}', /environment\.layers: .*expected number/],
    ['{"training": {"__proto__": 1}}', /training\.__proto__ cannot/],
    ['{"environment": 3}', /environment: .*expected object/],
    ['[]', /top level.*expected object/],
    ['{', /cannot be read as JSON/],
  ])('refuses %s, naming the file and the key', (content, message) => {
    const file = fileOf(content);
    expect(() => nightConfig(file)).toThrow(message);
    expect(() => nightConfig(file)).toThrow(file);
  });

  const withConfig = readdirSync(join(root, 'examples')).filter((name) =>
    existsSync(join(root, 'examples', name, 'config.json')),
  );
  it.each(withConfig)('reads the configuration of examples/%s', (name) => {
    const { config } = nightConfig(join(root, 'examples', name, 'config.json'));
    expect(config.environment.layers).toBe(oneMachine.environment.layers);
  });
});
