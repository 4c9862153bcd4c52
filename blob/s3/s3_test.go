package s3_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/blob/blobtest"
	"github.com/heimdall-sdr/heimdall/blob/s3"
	"github.com/heimdall-sdr/heimdall/blob/s3/s3test"
)

func TestMain(m *testing.M) { os.Exit(s3test.Main(m.Run)) }

func TestTheStoreKeepsItsPromise(t *testing.T) {
	s3test.Each(t, func(t *testing.T, server *s3test.Server) {
		t.Parallel()
		blobtest.Run(t, func(t *testing.T) blob.Store { return open(t, config(server)) })
	})
}

// config is of a bucket of the test's own.
func config(server *s3test.Server) s3.Config {
	return s3.Config{Endpoint: server.Endpoint, AccessKey: server.AccessKey, SecretKey: server.SecretKey, Bucket: s3test.Bucket(),
		RetryFor: 10 * time.Second}
}

func open(t testing.TB, c s3.Config) *s3.Store {
	t.Helper()
	s, err := s3.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestOfRacingUploadsInPartsOneWinsOrAllOfTheSameBytesSucceed(t *testing.T) {
	s3test.Each(t, func(t *testing.T, server *s3test.Server) {
		for name, seeds := range map[string][4]byte{"of the same bytes": {1, 1, 1, 1}, "of different bytes": {1, 2, 3, 4}} {
			t.Run(name, func(t *testing.T) {
				store := open(t, config(server))
				var errs [4]error
				var done sync.WaitGroup
				for i, seed := range seeds {
					b := sample(seed, 9<<20)
					done.Go(func() { errs[i] = store.Put(t.Context(), key, bytes.NewReader(b), blob.SumOf(b)) })
				}
				done.Wait()
				winner := -1
				for i, err := range errs {
					switch {
					case err == nil && (winner < 0 || seeds[i] == seeds[winner]):
						winner = i
					case err == nil:
						t.Errorf("Puts %d and %d of different bytes both succeeded", winner, i)
					case seeds[0] == seeds[1] || !errors.Is(err, blob.ErrDiffers):
						t.Errorf("Put %d = %v", i, err)
					}
				}
				if winner < 0 {
					t.Fatal("none succeeded")
				}
				mustHold(t, store, sample(seeds[winner], 9<<20))
			})
		}
	})
}

// Servers differ in whether an object may lie below another, but none may say that it does and lose one.
func TestAKeyBelowAnObjectOrAboveOneIsKeptOrRefused(t *testing.T) {
	s3test.Each(t, func(t *testing.T, server *s3test.Server) {
		for _, keys := range [][2]string{{"a/b", "a/b/c"}, {"a/b/c", "a/b"}} {
			store := open(t, config(server))
			content := map[string][]byte{keys[0]: sample(1, 1000)}
			for i, k := range keys {
				b := sample(byte(1+i), 1000)
				switch err := store.Put(t.Context(), k, bytes.NewReader(b), blob.SumOf(b)); {
				case err == nil:
					content[k] = b
				case i == 0 || !errors.Is(err, blob.ErrKey):
					t.Errorf("Put of %s after %s = %v, want success or ErrKey", k, keys[0], err)
				}
			}
			for k, b := range content {
				o, err := store.Open(t.Context(), k)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := io.ReadAll(o); err != nil || !bytes.Equal(got, b) {
					t.Errorf("%s gives %d bytes (%v)", k, len(got), err)
				}
				o.Close()
			}
			t.Logf("%q: %d are kept", keys, len(content))
		}
	})
}
