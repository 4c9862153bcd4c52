// Logging in stands in place of whatever page was asked for, at its address, so that the page is there when it is done.

import { useEffect, useRef, useState } from "preact/hooks";
import { APIError, address, api } from "./api";
import { Text } from "./form";
import { problemOf } from "./load";
import { go, place } from "./router";
import { session } from "./session";
import { Action, Failed, Page, Section } from "./ui";

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
      const service = session.value?.login_with ?? "";
      session.value = { ...(await api.login(token.trim())), login_with: service };
      if (place.value.query.has("login_error")) go(place.value.path, true);
    } catch (err) {
      setError(atToken(problemOf(err)));
      form.current?.querySelector("input")?.focus();
    }
    setSending(false);
  };
  return (
    <Page title="Log in">
      <Elsewhere />
      <Section title={session.value?.login_with ? "Or with a token" : "This server needs a token"}>
        <form ref={form} class="login" noValidate onSubmit={submit}>
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

const reasons: Record<string, string> = {
  stale: "That login took too long, or began in another browser. Try again.",
  no_scope: "The service knows you, but gives you no scope here. Ask who runs this server.",
  service: "The service refused, or did not answer. Try again later; the log of this server says more.",
};

// Elsewhere leads to the service through which one may log in, if there is one, and says how that went the last time.
function Elsewhere() {
  const service = session.value?.login_with;
  const { path, query } = place.value;
  const reason = query.get("login_error");
  if (!service) return null;
  const kept = new URLSearchParams(query);
  kept.delete("login_error");
  const back = kept.size > 0 ? `${path}?${kept}` : path;
  return (
    <Section title="With your account">
      {reason && <Failed text={reasons[reason] ?? reasons.service} />}
      <p>
        <a class="main" href={address("/login/oidc", { return: back })}>Log in with {service}</a>
      </p>
    </Section>
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
