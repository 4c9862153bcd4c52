package sigmf_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/sigmf"
)

// tarball makes a tar of files in order, name and content by turns.
func tarball(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for k := 0; k < len(files); k += 2 {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: files[k], Size: int64(len(files[k+1])), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, files[k+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func readArchive(b []byte) (*sigmf.Archive, error) {
	return sigmf.ReadArchive(bytes.NewReader(b), int64(len(b)))
}

func TestRecordingsInFoldersAndInAnyOrderAreFound(t *testing.T) {
	a, err := readArchive(tarball(t, "x/one.sigmf-data", "DATA1", "README", "hello", "./two.sigmf-meta", "{2}", "x/one.sigmf-meta", "{1}", "two.sigmf-data", ""))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, r := range a.Recordings {
		b, err := io.ReadAll(r.Data)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, r.Name, string(r.Meta), string(b))
	}
	if got, want := strings.Join(found, "|"), "two|{2}||x/one|{1}|DATA1"; got != want {
		t.Errorf("found %s, want %s", got, want)
	}
}

func TestAnArchiveThatIsNotCompleteIsRefused(t *testing.T) {
	good := tarball(t, "a.sigmf-meta", "{}", "a.sigmf-data", strings.Repeat("x", 5000))
	for _, c := range []struct {
		promise string
		file    []byte
		want    string
	}{
		{"cut off in the data", good[:2*512+512+1000], "1000 of 5000 bytes"},
		{"cut off in a header", good[:1024+100], "uncompressed tar"},
		{"compressed", []byte("\x1f\x8b\x08\x00" + strings.Repeat("x", 600)), "uncompressed tar"},
		{"empty", tarball(t), "no recording"},
		{"metadata without data", tarball(t, "a.sigmf-meta", "{}", "b.sigmf-data", ""), "a.sigmf-meta has no a.sigmf-data"},
		{"the same name twice", tarball(t, "a.sigmf-meta", "{}", "./a.sigmf-meta", "{}", "a.sigmf-data", ""), "a.sigmf-meta twice"},
		{"a collection in a folder", tarball(t, "x/c.sigmf-collection", "{}"), "does not lie at the top"},
	} {
		t.Run(c.promise, func(t *testing.T) {
			if _, err := readArchive(c.file); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestAnArchiveIsStreamedAndItsReadersAreHeldToTheirSizes(t *testing.T) {
	a := sigmf.NewArchiveWriter(io.Discard, time.Time{})
	if err := a.AddRecording("a", nil, strings.NewReader("short"), 6); !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "5 of 6 bytes") {
		t.Errorf("error is %v", err)
	}
	for _, name := range []string{"", "../a", "x/a", `x\a`, ".hidden"} {
		if err := sigmf.NewArchiveWriter(io.Discard, time.Time{}).AddFile(name, strings.NewReader(""), 0); err == nil {
			t.Errorf("the name %q was accepted", name)
		}
	}
	big := sigmf.NewArchiveWriter(io.Discard, time.Unix(1.7e9, 0))
	if err := big.AddRecording("a", []byte("{}"), zeros{}, 20<<20); err != nil || big.Close() != nil {
		t.Errorf("20 MiB: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestTheSameContentGivesTheSameArchive(t *testing.T) {
	make := func() []byte {
		var b bytes.Buffer
		a := sigmf.NewArchiveWriter(&b, time.Unix(1.7e9, 999))
		if err := a.AddRecording("a", []byte("{}"), strings.NewReader("data"), 4); err != nil {
			t.Fatal(err)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	if !bytes.Equal(make(), make()) {
		t.Error("two archives differ")
	}
}

func FuzzReadArchive(f *testing.F) {
	f.Add(tarball(f, "a.sigmf-meta", "{}", "a.sigmf-data", "data", "c.sigmf-collection", "{}"))
	f.Add(tarball(f, "x/one.sigmf-data", "DATA1", "x/one.sigmf-meta", "{1}"))
	f.Fuzz(func(t *testing.T, file []byte) {
		a, err := readArchive(file)
		if err != nil {
			return
		}
		for _, r := range a.Recordings {
			if n, err := io.Copy(io.Discard, r.Data); err != nil || n != r.Data.Size() {
				t.Fatalf("%s announces %d bytes of data and has %d: %v", r.Name, r.Data.Size(), n, err)
			}
		}
	})
}
