package postgres_test

import (
	"context"
	"os"
	"testing"

	"github.com/heimdall-sdr/heimdall/store/postgres"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
	"github.com/heimdall-sdr/heimdall/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m, prepare)) }

// prepare is the first opening of a database, which migrates it and makes its partitions.
func prepare(ctx context.Context, url string) error {
	s, err := postgres.Open(ctx, url, postgres.Options{MaxConns: 2})
	if err != nil {
		return err
	}
	return s.Close()
}

func TestContract(t *testing.T) {
	t.Parallel()
	pgtest.Each(t, func(t *testing.T, server *pgtest.Server) {
		storetest.Run(t, func(t *testing.T) storetest.Store { return open(t, server.Database(t)) })
	})
}
