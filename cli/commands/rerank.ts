import { parseRequest, rerankRequest } from '#lib/serving/request.ts';
import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';
import { lookIntoBucket, placeOptions, placeUsage, readPlace } from './place.ts';
import { describeList } from './recommend.ts';
import { readIds } from './wanted.ts';

export const rerank: Command = {
  usage: `Usage: npx lea rerank (--out DIR | --bucket NAME) (--user ID | --history ID,ID,...) --items ID,ID,... [--json]

Given items, in the order in which somebody would like them, by the model in service.

${placeUsage}
  --user ID        a user of the uploaded logs
  --history ID,... or somebody who took these items, the newest last
  --items ID,...   what is to be put in order
  --json           the same for programs`,
  needs: [],
  prepare(args) {
    const { out, bucket, environment, user, history, items, json } = readOptions(args, {
      ...placeOptions,
      user: { type: 'string' },
      history: { type: 'string' },
      items: { type: 'string' },
      json: { type: 'boolean', default: false },
    });
    const place = readPlace({ out, bucket, environment });
    if ((user === undefined) === (history === undefined)) {
      throw new UsageError('Either --user or --history is needed.');
    }
    if (items === undefined) throw new UsageError('--items is needed.');
    const request = parseRequest(rerankRequest, {
      ...(user !== undefined ? { user_id: user } : { history: readIds('--history', history!) }),
      items: readIds('--items', items),
    });
    return () =>
      lookIntoBucket(place, async (objects) => {
        const { rerankFor } = await import('../artefacts/recommendation.ts');
        const made = await rerankFor(objects, request);
        const { name, run } = made.champion;
        const whom = user === undefined ? 'this history' : `user ${user}`;
        const lines = [
          `In the order of ${name} of run ${run} for ${whom}`,
          ...describeList(made.items),
        ];
        console.log(json ? JSON.stringify(made, null, 2) : lines.join('\n'));
        return 0;
      });
  },
};
