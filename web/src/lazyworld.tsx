// A map is large, so it is fetched when one is first shown. Until then, and if that fails, the list beside it does.

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Pin } from "./world";
import { Failed, Waiting } from "./ui";

interface Props {
  pins: Pin[];
  press: (pin: Pin) => void;
  small?: boolean;
}

export function LazyWorld(props: Props) {
  const [World, setWorld] = useState<{ of: ComponentType<Props> }>();
  const [lost, setLost] = useState(false);
  useEffect(() => {
    import("./world").then(
      (m) => setWorld({ of: m.default }),
      () => setLost(true),
    );
  }, []);
  if (lost) return <Failed text="The map could not be loaded. Load the page again." />;
  if (!World) return <Waiting what="the map" />;
  return <World.of {...props} />;
}
