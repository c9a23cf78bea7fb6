/** What somebody types to give a command: `lea` where the package is installed, `npx lea` in a checkout. */
const name = process.env.LEA_CALLED ?? 'npx lea';

/** A text that names commands as in a checkout, with what has to be typed here. */
export const asCalled = (text: string): string => text.replaceAll('npx lea ', `${name} `);

/** A path for a command line that is to be copied: in quotes where a shell would read it otherwise. */
export const quoted = (path: string): string =>
  /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
