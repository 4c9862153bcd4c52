package replay_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/replay"
)

func TestOnlyFilesBelowTheFolderArePlayedWhateverPathLeadsToThem(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	dir := filepath.Join(root, "recordings")
	for _, d := range []string{dir, dir + "-old"} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	secret := filepath.Join(root, "secret.npy")
	if err := os.WriteFile(secret, []byte("swordfish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(dir, "link.npy")); err != nil {
		t.Fatal(err)
	}
	d := &replay.Driver{Dir: dir}
	for address, allowed := range map[string]bool{
		"file://" + dir + "/a.npy":               true,
		"file://" + dir + "/b/../a.npy":          true,
		"file://" + dir + "/..a.npy":             true,
		"file://" + secret:                       false,
		"file://" + dir + "/../secret.npy":       false,
		"file://" + dir + "/%2e%2e/secret.npy":   false,
		"file://" + dir + "-old/a.npy":           false,
		"file://" + dir + "/link.npy":            false,
		"file:recordings/a.npy":                  false, // relative to where the program runs
		"file://" + secret + "?pace=fast#" + dir: false,
	} {
		if err := d.Allows(address); (err == nil) != allowed {
			t.Errorf("of %s is said: %v", address, err)
		}
		if allowed {
			continue
		}
		_, err := d.Open(t.Context(), &heimdall.WebSDR{Kind: "replay", URL: address}, websdr.Tuning{FrequencyHz: 7_000_000})
		if f, ok := errors.AsType[*websdr.Failure](err); !ok || f.Class != heimdall.FailUnsupported {
			t.Errorf("opening %s gives %v", address, err)
		}
	}
	if err := new(replay.Driver).Allows("file://" + secret); err != nil {
		t.Errorf("without a folder: %v", err)
	}
}
