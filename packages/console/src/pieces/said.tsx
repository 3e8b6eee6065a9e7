import { visibleText } from '@holdpoint/shared/domain/visible-text';

/** Text of somebody else: kept from turning around what stands beside it, with nothing in it unseen. */
export function Said({ text }: { readonly text: string }) {
  return <bdi className="said">{visibleText(text)}</bdi>;
}
