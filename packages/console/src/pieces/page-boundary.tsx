import { Component, type ReactNode } from 'react';
import { ErrorNote } from './error-note.tsx';

/** A page that breaks leaves the rest of the console standing; so does one whose files an update has replaced. */
export class PageBoundary extends Component<{ readonly children: ReactNode }, { readonly error?: unknown }> {
  override state: { readonly error?: unknown } = {};

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === undefined) return this.props.children;
    return <ErrorNote error={this.state.error} what="This page is broken" retry={() => window.location.reload()} />;
  }
}
