// Spectrograms are fetched, with what draws them, when an acquisition that has some is shown.

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { SpectraProps } from "./spectra";
import { Failed, Waiting } from "./ui";

export function LazySpectra(props: SpectraProps) {
  const [Spectra, setSpectra] = useState<{ of: ComponentType<SpectraProps> }>();
  const [lost, setLost] = useState(false);
  useEffect(() => {
    import("./spectra").then(
      (m) => setSpectra({ of: m.default }),
      () => setLost(true),
    );
  }, []);
  if (lost) return <Failed text="The spectrograms could not be loaded. Load the page again." />;
  if (!Spectra) return <Waiting what="spectrograms" />;
  return <Spectra.of {...props} />;
}
