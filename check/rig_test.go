package check_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/blob/disk"
	"github.com/heimdall-sdr/heimdall/check"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
	"github.com/heimdall-sdr/heimdall/store/sqlite/sqlitetest"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/sim"
)

// A rig is a whole system in a temporary folder, to be damaged.
type rig struct {
	*testing.T
	dir   string
	store *sqlite.Store
	blobs *disk.Store
	now   time.Time // of Repair
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{T: t, dir: t.TempDir(), now: time.Now().Add(48 * time.Hour)}
	var err error
	if r.blobs, err = disk.Open(filepath.Join(r.dir, "objects")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.blobs.Close() })
	r.open("heimdall.db")
	return r
}

// open goes on with another database.
func (r *rig) open(name string) {
	r.Helper()
	s, err := sqlite.Open(r.Context(), sqlitetest.Create(r, filepath.Join(r.dir, name)), sqlite.Options{})
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { s.Close() })
	r.store = s
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// record has n WebSDRs record once, and returns the acquisition and its captures.
func (r *rig) record(n int) (heimdall.Acquisition, []heimdall.Capture) {
	r.Helper()
	a := r.request(n)
	r.work(r.blobs, func() bool {
		now, _, err := r.store.Acquisition(r.Context(), a.TaskID)
		r.must(err)
		left, err := r.store.Uncollected(r.Context(), "", 1) // asked later, so that an end in between is seen
		r.must(err)
		return now.State.Ended() && len(left) == 0
	})
	a, captures, err := r.store.Acquisition(r.Context(), a.TaskID)
	r.must(err)
	return a, captures
}

func (r *rig) request(n int) heimdall.Acquisition {
	r.Helper()
	var ids []int64
	have, err := r.store.WebSDRs(r.Context(), heimdall.WebSDRFilter{})
	r.must(err)
	for i := range n {
		w, err := r.store.CreateWebSDR(r.Context(), heimdall.WebSDR{Name: fmt.Sprint("sim ", len(have)+i), Kind: "sim", SampleRateHz: 12000,
			URL: fmt.Sprintf("sim:///?pace=fast&seed=%d", i), Active: true, Timeout: time.Second})
		r.must(err)
		ids = append(ids, w.ID)
	}
	a, _, err := r.store.CreateAcquisition(r.Context(), heimdall.Acquisition{FrequencyHz: 7_100_000, Duration: 100 * time.Millisecond,
		ChannelBandwidthHz: 5000, JoinTimeout: 10 * time.Second, WebSDRIDs: ids})
	r.must(err)
	return a
}

func (r *rig) spool() string { return filepath.Join(r.dir, "spool") }

// work runs a worker until done.
func (r *rig) work(blobs blob.Store, done func() bool) {
	r.Helper()
	a, err := acquire.New(acquire.Config{Store: r.store, Blobs: blobs, Drivers: map[string]websdr.Driver{"sim": &sim.Driver{}},
		SpoolDir: r.spool(), Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Jitter: func() float64 { return 0 }})
	r.must(err)
	w := &acquire.Worker{Acquirer: a, Name: "test", Concurrency: 4, Lease: time.Minute, Ahead: time.Minute}
	ctx, stop := context.WithCancel(r.Context())
	var group sync.WaitGroup
	group.Go(func() { w.Run(ctx) })
	defer group.Wait()
	defer stop()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(20 * time.Millisecond) { // asking costs more than the work
		if time.Now().After(deadline) {
			r.Fatal("the worker never comes to an end")
		}
	}
}

// away is an object store that takes nothing.
type away struct{ blob.Store }

func (away) Put(context.Context, string, io.Reader, blob.Sum) error {
	return errors.New("the object store is away")
}

// recordIntoSpool records without storing, so that everything waits in the spool.
func (r *rig) recordIntoSpool(n int) heimdall.Acquisition {
	r.Helper()
	a := r.request(n)
	r.work(away{r.blobs}, func() bool {
		sealed, err := filepath.Glob(filepath.Join(r.spool(), "*", "*", "sealed.json"))
		r.must(err)
		return len(sealed) == n
	})
	return a
}

func (r *rig) path(key string) string {
	return filepath.Join(r.dir, "objects", filepath.FromSlash(key))
}

// put makes an object.
func (r *rig) put(key, content string) {
	r.Helper()
	r.must(r.blobs.Put(r.Context(), key, strings.NewReader(content), blob.SumOf([]byte(content))))
}

// spoil changes an object behind the store's back.
func (r *rig) spoil(key string, change func([]byte) []byte) {
	r.Helper()
	content, err := os.ReadFile(r.path(key))
	r.must(err)
	r.must(os.Remove(r.path(key)))
	r.must(os.WriteFile(r.path(key), change(content), 0o644))
}

func flipBit(b []byte) []byte {
	b[len(b)/2] ^= 1
	return b
}

func cut(b []byte) []byte { return b[:len(b)/2] }

