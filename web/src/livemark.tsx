// Says whether what a page shows is kept up to date.

import { lineOpen } from "./events";

export function LiveMark() {
  if (lineOpen.value === undefined) return null;
  return lineOpen.value ? (
    <span class="live">
      <span aria-hidden="true">●</span> live
    </span>
  ) : (
    <span class="live lost" role="status">
      <span aria-hidden="true">○</span> reconnecting …
    </span>
  );
}
