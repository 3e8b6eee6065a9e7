import { isRefusal } from '../api/problem.ts';

/** What went wrong, in the words of who refused it; `what` says what did not happen because of it. */
export function ErrorNote({
  error,
  what = 'Not done',
  retry,
}: {
  readonly error: unknown;
  readonly what?: string;
  readonly retry?: () => void;
}) {
  return (
    <div className="note tone-block" role="alert">
      <p>
        <strong>{what}</strong>: {wordsOf(error)}
      </p>
      {retry && (
        <button type="button" className="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

function wordsOf(error: unknown): string {
  if (isRefusal(error, 'FORBIDDEN')) return `you may not: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