// check finds problems, by kind.
func (r *rig) check() (check.Report, []string) {
	r.Helper()
	report, err := check.Run(r.Context(), r.store, r.blobs, true, nil)
	r.must(err)
	waiting, err := check.Spool(r.Context(), r.store, r.spool())
	r.must(err)
	report.Problems = append(report.Problems, waiting...)
	kinds := []string{}
	for _, p := range report.Problems {
		kinds = append(kinds, p.Kind)
	}
	slices.Sort(kinds)
	return report, kinds
}

func (r *rig) repair(found check.Report, apply bool) []string {
	r.Helper()
	actions, err := check.Repair(r.Context(), check.RepairConfig{Store: r.store, Blobs: r.blobs, SpoolDir: r.spool(), Apply: apply,
		Now: func() time.Time { return r.now }}, found)
	r.must(err)
	kinds := []string{}
	for _, a := range actions {
		if apply && !a.Done && a.Kind != check.Leave {
			r.Errorf("%s was not done: %s (%s)", a.Kind, a.Error, a.Detail)
		}
		if !apply && a.Done {
			r.Errorf("%s was done, though only the plan was wanted", a.Kind)
		}
		kinds = append(kinds, a.Kind)
	}
	slices.Sort(kinds)
	return kinds
}

// state is every row and every object that a user has.
type state struct {
	Rows    map[string][]string
	Objects map[string]string // SHA-256 by key
	Spool   []string
}

func (r *rig) state() state {
	r.Helper()
	s := state{Rows: map[string][]string{}, Objects: map[string]string{}}
	db, err := sql.Open("sqlite", "file:"+r.databaseFile()+"?_busy_timeout=10000")
	r.must(err)
	defer db.Close()
	for _, table := range []string{"websdrs", "acquisitions", "captures", "measurements", "captures_hourly", "captures_daily", "deletions"} {
		s.Rows[table] = r.dump(db, table)
	}
	for info, err := range r.blobs.List(r.Context(), "") {
		r.must(err)
		content, err := os.ReadFile(r.path(info.Key))
		r.must(err)
		s.Objects[info.Key] = blob.SumOf(content).SHA256
	}
	s.Spool, err = filepath.Glob(filepath.Join(r.spool(), "*", "*", "*"))
	r.must(err)
	return s
}

// databaseFile is the one that was opened last.
func (r *rig) databaseFile() string {
	if _, err := os.Stat(filepath.Join(r.dir, "new.db")); err == nil {
		return filepath.Join(r.dir, "new.db")
	}
	return filepath.Join(r.dir, "heimdall.db")
}

func (r *rig) dump(db *sql.DB, table string) []string {
	r.Helper()
	rows, err := db.Query("SELECT * FROM " + table)
	r.must(err)
	defer rows.Close()
	names, err := rows.Columns()
	r.must(err)
	lines := []string{}
	for rows.Next() {
		row, into := make([]any, len(names)), make([]any, len(names))
		for i := range row {
			into[i] = &row[i]
		}
		r.must(rows.Scan(into...))
		var b strings.Builder
		for i, name := range names {
			if name != "id" && name != "collected_at" {
				fmt.Fprintf(&b, "%s=%v\n", name, row[i])
			}
		}
		lines = append(lines, b.String())
	}
	r.must(rows.Err())
	sort.Strings(lines)
	return lines
}

// mends goes the whole way: check names the damage, the plan says what would be done and does nothing, the repair does
// it, and then all is well but for what is left to a person.
func (r *rig) mends(problems, actions, left []string) {
	r.Helper()
	before := r.state()
	found, kinds := r.check()
	if diff := cmp.Diff(problems, kinds); diff != "" {
		r.Errorf("problems (-want +got):\n%s%v", diff, found.Problems)
	}
	if diff := cmp.Diff(actions, r.repair(found, false)); diff != "" {
		r.Errorf("plan (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, r.state()); diff != "" {
		r.Errorf("the plan changed something (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(actions, r.repair(found, true)); diff != "" {
		r.Errorf("actions (-want +got):\n%s", diff)
	}
	if found, kinds = r.check(); !slices.Equal(kinds, left) {
		r.Errorf("after the repair there is %v, want %v", found.Problems, left)
	}
}

// wantChanged checks that of all objects only these are others than before, or gone, or new.
func (r *rig) wantChanged(before state, keys ...string) {
	r.Helper()
	after := r.state()
	changed := []string{}
	for key, sum := range before.Objects {
		if after.Objects[key] != sum {
			changed = append(changed, key)
		}
	}
	for key := range after.Objects {
		if before.Objects[key] == "" {
			changed = append(changed, key)
		}
	}
	slices.Sort(changed)
	slices.Sort(keys)
	if diff := cmp.Diff(append([]string{}, keys...), changed); diff != "" {
		r.Errorf("objects that changed (-want +got):\n%s", diff)
	}
}

// wantRows checks that no row is another than before, but those of the tables named.
func (r *rig) wantRows(before state, but ...string) {
	r.Helper()
	after := r.state()
	for table := range before.Rows {
		if diff := cmp.Diff(before.Rows[table], after.Rows[table]); diff != "" && !slices.Contains(but, table) {
			r.Errorf("rows of %s (-before +after):\n%s", table, diff)
		}
	}
}
