import { describe, expect, it } from 'vitest';
import { deployedConfig } from '#functions/shared/deployed-config.ts';
import { readEnvironment, variables } from '#functions/shared/environment-variables.ts';
import { ConfigError } from '#lib/contracts/errors.ts';

const config = JSON.stringify({
  training: { models: [{ name: 'a', backbone: 'sasrec', objective: 'supervised' }] },
});

describe('Function: readEnvironment', () => {
  it('reads what is asked for and leaves the rest alone', () => {
    const environment = readEnvironment(
      { BUCKET: variables.BUCKET, PIPELINE_CONFIG: deployedConfig },
      { BUCKET: 'a-bucket', PIPELINE_CONFIG: config, PATH: '/bin' },
    );

    expect(environment.BUCKET).toBe('a-bucket');
    expect(environment.PIPELINE_CONFIG.interactions.maximumBadShare).toBe(0.05);
    expect(Object.keys(environment)).toStrictEqual(['BUCKET', 'PIPELINE_CONFIG']);
  });

  it('names every variable that is missing or wrong', () => {
    const read = () =>
      readEnvironment(
        { BUCKET: variables.BUCKET, PARSE_QUEUE_URL: variables.PARSE_QUEUE_URL },
        { PARSE_QUEUE_URL: 'no url' },
      );

    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/BUCKET[\s\S]*PARSE_QUEUE_URL/);
  });

  it.each([
    ['not JSON', '{'],
    ['an unknown key', JSON.stringify({ ...JSON.parse(config), trianing: 1 })],
  ])('says what is wrong with a configuration that is %s', (_, text) => {
    const read = () =>
      readEnvironment({ PIPELINE_CONFIG: deployedConfig }, { PIPELINE_CONFIG: text });

    expect(read).toThrow(/PIPELINE_CONFIG/);
  });
});
