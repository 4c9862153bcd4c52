package e2e_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/sigmf"
)

// A wire between program and server on which things go wrong.
type badWire struct {
	*httptest.Server
	mu     sync.Mutex
	cuts   []int64 // of the next answers with a recording: how many bytes come through; after the last all do
	refuse bool    // answer 410 to whoever comes back
	flip   int64   // this byte of a recording is another one; 0 is none
	ranges []string
}

func newBadWire(t *testing.T, server string) *badWire {
	t.Helper()
	target, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	w := &badWire{}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }} // as a tunnel: what is forwarded in so many words needs a token
	proxy.ErrorLog, proxy.FlushInterval = log.New(io.Discard, "", 0), -1
	proxy.ModifyResponse = w.spoil
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		refused := w.refuse && r.Header.Get("Range") != ""
		w.mu.Unlock()
		if refused {
			http.Error(rw, "gone", http.StatusGone)
			return
		}
		proxy.ServeHTTP(rw, r)
	}))
	t.Cleanup(w.Close)
	return w
}

func (w *badWire) spoil(r *http.Response) error {
	if r.Header.Get("Content-Disposition") == "" {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ranges = append(w.ranges, r.Request.Header.Get("Range"))
	if len(w.cuts) > 0 {
		r.Body = &cutBody{r.Body, w.cuts[0]}
		w.cuts = w.cuts[1:]
	}
	if w.flip > 0 {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		b[w.flip] ^= 1
		r.Body = io.NopCloser(bytes.NewReader(b))
	}
	return nil
}

// A cutBody ends too early.
type cutBody struct {
	io.ReadCloser
	left int64
}

func (b *cutBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, errors.New("the wire is cut")
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

func (w *badWire) behave(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

// expect fails unless the server was asked for the file from these bytes on. What was on its way when the wire was
// cut may be lost.
func (w *badWire) expect(t *testing.T, most []int64) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.ranges) != len(most) {
		t.Errorf("the server was asked for %q", w.ranges)
		return
	}
	for k, text := range w.ranges {
		var from int64
		if text != "" {
			if _, err := fmt.Sscanf(text, "bytes=%d-", &from); err != nil {
				t.Error(err)
			}
		}
		if from > most[k] || from < most[k]-64<<10 || from == 0 && most[k] > 0 {
			t.Errorf("request %d is for %q, want it from byte %d on", k, text, most[k])
		}
	}
}

// A downloaded file is what the program says it wrote.
type downloaded struct {
	Path     string
	Bytes    int64
	Verified int `json:"sha256_verified"`
}

// served is a server with an acquisition of two simulated receivers.
func served(t *testing.T) (data, server string, acq wire.Acquisition) {
	t.Helper()
	data = filepath.Join(t.TempDir(), "data")
	for _, name := range []string{"one", "two"} {
		r := command(t, data, "websdr", "add", name, "sim:///?pace=fast", "--kind", "sim", "--latitude", "45", "--longitude", "7", "--sample-rate-hz", "12000")
		if r.code != 0 {
			t.Fatal(r.stderr)
		}
	}
	var report struct{ Acquisition wire.Acquisition }
	mustJSON(t, &report, data, "acquire", "7.1", "-d", "3s")
	if report.Acquisition.State != "success" {
		t.Fatalf("the acquisition is %+v", report.Acquisition)
	}
	address := freeAddress(t)
	background(t, "serving", "--data-dir", data, "serve", "--listen", address)
	return data, "http://" + address, report.Acquisition
}

func TestADownloadGoesOnWhereItBrokeOffAndIsChecked(t *testing.T) {
	t.Parallel()
	data, server, acq := served(t)
	w := newBadWire(t, server)
	out := t.TempDir()
	download := func(args ...string) []string {
		return append([]string{"--server", w.URL, "recordings", "download", acq.TaskID, "--out", out}, args...)
	}

	// The wire breaks twice within one run.
	w.behave(func() { w.cuts = []int64{100_000, 70_000} })
	var got downloaded
	mustJSON(t, &got, data, download()...)
	w.expect(t, []int64{0, 100_000, 170_000})
	content, err := os.ReadFile(got.Path)
	if err != nil {
		t.Fatal(err)
	}
	a, err := sigmf.ReadArchive(bytes.NewReader(content), int64(len(content)))
	if err != nil || len(a.Recordings) != 2 || got.Verified != 2 || got.Bytes != int64(len(content)) {
		t.Errorf("%+v is read as %+v (%v)", got, a, err)
	}
	if r := command(t, data, download()...); r.code == 0 || !strings.Contains(r.stderr, "--force") {
		t.Errorf("a file that is there: exit code %d, %s", r.code, r.stderr)
	}

	// It breaks for good, and another run goes on.
	if err := os.Remove(got.Path); err != nil {
		t.Fatal(err)
	}
	w.behave(func() { w.ranges, w.cuts, w.refuse = nil, []int64{150_000}, true })
	if r := command(t, data, download()...); r.code == 0 || !strings.Contains(r.stderr, "goes on") {
		t.Errorf("a broken download: exit code %d, %s", r.code, r.stderr)
	}
	w.behave(func() { w.refuse = false })
	mustJSON(t, &got, data, download()...)
	if again, err := os.ReadFile(got.Path); err != nil || !bytes.Equal(again, content) {
		t.Errorf("the file has other bytes when it came in two runs (%v)", err)
	}
	w.expect(t, []int64{0, 0, 150_000})

	// What came otherwise than it was recorded is not kept.
	if err := os.Remove(got.Path); err != nil {
		t.Fatal(err)
	}
	w.behave(func() { w.flip = got.Bytes - 5_000 }) // in the samples of the second recording
	if r := command(t, data, download()...); r.code == 0 || !strings.Contains(r.stderr, "SHA-256") {
		t.Errorf("a damaged download: exit code %d, %s", r.code, r.stderr)
	}
	if left, err := os.ReadDir(out); err != nil || len(left) != 0 {
		t.Errorf("%v is left (%v)", left, err)
	}
}

func TestPartsByTimeAreDownloadedFromTheCommandLine(t *testing.T) {
	t.Parallel()
	data, server, acq := served(t)
	rec := acq.Captures[0].Recording
	from := rec.StartUTC.Add(time.Second)
	part := func(args ...string) (got downloaded) {
		t.Helper()
		mustJSON(t, &got, data, append([]string{"--server", server, "recordings", "download", acq.TaskID, "--out", t.TempDir(),
			"--from-time", from.Format(time.RFC3339Nano), "--to-time", from.Add(500 * time.Millisecond).Format(time.RFC3339Nano)}, args...)...)
		return got
	}
	f, err := os.Open(part("-w", "1", "-f", "npy").Path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if n, err := iq.NewNPYReader(f); err != nil || n.Samples != 6000 {
		t.Errorf("half a second of 12 kHz is %+v (%v)", n, err)
	}
	if names := tarNames(t, part("-f", "wav").Path); len(names) != 2 || !strings.HasSuffix(names[1], ".wav") {
		t.Errorf("the archive holds %v", names)
	}
	for args, says := range map[string]string{
		"--samples 5":                           "--websdr",
		"-w 1 --from-time 2100-01-01T00:00:00Z": "lies behind the recording, which is from " + rec.StartUTC.Format(time.RFC3339Nano),
	} {
		r := command(t, data, append([]string{"--server", server, "recordings", "download", acq.TaskID, "--out", t.TempDir()}, strings.Fields(args)...)...)
		if r.code != 2 || !strings.Contains(r.stderr, says) {
			t.Errorf("%s: exit code %d, %s", args, r.code, r.stderr)
		}
	}
	if r := command(t, data, "--server", server, "recordings", "url", acq.TaskID, "1"); r.code == 0 || !strings.Contains(r.stderr, "S3") {
		t.Errorf("url: exit code %d, %s", r.code, r.stderr)
	}
}

// tarNames are the files in a tar.
func tarNames(t *testing.T, path string) (names []string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, filepath.Base(h.Name))
	}
}
