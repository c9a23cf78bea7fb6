import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readAccepted } from './audit/accepted.mjs';
import { auditNpm } from './audit/npm.mjs';
import { auditPython } from './audit/python.mjs';
import { root } from './paths.mjs';

const usage = `Usage: npm run audit [-- [npm] [python] [--accepted FILE] [--requirements FILE] [--osv-url URL]
                             [--pip-audit FILE]]

Looks for known vulnerabilities in what is deployed: the npm packages (npm audit, high and critical ones) and the
Python packages of the LLM environment's container (pip-audit, all of them).

  --accepted FILE      vulnerabilities to live with (default: setup/accepted-vulnerabilities.json)
  --requirements FILE  Python packages with hashes (default: containers/environment/requirements.lock)
  --osv-url URL        another OSV service than the public one
  --pip-audit FILE     a pip-audit that is installed already (default: one of its own, installed below .cache/)

Exit status: 0 nothing known, 1 vulnerable, 2 something could not be audited (1 when both are true).`;

const exitStatus = { clean: 0, vulnerable: 1, notAudited: 2 };
const audits = { npm: auditNpm, python: auditPython };

/** Audits one kind of packages and says what came out. @returns how it ended */
function audit(subject, options, accepted) {
  let audited;
  try {
    audited = audits[subject](options);
  } catch (error) {
    console.error(`${subject}: NOT AUDITED. ${error.message}`);
    return 'notAudited';
  }
  const isAccepted = ({ ids }) => ids.some((id) => accepted.has(id));
  const open = audited.vulnerabilities.filter((one) => !isAccepted(one));
  const known = audited.vulnerabilities.length - open.length;
  const counted = `${subject}: ${audited.packages} packages, ${open.length} known vulnerabilities`;
  console.log(known === 0 ? counted : `${counted} besides ${known} accepted`);
  for (const { ids, what, fix } of open) console.error(`  ${ids.join(', ')}: ${what}; ${fix}`);
  return open.length === 0 ? 'clean' : 'vulnerable';
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      accepted: { type: 'string', default: join(root, 'setup/accepted-vulnerabilities.json') },
      requirements: {
        type: 'string',
        default: join(root, 'containers/environment/requirements.lock'),
      },
      'osv-url': { type: 'string' },
      'pip-audit': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(usage);
  const subjects = positionals.length === 0 ? Object.keys(audits) : positionals;
  const unknown = subjects.find((subject) => audits[subject] === undefined);
  if (unknown !== undefined) throw new Error(`There is no audit of "${unknown}".\n\n${usage}`);
  const accepted = readAccepted(values.accepted, new Date());
  const options = {
    requirements: values.requirements,
    osvUrl: values['osv-url'],
    program: values['pip-audit'],
  };
  const ends = subjects.map((subject) => audit(subject, options, accepted));
  const end = ['vulnerable', 'notAudited'].find((bad) => ends.includes(bad)) ?? 'clean';
  if (end === 'vulnerable') {
    console.error(
      'Upgrade what is vulnerable, or say in setup/accepted-vulnerabilities.json why to live with it and until when.',
    );
  }
  process.exitCode = exitStatus[end];
}

try {
  main();
} catch (error) {
  // Whatever went wrong, nothing was found to be vulnerable.
  console.error(error.message);
  process.exitCode = exitStatus.notAudited;
}
