import { parseRequest, similarRequest } from '#lib/serving/request.ts';
import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';
import { lookIntoBucket, placeOptions, placeUsage, readPlace } from './place.ts';
import { describeItem, describeList } from './recommend.ts';
import { readWanted, wantedOptions, wantedUsage } from './wanted.ts';

/** What resemblance is measured by, in words. */
const measures = {
  embedding: 'cosines of its item vectors',
  'co-occurrence': 'what the same people take',
};

export const similar: Command = {
  usage: `Usage: npx lea similar ITEM (--out DIR | --bucket NAME) [--count N] [--exclude ID,...] [--only ID,...]
                       [--where FIELD=VALUE ...] [--json]

Items that resemble ITEM (an id), by the model in service.

${placeUsage}
${wantedUsage}
  --json           the same for programs`,
  needs: [],
  prepare([item = '', ...args]) {
    if (item === '' || item.startsWith('--')) {
      throw new UsageError('Which item is missing: give its id first.');
    }
    const { out, bucket, environment, json, ...options } = readOptions(args, {
      ...placeOptions,
      ...wantedOptions,
      json: { type: 'boolean', default: false },
    });
    const place = readPlace({ out, bucket, environment });
    const request = parseRequest(similarRequest, { item_id: item, ...readWanted(options) });
    return () =>
      lookIntoBucket(place, async (objects) => {
        const { similarTo } = await import('../artefacts/recommendation.ts');
        const made = await similarTo(objects, request);
        const { name, run } = made.champion;
        const lines = [
          `Like ${describeItem(made.item)}, by ${measures[made.source]} in ${name} of run ${run}`,
          ...(made.items.length === 0 ? ['  nothing resembles it'] : describeList(made.items)),
        ];
        console.log(json ? JSON.stringify(made, null, 2) : lines.join('\n'));
        return 0;
      });
  },
};
