package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/heimdall-sdr/heimdall/client"
)

// A fetch is a file on its way to the disk, over as many connections and as many runs of the program as it takes.
// Until it is whole and checked it lies beside its place, under a name that has its ETag: what was begun is
// continued only while the server would send the same bytes.
type fetch struct {
	ask    func(ctx context.Context, w client.Wanted) (*client.Download, error)
	wanted client.Wanted
	folder string
	force  bool              // overwrite
	hashes map[string]string // SHA-256 of recordings by key

	path string // of the file
	etag string
	size int64 // of the whole file; -1 when the server does not say
}

// A fetched file is what became of it.
type fetched struct {
	WebSDRID int64  `json:"websdr_id,omitempty"`
	Path     string `json:"path"`
	Bytes    int64  `json:"bytes"`
	Verified int    `json:"sha256_verified"` // recordings in it whose hash was known and is right
}

func (f fetched) String() string {
	s := fmt.Sprintf("%s  %d bytes", f.Path, f.Bytes)
	switch f.Verified {
	case 0:
		return s
	case 1:
		return s + ", SHA-256 as recorded"
	}
	return fmt.Sprintf("%s, SHA-256 of %d recordings as recorded", s, f.Verified)
}

// run gets the file, whole or not at all.
func (f *fetch) run(ctx context.Context, a *app) (fetched, error) {
	d, err := f.ask(ctx, f.wanted)
	if err != nil {
		return fetched{}, err
	}
	if err := f.place(d); err != nil {
		d.Body.Close()
		return fetched{}, err
	}
	part, at, err := f.openPart()
	if err != nil {
		d.Body.Close()
		return fetched{}, err
	}
	defer part.Close()
	if err := f.receive(ctx, a, part, at, d); err != nil {
		return fetched{}, fmt.Errorf("download %s: %w; the same command goes on from what is there", f.path, err)
	}
	verified, err := verify(part, f.path, f.etag, f.hashes)
	if err != nil {
		part.Close()
		return fetched{}, errors.Join(fmt.Errorf("check %s: %w: it was not kept, try again", f.path, err), os.Remove(part.Name()))
	}
	info, err := part.Stat()
	for _, finish := range []func() error{part.Sync, part.Close, func() error { return os.Rename(part.Name(), f.path) }} {
		if err == nil {
			err = finish()
		}
	}
	if err != nil {
		return fetched{}, fmt.Errorf("write %s: %w", f.path, err)
	}
	return fetched{Path: f.path, Bytes: info.Size(), Verified: verified}, nil
}

// place decides where the file goes.
func (f *fetch) place(d *client.Download) error {
	name := filepath.Base(d.Name)
	if d.Name == "" || name == "." || name == ".." || name == string(filepath.Separator) {
		name = "recording." + f.wanted.Format
	}
	f.path, f.etag, f.size = filepath.Join(f.folder, name), d.ETag, d.Bytes
	if err := os.MkdirAll(f.folder, 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	if _, err := os.Stat(f.path); err == nil && !f.force {
		return fmt.Errorf("%s is there already: choose another folder, or use --force", f.path)
	}
	return nil
}

// strongETag is one of ours: enough digits of a hash to name a file by.
var strongETag = regexp.MustCompile(`^"([0-9a-f]{16})[0-9a-f]*"$`)

// openPart opens what is there of the file, and says how much that is.
func (f *fetch) openPart() (part *os.File, at int64, err error) {
	name, begun := f.path+".part", false
	if m := strongETag.FindStringSubmatch(f.etag); m != nil && f.size >= 0 {
		name, begun = f.path+"."+m[1]+".part", true
	}
	if part, err = os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644); err != nil {
		return nil, 0, fmt.Errorf("write %s: %w", f.path, err)
	}
	if begun {
		at, err = part.Seek(0, io.SeekEnd)
	}
	if err == nil && (!begun || at > f.size) {
		at, err = 0, errors.Join(part.Truncate(0), seekTo(part, 0))
	}
	if err != nil {
		part.Close()
		return nil, 0, fmt.Errorf("write %s: %w", f.path, err)
	}
	return part, at, nil
}

func seekTo(f *os.File, at int64) error {
	_, err := f.Seek(at, io.SeekStart)
	return err
}

// receive fills the part from at on. d is the file from its beginning. A connection that breaks is made again at
// once if it brought anything, and a few times more if it did not.
func (f *fetch) receive(ctx context.Context, a *app, part *os.File, at int64, d *client.Download) error {
	const attempts = 6
	shown := a.newTransfer(filepath.Base(f.path), f.size, at)
	defer shown.end()
	if at > 0 || f.size == 0 { // only the first request said what the file is called; the rest takes a second
		d.Body.Close()
		d = nil
	}
	for failed := 0; at != f.size; {
		var n int64
		var err error
		if d == nil {
			d, err = f.resume(ctx, at)
		}
		if err == nil {
			n, err = io.Copy(part, shown.reader(d.Body))
			d.Body.Close()
			d, at = nil, at+n
			if err == nil && f.size < 0 {
				return nil
			}
			if err == nil && at != f.size {
				err = io.ErrUnexpectedEOF
			}
		}
		if n > 0 {
			failed = 0
		}
		if failed++; err != nil && (failed == attempts || !worthRetrying(ctx, err)) {
			return err
		}
		if err == nil || failed == 1 {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second << (failed - 2)):
		}
	}
	return nil
}

// resume asks for the file from at on.
func (f *fetch) resume(ctx context.Context, at int64) (*client.Download, error) {
	w := f.wanted
	w.Offset, w.ETag = at, f.etag
	d, err := f.ask(ctx, w)
	if err != nil {
		return nil, err
	}
	if d.Offset != at || d.ETag != f.etag {
		d.Body.Close()
		return nil, errChanged
	}
	return d, nil
}

var errChanged = errors.New("the server has another file by now")

// worthRetrying is false when the server said no, when our own disk did, or when the user has had enough.
func worthRetrying(ctx context.Context, err error) bool {
	if p, ok := errors.AsType[*client.Problem](err); ok && p.Status < 500 {
		return false
	}
	_, ours := errors.AsType[*fs.PathError](err)
	return !ours && ctx.Err() == nil && !errors.Is(err, errChanged)
}

// A transfer is shown as a bar in a terminal, and not at all elsewhere.
type transfer struct {
	progress *mpb.Progress
	bar      *mpb.Bar // nil when nothing is shown
}

func (a *app) newTransfer(name string, size, at int64) *transfer {
	if !isTerminal(a.stderr) || size <= 0 {
		return &transfer{}
	}
	p := mpb.New(mpb.WithOutput(a.stderr), mpb.WithWidth(40))
	bar := p.AddBar(size, mpb.PrependDecorators(decor.Name(strings.TrimSpace(name)+" ")),
		mpb.AppendDecorators(decor.CountersKibiByte("% .1f / % .1f")))
	bar.SetCurrent(at)
	return &transfer{p, bar}
}

// reader shows what is read from r.
func (t *transfer) reader(r io.Reader) io.Reader {
	if t.bar == nil {
		return r
	}
	return t.bar.ProxyReader(r)
}

func (t *transfer) end() {
	if t.bar == nil {
		return
	}
	if !t.bar.Completed() {
		t.bar.Abort(false)
	}
	t.progress.Wait()
}
