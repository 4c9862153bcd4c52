// What somebody is still typing is not asked about.

import { useEffect, useState } from "preact/hooks";

// useSettled is the text once it has stayed the same for so many milliseconds.
export function useSettled(text: string, ms: number): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), ms);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
