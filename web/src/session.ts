// Who the server takes the reader for, and what that one may do. The server decides each time; here it is known so that
// buttons that would be refused say so before they are pressed.

import { signal } from "@preact/signals";

export type Scope = "read" | "operate" | "admin";

export interface Session {
  name: string;
  scope: Scope | "none";
  session: boolean; // known by a cookie, and may log out
  logged_in: boolean; // otherwise a token is needed
  login_with: string; // service through which one may log in instead, or empty
  ended?: boolean; // it did not log out: the server knew it no longer
}

// session is nothing until the server has said it.
export const session = signal<Session | undefined>(undefined);

// turnAway is called when an answer was that nobody known asked: the token has expired, or was revoked.
export function turnAway(): void {
  session.value = { name: "", scope: "none", session: false, logged_in: false, login_with: session.value?.login_with ?? "", ended: true };
}

const scopes = ["none", "read", "operate", "admin"];

// lack says why something that needs a scope cannot be done, or nothing when it can.
export function lack(need: Scope): string | undefined {
  const s = session.value;
  if (!s || scopes.indexOf(s.scope) >= scopes.indexOf(need)) return undefined;
  return `This needs the scope ${need}: the token ${s.name} has only ${s.scope}.`;
}
