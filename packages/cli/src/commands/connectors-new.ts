import type { LocalCommand } from '../command.ts';
import { workspaceDir } from '../connection.ts';
import { writeConnector } from '../scaffold/write-connector.ts';

/** A connector to begin with, which passes `connectors test` as it is. */
export const connectorsNew: LocalCommand = {
  options: ['workspace'],
  words: ['NAME'],
  async runLocally({ words: [name = ''], values, typedIn }) {
    const files = await writeConnector(workspaceDir(values, typedIn), name);
    const given = `${name}: { credentials: { token: secret('${name.toUpperCase().replaceAll('-', '_')}_TOKEN') }, config: { baseUrl: 'https://…' } }`;
    const where = values.workspace === undefined ? '' : ` --workspace ${values.workspace}`;
    return {
      data: { connector: name, files },
      table: { head: ['WRITTEN'], rows: files.map((file) => [file]), none: '' },
      note: `try it: npm run holdpoint -- connectors test ${name}${where}\ngive it to a tenant, in tenants/<tenant>/connectors.ts: ${given}`,
    };
  },
};
