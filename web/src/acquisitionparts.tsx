// Parts of the acquisition's page: its progress, and what may be done with it.

import { useState } from "preact/hooks";
import { APIError, api } from "./api";
import { bytes, seconds } from "./format";
import { Text } from "./form";
import { problemOf } from "./load";
import { go, pathTo } from "./router";
import type { Acquisition, Capture, WebSDR } from "./types";
import { Action, Bar, Button, Dialog, StateBadge, Table, Time, Trouble } from "./ui";
import { nameOf } from "./websdrnames";

export function Progress({ of: a, names }: { of: Acquisition; names?: WebSDR[] }) {
  return (
    <>
      <p>
        <Bar value={a.progress} label="Progress of the acquisition" /> {a.captures_ended} of {a.captures_total} receivers have ended
      </p>
      <Table caption="Progress of each receiver">
        <thead>
          <tr>
            <th scope="col">Receiver</th>
            <th scope="col">State</th>
            <th scope="col">Phase</th>
            <th scope="col">Recorded</th>
            <th scope="col" class="n">Bytes</th>
            <th scope="col" class="n">Attempts</th>
            <th scope="col">Note</th>
          </tr>
        </thead>
        <tbody>
          {(a.captures ?? []).map((c) => (
            <ProgressRow key={c.websdr_id} of={c} duration={a.duration_seconds} name={nameOf(names, c.websdr_id)} />
          ))}
        </tbody>
      </Table>
    </>
  );
}

function ProgressRow({ of: c, duration, name }: { of: Capture; duration: number; name: string }) {
  const share = c.state === "success" ? 1 : Math.min(1, c.elapsed_seconds / duration);
  return (
    <tr>
      <th scope="row">{name}</th>
      <td><StateBadge state={c.state} /></td>
      <td>{c.phase}</td>
      <td><Bar value={share} label={`${name}: ${seconds(c.elapsed_seconds)} recorded`} /></td>
      <td class="n">{bytes(c.bytes_received)}</td>
      <td class="n">{c.attempts}</td>
      <td>
        {c.failure_class && <code>{c.failure_class}</code>} {c.reason}
        {c.next_attempt_at && (
          <>
            {" "}
            next attempt <Time at={c.next_attempt_at} />
          </>
        )}
      </td>
    </tr>
  );
}

const formats = [
  ["sigmf", "SigMF archive"], ["npy", "NumPy"], ["wav", "WAV"], ["kiwi-wav", "WAV with GPS times"], ["raw", "raw samples"],
  ["sigmf-data", "SigMF data"], ["sigmf-meta", "SigMF metadata"],
];

// Formats are those of a recording, or of all of an acquisition.
export function Formats({ of, to }: { of: string; to: (format: string) => string }) {
  return (
    <details class="formats">
      <summary>Download<span class="unseen"> {of}</span></summary>
      <ul>
        {formats.map(([format, name]) => (
          <li key={format}>
            <a href={to(format)} download>{name}</a>
          </li>
        ))}
      </ul>
    </details>
  );
}

export function AcquisitionActions({ of: a, changed }: { of: Acquisition; changed: (a: Acquisition) => void }) {
  const [asking, setAsking] = useState<"hold" | "delete">();
  const id = a.task_id;
  const close = () => setAsking(undefined);
  if (!a.ended_at) return <Action text="Cancel" busy="Cancelling …" needs="operate" act={async () => changed(await api.cancel(id))} />;
  return (
    <>
      {a.captures?.some((c) => c.recording) && <Formats of="all recordings" to={(f) => api.archive(id, f)} />}
      <a href={`${pathTo("new")}?${again(a)}`}>Ask again</a>
      {a.hold ? (
        <Action text="Release" busy="Releasing …" needs="operate" act={async () => changed(await api.release(id))} />
      ) : (
        <Button needs="operate" onClick={() => setAsking("hold")}>Hold</Button>
      )}
      {!a.hold && <Button needs="admin" class="danger" onClick={() => setAsking("delete")}>Delete</Button>}
      {asking === "hold" && <HoldDialog id={id} changed={changed} close={close} />}
      {asking === "delete" && <DeleteDialog of={a} close={close} />}
    </>
  );
}

function again(a: Acquisition): string {
  return new URLSearchParams([["frequency_mhz", String(a.frequency_mhz)], ...a.websdrs.map((w) => ["websdr_id", String(w)])]).toString();
}

function HoldDialog({ id, changed, close }: { id: string; changed: (a: Acquisition) => void; close: () => void }) {
  const [by, setBy] = useState("");
  const [reason, setReason] = useState("");
  const [error, setError] = useState<APIError>();
  const submit = async (e: Event) => {
    e.preventDefault();
    try {
      changed(await api.hold(id, by, reason));
      close();
    } catch (err) {
      setError(problemOf(err));
    }
  };
  return (
    <Dialog title="Keep this acquisition" close={close}>
      <p>Nothing deletes what is held, no rule and nobody's hand, until it is released.</p>
      <form noValidate onSubmit={submit}>
        <Text label="Who holds it" name="by" hint="your name or call sign" value={by} set={setBy} error={error} />
        <Text label="Why" name="reason" value={reason} set={setReason} error={error} />
        {error?.beyond(["by", "reason"]) && <Trouble error={error} text={error.beyond(["by", "reason"])} />}
        <div class="after">
          <button type="submit" class="main">Hold</button>
          <button type="button" onClick={close}>Leave it</button>
        </div>
      </form>
    </Dialog>
  );
}

function DeleteDialog({ of: a, close }: { of: Acquisition; close: () => void }) {
  const [reason, setReason] = useState("");
  const recorded = (a.captures ?? []).reduce((sum, c) => sum + (c.recording?.bytes ?? 0), 0);
  const remove = async () => {
    await api.deleteAcquisition(a.task_id, reason);
    go(pathTo("acquisitions"));
  };
  return (
    <Dialog title="Delete this acquisition?" close={close}>
      <p>
        Its rows, its measurements and {bytes(recorded)} of recordings go for good. Statistics by hour and day stay, and the journal of deletions keeps what you write here.
      </p>
      <Text label="Why" name="reason" hint="for the journal; may be empty" value={reason} set={setReason} />
      <div class="after">
        <Action text="Delete for good" busy="Deleting …" kind="danger" act={remove} />
        <button type="button" onClick={close}>Keep it</button>
      </div>
    </Dialog>
  );
}
