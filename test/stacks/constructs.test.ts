import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CfnResource } from 'aws-cdk-lib';
import { Construct, type IConstruct } from 'constructs';
import { describe, expect, it } from 'vitest';
import { everyOption } from './options.ts';
import { root, synthesise } from './synthesis.ts';

/** Every optional part switched on, one way and the other. */
const applications = [
  synthesise({ operations: everyOption }),
  synthesise({
    context: {
      environmentImageUri: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/lea-environment:1',
    },
  }),
];

const folder = join(root, 'stacks/constructs');
const files = readdirSync(folder);
const modules = await Promise.all(files.map((file) => import(join(folder, file))));
const classes = modules
  .flatMap((module) => Object.values(module))
  .filter(
    (value): value is typeof Construct =>
      typeof value === 'function' && value.prototype instanceof Construct,
  );
const isOurs = (construct: IConstruct) => classes.some((one) => construct instanceof one);
const constructs = applications.flatMap(({ app }) => app.node.findAll().filter(isOurs));

/** The resources of a construct, without those of our constructs in it. */
function resourcesOf(construct: IConstruct): IConstruct[] {
  return construct.node.children
    .filter((child) => !isOurs(child))
    .flatMap((child) => [...(child instanceof CfnResource ? [child] : []), ...resourcesOf(child)]);
}

/** The interfaces of properties of a file: name -> [documentation, property, optional?][] */
function propertiesOf(source: string): [string, [string, string, boolean][]][] {
  return [...source.matchAll(/^export interface (\w+Props)[^{]*\{\n([\s\S]*?)^\}/gm)].map(
    ([, name, body]) => [
      name!,
      [...body!.matchAll(/((?:^ {2}\/\*\*[\s\S]*?\*\/\n)?)^ {2}readonly (\w+)(\??):/gm)].map(
        ([, comment, property, mark]) => [comment!, property!, mark === '?'],
      ),
    ],
  );
}

describe('Our constructs', () => {
  it('are all deployed by one configuration or another', () => {
    const absent = classes.filter((one) => !constructs.some((each) => each instanceof one));
    expect(classes.length).toBeGreaterThan(15);
    expect(absent.map((one) => one.name)).toStrictEqual([]);
  });

  it('have at most eight resources each', () => {
    const large = constructs
      .map((construct) => [construct.node.path, resourcesOf(construct).length] as const)
      .filter(([, count]) => count > 8);
    expect(large).toStrictEqual([]);
  });

  it('hand out everything that they are made of', () => {
    const hidden = constructs.flatMap((construct) =>
      construct.node.children
        .filter((child) => !Object.values(construct).includes(child))
        .map((child) => child.node.path),
    );
    expect([...new Set(hidden)]).toStrictEqual([]);
  });

  it.each(files)('%s: at most seven properties, and a default for each optional one', (file) => {
    for (const [name, properties] of propertiesOf(readFileSync(join(folder, file), 'utf8'))) {
      expect(properties.length, name).toBeGreaterThan(0);
      expect(properties.length, name).toBeLessThanOrEqual(7);
      for (const [comment, property, optional] of properties) {
        if (optional) expect(comment, `${name}.${property}`).toContain('@default');
      }
    }
  });
});
