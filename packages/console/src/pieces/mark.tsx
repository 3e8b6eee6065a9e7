/** Every shape that a state is told by, so that no colour has to be seen. */
const SHAPES = {
  ring: <circle cx="6" cy="6" r="4.25" fill="none" stroke="currentColor" strokeWidth="1.75" />,
  disc: <circle cx="6" cy="6" r="5" fill="currentColor" />,
  half: <path d="M6 1a5 5 0 0 1 0 10zM6 1.75a4.25 4.25 0 0 0 0 8.5" fill="currentColor" />,
  triangle: <path d="M6 .75 11.5 11H.5z" fill="currentColor" />,
  square: <rect x="1" y="1" width="10" height="10" rx="1" fill="currentColor" />,
  check: <path d="m1.5 6.5 3 3 6-7" fill="none" stroke="currentColor" strokeWidth="2" />,
  cross: <path d="m2 2 8 8M10 2l-8 8" fill="none" stroke="currentColor" strokeWidth="2" />,
  dash: <path d="M1.5 6h9" fill="none" stroke="currentColor" strokeWidth="2" />,
  question: (
    <path
      d="M3.5 4a2.5 2.5 0 1 1 3.6 2.2c-.7.4-1.1.8-1.1 1.6M6 10v1"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
    />
  ),
} as const;
export type Shape = keyof typeof SHAPES;

/** Says nothing by itself: a word stands beside it. */
export function Mark({ shape }: { readonly shape: Shape }) {
  return (
    <svg className="mark" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
      {SHAPES[shape]}
    </svg>
  );
}
