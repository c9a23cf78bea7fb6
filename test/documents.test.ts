import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const documents = globSync(
  ['*.md', '.github/**/*.md', '{docs,examples,local,layers,lib}/**/*.md'],
  { cwd: root },
);
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const withoutCode = (text: string) =>
  text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(path: string): Set<string> {
  const headings = [
    ...read(path)
      .replace(/^```[\s\S]*?^```/gm, '')
      .matchAll(/^#+ (.*)$/gm),
  ];
  return new Set(
    headings.map(([, heading]) =>
      heading!
        .toLowerCase()
        .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** What stands between backticks in running text. */
const codeOf = (document: string) =>
  [
    ...read(document)
      .replace(/^```[\s\S]*?^```/gm, '')
      .matchAll(/`([^`\n]*)`/g),
  ].map(([, code]) => code!);
const rooms = ['lib', 'functions', 'cli', 'containers', 'stacks', 'local', 'platform', 'layers'];
/** Paths of our own files, as they are written in documents. */
const paths = new RegExp(`^(?:${rooms.join('|')}|bench|setup|test|config)/[\\w./-]*\\.\\w+$`, 'g');
const wordsOfCode = new Set(
  globSync([`{${rooms.join(',')}}/**/*.{ts,py}`, '*.json', 'config/*.json'], { cwd: root }).flatMap(
    (path) => read(path).match(/\w+/g) ?? [],
  ),
);

describe('The documents', () => {
  it.each(documents)('%s links to what is there', (document) => {
    const links = [...withoutCode(read(document)).matchAll(/\]\(([^)\s]+)\)/g)].map(
      ([, link]) => link!,
    );

    const broken = links
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => {
        const [path = '', anchor] = link.split('#');
        const target = path === '' ? document : join(dirname(document), path);
        if (!existsSync(join(root, target))) return true;
        return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).has(anchor);
      });

    expect(broken).toEqual([]);
  });

  it.each(documents)('%s names files that are there', (document) => {
    const missing = codeOf(document)
      .flatMap((code) => code.match(paths) ?? [])
      .filter((path) => !existsSync(join(root, path)) && !path.includes('/x/'));

    expect(missing).toEqual([]);
  });

  it.each([
    'CONTRIBUTING.md',
    ...['walkthrough', 'contracts', 'trainer', 'evaluation', 'environment'].map(
      (name) => `docs/${name}.md`,
    ),
  ])('%s calls things by the names that the code has for them', (document) => {
    const names = codeOf(document).flatMap((code) => code.match(/\w*[a-z0-9][A-Z]\w*/g) ?? []);

    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !wordsOfCode.has(name))).toEqual([]);
  });
});
