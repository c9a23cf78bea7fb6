import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listenForInterruption } from '../../process/interruption.ts';
import { readSimulation } from './config.ts';
import { runSimulation } from './simulate.ts';
import { simulationPictures, simulationTable } from './table.ts';

/**
 * Runs a simulation with progress on the terminal, and prints its tables.
 *
 * @param file the simulation's configuration
 * @param out folder of `results.json`, `simulation.md`, a picture of each world, and everything behind them
 * @throws Interrupted when somebody stopped it; the same simulation goes on from there
 */
export async function simulateOnTerminal(file: string, out: string): Promise<void> {
  const plan = readSimulation(file);
  using interruption = listenForInterruption(() => console.log('stopping'));
  const { signal } = interruption;
  const begun = performance.now();
  try {
    const results = await runSimulation(plan, out, {
      shouldStop: () => signal.aborted,
      onCell({ world, seed, policy, reward, finished, cells }) {
        const minutes = (performance.now() - begun) / 60_000;
        const left = (minutes / finished) * (cells - finished);
        console.log(
          `${finished}/${cells} ${world} seed ${seed} ${policy}: ${reward.toFixed(3)} a session, about ${left.toFixed(0)} min left`,
        );
        if (signal.aborted) throw signal.reason;
      },
    });
    const table = simulationTable(results);
    writeFileSync(join(out, 'simulation.md'), `${table}\n`);
    for (const [name, picture] of simulationPictures(results)) {
      writeFileSync(join(out, name), picture);
    }
    console.log(`\n${table}\n\n${join(out, 'results.json')}`);
  } catch (error) {
    if (!signal.aborted) throw error;
    console.log((error as Error).message);
    throw signal.reason;
  }
}
