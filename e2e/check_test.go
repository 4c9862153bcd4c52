package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckNamesEveryDamage(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	for _, name := range []string{"missing", "truncated", "corrupt", "whole"} {
		r := command(t, data, "websdr", "add", name, "sim:///?pace=fast", "--kind", "sim", "--latitude", "45", "--longitude", "7", "--sample-rate-hz", "12000")
		if r.code != 0 {
			t.Fatal(r.stderr)
		}
	}
	var report struct {
		Acquisition struct {
			Captures []struct {
				Recording struct {
					S3Path string `json:"s3_path"`
				}
			}
		}
	}
	mustJSON(t, &report, data, "acquire", "7.1", "-d", "1s")
	var files []string
	for _, c := range report.Acquisition.Captures {
		files = append(files, filepath.Join(data, "objects", filepath.FromSlash(c.Recording.S3Path)))
	}
	// Objects are read-only, against accidents; this is none.
	for _, f := range files {
		if err := os.Chmod(f, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	damage := []error{
		os.Remove(files[0]),
		os.Truncate(files[1], 1000),
		flipBit(files[2]),
		os.WriteFile(filepath.Join(data, "objects", "stray.bin"), []byte("whose?"), 0o644),
	}
	for _, err := range damage {
		if err != nil {
			t.Fatal(err)
		}
	}
	// What a worker leaves that is killed between its object and its row, when another one has recorded again.
	for _, suffix := range []string{"-2.sigmf-data", "-2.sigmf-meta"} {
		copied := strings.TrimSuffix(files[3], ".sigmf-data") + suffix
		if err := os.WriteFile(copied, []byte("superseded"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		args string
		want string
	}{
		{"check --json", "object_missing:1 object_truncated:2 object_orphaned:0"},
		{"check --json --deep", "object_missing:1 object_truncated:2 object_corrupt:3 object_orphaned:0"},
	} {
		r := command(t, data, strings.Fields(test.args)...)
		if r.code != 4 {
			t.Errorf("heimdall %s: exit code %d, want 4", test.args, r.code)
		}
		var found struct {
			Superseded int
			Problems   []struct {
				Kind     string
				WebSDRID json.Number
			}
		}
		if err := json.Unmarshal([]byte(r.stdout), &found); err != nil {
			t.Fatalf("%v in %s%s", err, r.stdout, r.stderr)
		}
		if found.Superseded != 2 {
			t.Errorf("heimdall %s counted %d superseded objects, want 2", test.args, found.Superseded)
		}
		var got []string
		for _, p := range found.Problems {
			got = append(got, p.Kind+":"+p.WebSDRID.String())
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("heimdall %s found %v, want %s", test.args, got, test.want)
		}
	}
}

// flipBit changes one bit and nothing else that shows: not the size, not the time of the last change.
func flipBit(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	content[len(content)/2] ^= 1
	if err := os.WriteFile(path, content, 0o644); err != nil {
		return err
	}
	return os.Chtimes(path, info.ModTime(), info.ModTime())
}
