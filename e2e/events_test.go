package e2e_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// A server with a webhook and a watcher: both are told of an acquisition, and the webhook also of what ended while
// nobody listened and the server was killed.
func TestEverybodyIsToldOfAnAcquisition(t *testing.T) {
	t.Parallel()
	setenv(t, "HEIMDALL_WEBHOOK_PRIVATE", "true")
	told := make(chan wire.WebhookMessage, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		text, _ := io.ReadAll(req.Body)
		var m wire.WebhookMessage
		if err := json.Unmarshal(text, &m); err != nil {
			t.Errorf("%v: %s", err, text)
		}
		told <- m
	}))
	defer receiver.Close()
	hear := func() wire.WebhookMessage {
		t.Helper()
		select {
		case m := <-told:
			return m
		case <-time.After(30 * time.Second):
			t.Fatal("the webhook is not told")
		}
		return wire.WebhookMessage{}
	}
	data := filepath.Join(t.TempDir(), "data")
	addSims(t, data)
	if r := command(t, data, "watch"); r.code != 2 || !strings.Contains(r.stderr, "heimdall serve") {
		t.Errorf("watching without a server: exit code %d, %s", r.code, r.stderr)
	}
	server, _ := serve(t, data)
	var hook wire.Webhook
	mustJSON(t, &hook, data, "webhook", "add", receiver.URL, "--label=mine")
	if r := command(t, data, "webhook", "test", "1"); r.code != 0 || !strings.Contains(r.stdout, "was delivered") {
		t.Errorf("testing it: exit code %d, %s%s", r.code, r.stdout, r.stderr)
	}
	if m := hear(); m.Type != heimdall.WebhookTested {
		t.Errorf("the test is %+v", m)
	}

	all := program(t, "--data-dir", data, "watch", "--json")
	out, err := all.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := all.Start(); err != nil {
		t.Fatal(err)
	}
	defer all.Process.Kill() //nolint:errcheck // it has ended unless the test has failed
	events := json.NewDecoder(out)
	var seen []string
	created := func() wire.Acquisition {
		r := command(t, data, "acquire", "7.1", "--duration=100ms", "--detach", "--json")
		var a wire.Acquisition
		if err := json.Unmarshal([]byte(r.stdout), &a); err != nil {
			t.Fatalf("%v: %s%s", err, r.stdout, r.stderr)
		}
		return a
	}
	first := created() // which the watcher may miss, since it is only just starting
	if m := hear(); m.Type != heimdall.AcquisitionEnded || m.Data.Acquisition.TaskID != first.TaskID || m.Data.Acquisition.State != heimdall.Success ||
		len(m.Data.Acquisition.Captures) != len(first.WebSDRs) || m.Data.Acquisition.Captures[0].SNRdB == nil || m.Data.Acquisition.Captures[0].Recording == nil {
		t.Errorf("the webhook is told %+v", m)
	}
	one := command(t, data, "watch", first.TaskID)
	if one.code != 0 || !strings.Contains(one.stdout, "success, 0.1 s") {
		t.Errorf("watching what has ended: exit code %d, %s%s", one.code, one.stdout, one.stderr)
	}
	second := created()
	for {
		var e wire.Event
		if err := events.Decode(&e); err != nil {
			t.Fatalf("after %v: %v", seen, err)
		}
		if e.TaskID == second.TaskID {
			seen = append(seen, string(e.Kind))
		}
		if e.TaskID == second.TaskID && e.Kind == heimdall.AcquisitionEnded {
			break
		}
	}
	if want := 3 + len(second.WebSDRs); len(seen) != want || seen[0] != "acquisition.created" || seen[1] != "acquisition.running" {
		t.Errorf("the watcher saw %v", seen)
	}
	hear()
	if err := all.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := all.Wait(); err != nil {
		t.Errorf("a watcher that was interrupted: %v", err)
	}

	mustHaveDelivered(t, data, 3)
	server.kill()
	if r := command(t, data, "acquire", "7.1", "--duration=100ms"); r.code != 0 {
		t.Fatalf("exit code %d, %s", r.code, r.stderr)
	}
	serve(t, data)
	if m := hear(); m.Type != heimdall.AcquisitionEnded {
		t.Errorf("of what ended without a server it is told %+v", m)
	}
	mustHaveDelivered(t, data, 4)
	if r := command(t, data, "webhook", "list"); r.code != 0 || !strings.Contains(r.stdout, "mine") || strings.Contains(r.stdout, hook.Secret) {
		t.Errorf("listed are %s", r.stdout)
	}
	if r := command(t, data, "webhook", "remove", "1"); r.code != 0 {
		t.Errorf("removing it: exit code %d, %s", r.code, r.stderr)
	}
	if r := command(t, data, "webhook", "show", "1"); r.code != 2 {
		t.Errorf("showing what is removed: exit code %d", r.code)
	}
}

// mustHaveDelivered waits until so many answers of the webhook are written down, which comes after the answer.
func mustHaveDelivered(t *testing.T, data string, n int) {
	t.Helper()
	var list []wire.Delivery
	for deadline := time.Now().Add(30 * time.Second); len(list) < n && time.Now().Before(deadline); {
		mustJSON(t, &list, data, "webhook", "deliveries", "1", "--state=delivered")
	}
	if len(list) != n {
		t.Errorf("delivered are %+v, want %d", list, n)
	}
}
