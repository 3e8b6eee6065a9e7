import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shippedLicences } from './licences.ts';
import { generatedFrom, page, table } from './markdown.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Ask nothing but that their notice is kept. Another one is a decision of its own. */
export const LICENCES_ALLOWED: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MIT-0',
  'Unlicense',
]);

/** @throws where a licence is not allowed */
export async function licencesPage(): Promise<string> {
  const packages = await shippedLicences(root);
  const refused = packages.filter(({ licence }) => !LICENCES_ALLOWED.has(licence));
  if (refused.length > 0) {
    throw new Error(
      refused.map(({ name, licence }) => `${name}: ${licence} is not among the allowed licences`).join('; '),
    );
  }
  return page(
    '# Licences',
    generatedFrom('pnpm-lock.yaml', 'scripts/generate/licences-page.ts'),
    'What is shipped beside Holdpoint itself (Apache-2.0): all that the services, the command line and a workspace depend on, and what browsers are sent. What only some platforms take, and what only builds and tests need, is not.',
    table(
      ['package', 'version', 'licence'],
      packages.map(({ name, version, licence }) => [name, version, licence]),
    ),
  );
}
