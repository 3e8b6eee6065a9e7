export interface PageProps {
  /** What stands in the path where the route has `:id`; else empty. */
  readonly id: string;
}
