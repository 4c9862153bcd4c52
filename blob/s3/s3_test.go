package s3_test

import (
	"os"
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
