/**
 * The number of parameters that a base model's name tells, for example `SmolLM2-135M-Instruct` or `qwen2.5-0.5b`.
 *
 * @returns undefined when the name tells none
 */
export function parametersInName(baseModel: string): number | undefined {
  const match = /(?:^|[-_.])(\d+(?:\.\d+)?)([mb])(?=$|[-_.])/i.exec(baseModel);
  if (match === null) return undefined;
  return Number(match[1]) * (match[2]!.toLowerCase() === 'm' ? 1e6 : 1e9);
}
