// Addresses and pages. The patterns are in routes.json, which the server reads, too: it answers each with the same page.

import { signal } from "@preact/signals";
import routes from "./routes.json";

export type PageName = keyof typeof routes;

export interface Place {
  page: PageName | undefined;
  params: Record<string, string>;
  query: URLSearchParams;
  path: string;
}

export const place = signal<Place>(parse());

function parse(): Place {
  const { pathname, search } = window.location;
  const at = { path: pathname, query: new URLSearchParams(search) };
  // The most literal pattern first: /acquisitions/new is no task id.
  const names = (Object.keys(routes) as PageName[]).sort((a, b) => Number(routes[a].includes("{")) - Number(routes[b].includes("{")));
  for (const page of names) {
    const params = matched(routes[page], pathname);
    if (params) return { ...at, page, params };
  }
  return { ...at, page: undefined, params: {} };
}

function matched(pattern: string, path: string): Record<string, string> | undefined {
  const want = pattern.split("/");
  const have = path.split("/");
  if (want.length !== have.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, part] of want.entries()) {
    if (part.startsWith("{")) {
      if (have[i] === "") return undefined;
      try {
        params[part.slice(1, -1)] = decodeURIComponent(have[i]);
      } catch {
        return undefined;
      }
    } else if (part !== have[i]) {
      return undefined;
    }
  }
  return params;
}

// pathTo is the address of a page.
export function pathTo(page: PageName, params: Record<string, string | number> = {}): string {
  return routes[page].replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name]));
}

// go leads to another page of ours.
export function go(address: string, replace = false): void {
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  arrive(!replace);
}

function arrive(fromTop: boolean): void {
  const before = place.value.path;
  place.value = parse();
  if (fromTop && before !== place.value.path) window.scrollTo(0, 0);
}

// start makes links between pages stay in the page. Downloads, the API's own pages and links to other windows are
// the browser's business.
export function start(): void {
  window.addEventListener("popstate", () => arrive(false));
  document.addEventListener("click", (e) => {
    const link = (e.target as Element).closest?.("a");
    if (!link || e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
    if (link.origin !== window.location.origin || link.target || link.hasAttribute("download")) return;
    if (link.hash && link.pathname === window.location.pathname && link.search === window.location.search) return;
    if (!(Object.values(routes) as string[]).some((r) => matched(r, link.pathname))) return;
    e.preventDefault();
    go(link.pathname + link.search);
  });
}
