/** The end of a call, for what it opened: told by a signal that is made only for who asks for it. Most calls open nothing. */
export interface CallEnding {
  /** Aborted by the end, and by what ends the call early. */
  signal(): AbortSignal;
  end(): void;
}

export function createCallEnding(early: AbortSignal): CallEnding {
  const over = (): Error => new Error('the call is over');
  let ended = false;
  let own: { readonly controller: AbortController; readonly either: AbortSignal } | undefined;
  return {
    signal() {
      if (!own) {
        const controller = new AbortController();
        if (ended) controller.abort(over());
        own = { controller, either: AbortSignal.any([early, controller.signal]) };
      }
      return own.either;
    },
    end() {
      ended = true;
      own?.controller.abort(over());
    },
  };
}
