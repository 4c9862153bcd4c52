package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
)

// Writes that come at the same moment share a transaction. One that is refused, or whose caller has gone, takes none of the
// others with it.
func TestAWriteThatFailsTakesNoneOfThoseWithItThatShareItsTransaction(t *testing.T) {
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "heimdall.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	w, err := s.CreateWebSDR(t.Context(), heimdall.WebSDR{Name: "sim", Kind: "sim", URL: "sim:///", Active: true, Timeout: 10 * time.Second, FrequencyMaxHz: 30e6})
	if err != nil {
		t.Fatal(err)
	}
	const each = 60 // of a kind
	var wg sync.WaitGroup
	kept := make([]string, each)
	for i := range each {
		ask := func(ctx context.Context, websdr int64) (heimdall.Acquisition, error) {
			a, _, err := s.CreateAcquisition(ctx, heimdall.Acquisition{FrequencyHz: 7_100_000, Duration: time.Second, JoinTimeout: time.Second,
				WebSDRIDs: []int64{websdr}, IdempotencyKey: fmt.Sprint(websdr, "/", i)})
			return a, err
		}
		wg.Go(func() {
			a, err := ask(t.Context(), w.ID)
			if kept[i] = a.TaskID; err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if _, err := ask(t.Context(), w.ID+1); !errors.As(err, new(*heimdall.InvalidError)) {
				t.Errorf("an unknown WebSDR: %v, want an InvalidError", err)
			}
		})
		wg.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Duration(i)*100*time.Microsecond, cancel)
			if _, err := ask(ctx, w.ID+2); !errors.As(err, new(*heimdall.InvalidError)) && !errors.Is(err, context.Canceled) {
				t.Errorf("a caller who goes: %v", err)
			}
		})
	}
	wg.Wait()
	for _, id := range kept {
		if _, _, err := s.Acquisition(t.Context(), id); err != nil {
			t.Error(err)
		}
	}
	list, err := s.Acquisitions(t.Context(), heimdall.AcquisitionFilter{Limit: heimdall.MaxPage})
	if err != nil || len(list) != each {
		t.Errorf("%d acquisitions are stored, want %d (%v)", len(list), each, err)
	}
}
