import type { PipelineConfig } from '#lib/contracts/config.ts';
import { type Html, html } from '../html.ts';

/** The whole configuration with its defaults, to repeat the run. */
export function configurationSection(config: PipelineConfig): Html {
  return html`<details><summary>Everything that was set, and every default</summary><pre tabindex="0">${JSON.stringify(config, null, 2)}</pre></details>`;
}
