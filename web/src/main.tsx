// The dashboard begins here: the frame, and one page in it. Each page is a file of its own that is fetched when it is
// first shown. A page that the API has no data for does not exist.

import { render, type ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "./api";
import { Login } from "./login";
import { place, start, type PageName } from "./router";
import { session } from "./session";
import { Shell } from "./shell";
import { Failed, Waiting } from "./ui";

type Page = ComponentType;

const pages: Record<PageName, () => Promise<{ default: Page }>> = {
  overview: () => import("./pages/overview"),
  map: () => import("./pages/map"),
  addEmitter: () => import("./pages/emitterform"),
  editEmitter: () => import("./pages/emitterform"),
  new: () => import("./pages/new"),
  acquisitions: () => import("./pages/acquisitions"),
  compare: () => import("./pages/compare"),
  acquisition: () => import("./pages/acquisition"),
  websdrs: () => import("./pages/websdrs"),
  addWebSDR: () => import("./pages/websdrform"),
  websdr: () => import("./pages/websdr"),
  editWebSDR: () => import("./pages/websdrform"),
  trends: () => import("./pages/trends"),
  coverage: () => import("./pages/coverage"),
  schedules: () => import("./pages/schedules"),
  addSchedule: () => import("./pages/scheduleform"),
  schedule: () => import("./pages/schedule"),
  editSchedule: () => import("./pages/scheduleform"),
  measurements: () => import("./pages/measurements"),
  system: () => import("./pages/system"),
};

function Outlet() {
  const { page, params } = place.value;
  const [shown, setShown] = useState<{ page: PageName; Page: Page } | undefined>();
  const [lost, setLost] = useState(false);
  useEffect(() => {
    if (!page) return;
    let current = true;
    setLost(false);
    pages[page]().then(
      (m) => current && setShown({ page, Page: m.default }),
      () => current && setLost(true),
    );
    return () => {
      current = false;
    };
  }, [page]);
  if (!page) return <NotFound />;
  if (session.value && !session.value.logged_in) return <Login />;
  if (lost) return <Failed text="This page could not be loaded: the server does not answer, or was replaced by another version. Load the page again." />;
  if (!session.value || !shown || shown.page !== page) return <Waiting what="the page" />;
  return <shown.Page key={`${page} ${JSON.stringify(params)}`} />;
}

function NotFound() {
  useEffect(() => {
    document.title = "Not found \u2013 Heimdall";
  }, []);
  return (
    <>
      <h1>There is no such page</h1>
      <p>
        Nothing is at <code>{place.value.path}</code>. <a href="/">Go to the overview.</a>
      </p>
    </>
  );
}

// What cannot be found out is the server's to refuse.
api.session().then(
  (s) => (session.value = s),
  () => (session.value = { name: "", scope: "admin", session: false, logged_in: true, login_with: "" }),
);
start();
render(
  <Shell>
    <Outlet />
  </Shell>,
  document.getElementById("app")!,
);
