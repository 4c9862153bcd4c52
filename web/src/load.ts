// Loading what a page shows: what came, what went wrong, and how to ask again.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { APIError } from "./api";

export interface Loaded<T> {
  value?: T;
  error?: APIError;
  loading: boolean;
  reload: () => void;
  set: (value: T) => void;
}

// useLoad calls read now, whenever one of keys changes, and at each reload; only the last call counts. A value that
// is there stays while the next one is on its way, and when it does not come.
export function useLoad<T>(read: (signal: AbortSignal) => Promise<T>, keys: unknown[]): Loaded<T> {
  const [state, setState] = useState<{ value?: T; error?: APIError; loading: boolean }>({ loading: true });
  const [turn, setTurn] = useState(0);
  const shown = useRef(JSON.stringify(keys));
  useEffect(() => {
    const key = JSON.stringify(keys);
    const control = new AbortController();
    const same = shown.current === key;
    shown.current = key;
    setState((s) => ({ value: same ? s.value : undefined, error: same ? s.error : undefined, loading: true }));
    read(control.signal).then(
      (value) => !control.signal.aborted && setState({ value, loading: false }),
      (err: unknown) => !control.signal.aborted && setState((s) => ({ value: s.value, error: problemOf(err), loading: false })),
    );
    return () => control.abort();
  }, [...keys, turn]);
  const reload = useCallback(() => setTurn((n) => n + 1), []);
  const set = useCallback((value: T) => setState({ value, loading: false }), []);
  return { ...state, reload, set };
}

// problemOf is err as the pages show it.
export function problemOf(err: unknown): APIError {
  if (err instanceof APIError) return err;
  return new APIError({ title: "Error in the page", status: 0, detail: `Something is wrong in this page: ${String(err)}` });
}
