package e2e_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestEveryMetricThatDashboardsAndAlertsAskForIsThereAfterOneAcquisition(t *testing.T) {
	t.Parallel()
	dir, port := t.TempDir(), freePort(t)
	at := fmt.Sprintf("127.0.0.1:%d", port)
	background(t, "msg=serving", "--data-dir", dir, "serve", "--listen", at)
	if r := command(t, dir, "websdr", "add", "one", "sim:///?pace=fast", "--kind", "sim", "--latitude", "45", "--longitude", "7", "--sample-rate-hz", "12000"); r.code != 0 {
		t.Fatalf("add a WebSDR: %s", r.stderr)
	}
	var report map[string]any
	mustJSON(t, &report, dir, "acquire", "7.074", "-d", "1s")

	resp, err := http.Get("http://" + at + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("status is %d (%v)", resp.StatusCode, err)
	}
	there := map[string]bool{}
	for line := range strings.Lines(string(body)) {
		if name, _, ok := strings.Cut(line, " "); ok && !strings.HasPrefix(line, "#") {
			name, _, _ = strings.Cut(name, "{")
			there[name] = true
		}
	}
	files, err := filepath.Glob("../deploy/grafana/provisioning/dashboards/*.json")
	if err != nil {
		t.Fatal(err)
	}
	asked := regexp.MustCompile(`\b(heimdall|process|go)_[a-z0-9_]*[a-z0-9]\b`)
	seen := map[string]bool{}
	for _, file := range append(files, "../deploy/prometheus/alerts.yml") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			_, expr, isExpr := strings.Cut(line, "expr")
			if !isExpr {
				continue
			}
			for _, name := range asked.FindAllString(expr, -1) {
				seen[name] = true
				if !there[name] {
					t.Errorf("%s asks for %s, which /metrics does not have", file, name)
				}
			}
		}
	}
	if len(seen) < 15 {
		t.Errorf("only %d metrics are asked for", len(seen))
	}
	for _, promised := range []string{"heimdall_build_info", "heimdall_receiver_snr_db", "heimdall_queue_depth", "heimdall_queue_oldest_age_seconds", "go_goroutines"} {
		if !there[promised] {
			t.Errorf("/metrics lacks %s", promised)
		}
	}
}
