package acquire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/stamp"
)

// A Spool is the folder in which samples wait until they are stored: one subfolder per capture, written in
// this order, so that whatever instant the process dies at, what is there says how far it came:
//
//	begin.json     durable before the first sample: how to make sense of the samples
//	reserve        room for the seal, should the disk fill up meanwhile
//	samples        the samples as received, durable before the seal
//	sealed.json    appears whole: everything that object and row are made of
type Spool struct{ dir string }

// A beginning is what is known when the window begins.
type beginning struct {
	Recording heimdall.Recording // without counts and hash
	Window    time.Time
	Duration  time.Duration
	Meter     dsp.Config
	Clock     stamp.Clock // of the recording, as known then
}

// A sealed capture is ready to be stored: all its parts are final, so storing it again gives the same bytes,
// even if the rows of its acquisition or WebSDR have changed since.
type sealed struct {
	Acquisition heimdall.Acquisition
	WebSDR      heimdall.WebSDR // without its password
	Capture     heimdall.Capture
	Measurement heimdall.Measurement
	Sum         blob.Sum // of the samples
}

// OpenSpool returns the spool in dir, which is created if absent.
func OpenSpool(dir string) (*Spool, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("open spool %s: %w", dir, err)
	}
	return &Spool{dir: dir}, nil
}

// entry returns the place of one capture.
func (s *Spool) entry(taskID string, websdrID int64) *spoolEntry {
	return &spoolEntry{
		root: filepath.Join(s.dir, taskID),
		dir:  filepath.Join(s.dir, taskID, strconv.FormatInt(websdrID, 10)),
	}
}

type spoolEntry struct{ root, dir string }

func (e *spoolEntry) samplesPath() string { return filepath.Join(e.dir, "samples") }
func (e *spoolEntry) reservePath() string { return filepath.Join(e.dir, "reserve") }

// reserveSize is more than the seal and the rows take: a SQLite file in the same place appends 50 kB to its log for the
// end of a capture, and as much again for what goes before and after.
const reserveSize = 256 << 10

// begin makes the entry afresh.
func (e *spoolEntry) begin(b beginning) (*spoolWriter, error) {
	if err := os.RemoveAll(e.dir); err != nil {
		return nil, fmt.Errorf("clear spool: %w", err)
	}
	if err := os.MkdirAll(e.dir, 0o755); err != nil {
		return nil, fmt.Errorf("make spool: %w", err)
	}
	for _, dir := range []string{filepath.Dir(e.root), e.root} {
		if err := syncDir(dir); err != nil {
			return nil, fmt.Errorf("make spool: %w", err)
		}
	}
	if err := writeDurably(e.dir, "begin.json", b); err != nil {
		return nil, err
	}
	if err := e.reserve(); err != nil {
		return nil, fmt.Errorf("make spool: %w", err)
	}
	f, err := os.Create(e.samplesPath())
	if err != nil {
		return nil, fmt.Errorf("make spool: %w", err)
	}
	return newSpoolWriter(f), nil
}

// reserve takes room on the disk.
func (e *spoolEntry) reserve() error {
	f, err := os.Create(e.reservePath())
	if err != nil {
		return err
	}
	return errors.Join(allocate(f, reserveSize), f.Close())
}

// fill takes room by writing zeros, in pieces: hundreds of captures may begin at the same moment.
func fill(f *os.File, size int) (err error) {
	var zeros [16 << 10]byte
	for n := 0; n < size && err == nil; n += len(zeros) {
		_, err = f.Write(zeros[:])
	}
	return err
}

// loadBeginning returns fs.ErrNotExist when nothing was begun.
func (e *spoolEntry) loadBeginning() (b beginning, err error) {
	return b, readJSON(filepath.Join(e.dir, "begin.json"), &b)
}

// playBack gives the samples to a new meter.
func (e *spoolEntry) playBack(c dsp.Config) (*dsp.Meter, error) {
	meter, err := dsp.NewMeter(c)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(e.samplesPath())
	if err != nil {
		return nil, fmt.Errorf("read spool: %w", err)
	}
	defer f.Close()
	if _, err := io.Copy(meter, f); err != nil {
		return nil, fmt.Errorf("read spool: %w", err)
	}
	return meter, nil
}

// seal makes the entry final.
func (e *spoolEntry) seal(s sealed) error {
	if err := os.Remove(e.reservePath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write spool: %w", err)
	}
	return writeDurably(e.dir, "sealed.json", s)
}

// loadSealed returns fs.ErrNotExist when the entry is not sealed.
func (e *spoolEntry) loadSealed() (s sealed, err error) {
	return s, readJSON(filepath.Join(e.dir, "sealed.json"), &s)
}

// renamed gives the metrics that version 0.1.0 wrote the names that they have now. Inside a text both quotes
// would be escaped, so that a name and its colon are found nowhere but as a key.
func renamed(data []byte) []byte {
	for before, now := range heimdall.RenamedMetrics {
		data = bytes.ReplaceAll(data, []byte(`"`+before+`":`), []byte(`"`+now+`":`))
	}
	return data
}

// remove forgets the entry, and the acquisition's folder with its last one.
func (e *spoolEntry) remove() error {
	if err := os.RemoveAll(e.dir); err != nil {
		return fmt.Errorf("clear spool: %w", err)
	}
	// Other captures may still be there; then this fails, as it should.
	if err := os.Remove(e.root); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("clear spool: %w", err)
	}
	return nil
}

// entries lists the acquisitions and captures that the spool holds anything of.
func (s *Spool) entries() (map[string][]int64, error) {
	dirs, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("list spool: %w", err)
	}
	found := map[string][]int64{}
	for _, d := range dirs {
		captures, err := os.ReadDir(filepath.Join(s.dir, d.Name()))
		if err != nil {
			return nil, fmt.Errorf("list spool: %w", err)
		}
		for _, c := range captures {
			if id, err := strconv.ParseInt(c.Name(), 10, 64); err == nil {
				found[d.Name()] = append(found[d.Name()], id)
			}
		}
	}
	return found, nil
}

// writeDurably makes dir/name hold v as JSON: all of it or none, whatever happens, and durable on return.
func writeDurably(dir, name string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	f, err := os.Create(filepath.Join(dir, name+".new"))
	if err != nil {
		return fmt.Errorf("write spool: %w", err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, name))
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return fmt.Errorf("write spool: %w", err)
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func readJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(renamed(data), v); err != nil {
		return fmt.Errorf("read spool %s: %w", path, err)
	}
	return nil
}
