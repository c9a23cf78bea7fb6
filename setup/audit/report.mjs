/** @returns what a tool reported as JSON; undefined when it printed something else, or nothing */
export function parseReport(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
