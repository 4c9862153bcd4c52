// Logging in stands in place of whatever page was asked for, at its address, so that the page is there when it is done.

import { useEffect, useRef, useState } from "preact/hooks";
import { APIError, api } from "./api";
import { Text } from "./form";
import { problemOf } from "./load";
import { session } from "./session";
import { Action, Page, Section } from "./ui";

export function Login() {
  const [token, setToken] = useState("");
  const [error, setError] = useState<APIError>();
  const [sending, setSending] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector("input")?.focus(), []);
  const submit = async (e: Event) => {
    e.preventDefault();
    setSending(true);
    setError(undefined);
    try {
      session.value = await api.login(token.trim());
    } catch (err) {
      setError(atToken(problemOf(err)));
      form.current?.querySelector("input")?.focus();
    }
    setSending(false);
  };
  return (
    <Page title="Log in">
      <Section title="This server needs a token">
        <form ref={form} noValidate onSubmit={submit}>
          <Text label="Token" name="token" type="password" required value={token} set={setToken} error={error} hint="it begins with heimdall_; heimdall token create makes one" />
          <div class="after">
            <button type="submit" class="main" disabled={sending}>{sending ? "Asking …" : "Log in"}</button>
          </div>
        </form>
        <p class="muted">The browser keeps it where scripts and other sites cannot read it, until you log out or it expires.</p>
      </Section>
    </Page>
  );
}

// atToken has a refusal stand at the field: there is no other.
function atToken(err: APIError): APIError {
  return new APIError({ ...err.problem, errors: [{ location: "body.token", message: err.message }] });
}

// Who says who is logged in, where that matters.
export function Who() {
  const s = session.value;
  if (!s?.session) return null;
  const leave = async () => {
    await api.logout();
    session.value = await api.session();
  };
  return (
    <span class="who">
      <span class="muted">{s.name} ({s.scope})</span> <Action text="Log out" busy="Logging out …" act={leave} />
    </span>
  );
}
