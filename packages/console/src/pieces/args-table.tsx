import { Said } from './said.tsx';
import { shownArgs } from './shown-args.ts';

/** Arguments as rows of path and value; secrets come masked from the server. */
export function ArgsTable({ args, caption = 'Arguments' }: { readonly args: unknown; readonly caption?: string }) {
  const { rows, leftOut } = shownArgs(args);
  if (rows.length === 0) return <p className="quiet">Without arguments.</p>;
  return (
    <>
      <table className="args">
        <caption className="unseen">{caption}</caption>
        <thead className="unseen">
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Value</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ path, value }) => (
            <tr key={path}>
              <th scope="row">
                <Said text={path} />
              </th>
              <td>
                <Said text={value} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {leftOut > 0 && (
        <p className="note tone-alert">{leftOut} more are not shown here: read them in the API before you decide.</p>
      )}
    </>
  );
}
