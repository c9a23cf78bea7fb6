import type { Deployment } from './deployment.ts';

/** Every alarm by name, and what it tells the person that it wakes. docs/runbook.md has a section for each. */
export const alarms = {
  'run-failed': 'A nightly run failed.',
  'run-stopped': 'A nightly run was stopped by hand.',
  'run-timed-out': 'A nightly run took longer than operations.maximumRunHours and was ended.',
  'no-recent-success': 'No nightly run has succeeded for longer than alarms.lastSuccessHours.',
  'no-recent-promotion':
    'Nobody has been promoted for alarms.nightsWithoutPromotion nights in a row.',
  'run-over-budget': 'A run cost more than operations.maxUsdPerRun.',
  'endpoint-left-behind': 'A run left an endpoint behind; the janitor removed it.',
  'endpoint-too-old': 'An endpoint has existed for longer than any run may take.',
  'janitor-failing': 'remove-idle-endpoints fails; an idle endpoint would not be noticed.',
  'expiry-failing': 'expire-runs fails; old runs are not deleted.',
  'forgetting-failing':
    'Users who are to be forgotten could not be, or have been waiting for more than a day.',
  'status-failing': 'publish-run-status fails; events and cost figures are missing.',
  'champion-unusable':
    'A run could not compare with the champion, because its model cannot be used.',
  'champion-lags': 'Over the last nights, recent popularity was better than what was in service.',
  'no-new-data': 'No log that could be used has arrived for longer than alarms.newDataHours.',
  'uploads-dead': 'Uploads could not be planned and are in the dead-letter queue.',
  'ranges-dead': 'Ranges of uploads could not be parsed and are in the dead-letter queue.',
  'starts-dead': 'The schedule could not start the state machine.',
  'batches-dead': 'Batch recommendations could not be made.',
  'batch-missing':
    'The last run’s batch recommendations are not there, alarms.batchHours after it ended.',
  'uploads-waiting': 'An upload has been waiting to be planned for more than an hour.',
  'ranges-waiting': 'A range of an upload has been waiting to be parsed for more than three hours.',
  'uploads-failed': 'An upload was refused or failed as a whole; none of its rows is used.',
  'catalogue-to-approve':
    'An upload would change much of the catalogue, and waits until somebody approves it.',
  'many-rows-quarantined': 'More than alarms.quarantinedShare of the rows of an hour are bad.',
  'recommend-failing': 'More than 1 % of recommendations fail.',
  'recommend-unavailable':
    'Recommendations are refused, because there is no champion that can be served.',
  'champion-not-followed':
    'Instances cannot load the champion in service, and go on with an older one.',
  'impressions-lost': 'Answers were given that could not be kept below impressions/.',
  'release-failing': 'A new version of recommend fails, and was taken back.',
  'release-refusing':
    'A new version of recommend cannot serve the champion in service, and was taken back.',
  'recommend-throttled': 'Recommendations are refused for want of concurrency.',
  'recommend-slow': 'The slowest 1 % of recommendations exceed alarms.recommendMilliseconds.',
} as const;

export type AlarmName = keyof typeof alarms;

/** An alarm's name and description. */
export type Naming = (name: AlarmName) => {
  readonly alarmNameOverride: string;
  readonly alarmDescriptionOverride: string;
  readonly actionsEnabled: boolean;
};

/** Names alarms after the deployment, and says where in the runbook to read on. */
export function namingOf(deployment: Deployment): Naming {
  return (name) => ({
    alarmNameOverride: `${deployment.name}-${name}`,
    alarmDescriptionOverride: `${alarms[name]} What to do: docs/runbook.md#${name}`,
    actionsEnabled: true,
  });
}

/** What of the stacks costs money every hour (`lib/cost/cost-table.ts`); a test counts it in the templates. */
export const deployedCounts = {
  // `many-rows-quarantined` divides one metric by another, `uploads-failed` adds two; `no-recent-success`, `no-new-data` and
  // `batch-missing` look at two; `impressions-lost` is there with `serving.impressions` only.
  alarmMetrics: Object.keys(alarms).length + 4,
  // What remove-idle-endpoints and recommend-batch report every hour.
  customMetrics: 3,
  polledQueues: 3,
};
