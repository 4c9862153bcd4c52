package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/heimdall-sdr/heimdall/store/sqlite"
	"github.com/heimdall-sdr/heimdall/store/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Store {
		return open(t, filepath.Join(t.TempDir(), "heimdall.db"), sqlite.Options{})
	})
}

func open(t *testing.T, path string, opt sqlite.Options) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
