import { type KeyboardEvent, type ReactNode, useId } from 'react';

/** What a person says, over one line or more. Enter sends the form it stands in, Shift and Enter begin a line. */
export function TextField({
  label,
  hint,
  value,
  change,
  required = false,
  maxLength = 2048,
  rows = 2,
}: {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly value: string;
  readonly change: (value: string) => void;
  readonly required?: boolean;
  readonly maxLength?: number;
  readonly rows?: number;
}) {
  const id = useId();
  const press = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    event.currentTarget.form?.requestSubmit();
  };
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <textarea
        id={id}
        rows={rows}
        value={value}
        required={required}
        maxLength={maxLength}
        onChange={(event) => change(event.target.value)}
        onKeyDown={press}
        {...(hint !== undefined && { 'aria-describedby': `${id}-hint` })}
      />
      {hint !== undefined && (
        <p id={`${id}-hint`} className="quiet small">
          {hint}
        </p>
      )}
    </div>
  );
}
