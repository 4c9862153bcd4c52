package replay_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/replay"
)

func TestAProbeLooksForTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.cu8")
	if err := os.WriteFile(path, []byte{1, 2}, 0o600); err != nil {
		t.Fatal(err)
	}
	d := new(replay.Driver)
	if r, err := d.Probe(t.Context(), &heimdall.WebSDR{URL: "file://" + path}, ""); err != nil || r.Raw["bytes"] != "2" {
		t.Errorf("the report is %+v, %v", r, err)
	}
	for url, want := range map[string]heimdall.FailureClass{
		"file://" + path + ".gone": heimdall.FailDown, "file://" + filepath.Dir(path): heimdall.FailUnsupported, "http://x": heimdall.FailUnsupported,
	} {
		if _, err := d.Probe(t.Context(), &heimdall.WebSDR{URL: url}, ""); err == nil || websdr.AsFailure(err).Class != want {
			t.Errorf("%s: %v, want class %s", url, err, want)
		}
	}
}
