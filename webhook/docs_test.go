package webhook_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall"
)

// What the documentation tells people to do with a delivery, done with one.
const verifyDelivery = `
import json, sys
given = json.load(sys.stdin)
body = given["body"].encode()
verify(given["secret"], given["headers"], body)
for secret, headers, body in [
    ("whsec_" + base64.b64encode(b"x" * 24).decode(), given["headers"], body),
    (given["secret"], given["headers"], body + b" "),
    (given["secret"], {**given["headers"], "webhook-id": "evt_0"}, body),
    (given["secret"], {**given["headers"], "webhook-timestamp": "1700000000"}, body)]:
    try:
        verify(secret, headers, body)
    except ValueError:
        continue
    sys.exit("what was changed is verified")
`

func TestTheDocumentationTellsHowToVerifyADelivery(t *testing.T) {
	text, err := os.ReadFile("../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	_, code, found := strings.Cut(string(text), "```python\n")
	code, _, ends := strings.Cut(code, "```")
	if !found || !ends {
		t.Fatal("docs/events.md has no Python in it")
	}
	for _, kind := range heimdall.EventKinds() {
		if !strings.Contains(string(text), "`"+string(kind)+"`") {
			t.Errorf("docs/events.md does not know %s", kind)
		}
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("SKIPPED: python3 is absent")
	}
	r := newRig(t)
	in := r.receiver(yes)
	w := r.webhook(in.URL)
	r.run()
	r.ended()
	r.until(w, "delivered", delivered)
	got, bodies := in.all()
	headers := map[string]string{}
	for name, values := range got[0].Header {
		headers[strings.ToLower(name)] = values[0]
	}
	given, err := json.Marshal(map[string]any{"secret": secret, "headers": headers, "body": string(bodies[0])})
	r.must(err)
	cmd := exec.CommandContext(t.Context(), python, "-c", code+verifyDelivery)
	cmd.Stdin = strings.NewReader(string(given))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
