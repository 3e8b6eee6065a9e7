/** Said only to those who would else hear nothing; what is fast is not announced to the eye. */
export function Loading({ what = 'Loading' }: { readonly what?: string }) {
  return (
    <p className="loading quiet" role="status">
      {what}…
    </p>
  );
}
