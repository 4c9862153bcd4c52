package storetest

import (
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

var workers = []promise{
	{"what a worker last said of itself is listed, in order of name", workersListed},
	{"a worker that stopped in good order is gone", workerForgotten},
}

func aWorker(name string) heimdall.WorkerStatus {
	return heimdall.WorkerStatus{Name: name, Host: "machine", Version: "1.2.3", StartedAt: aTime.Truncate(time.Microsecond), Slots: 16, Running: 3}
}

func workersListed(t *testing.T, s Store) {
	ok(t, s.SeeWorker(t.Context(), aWorker("b/2")))
	ok(t, s.SeeWorker(t.Context(), aWorker("a/1")))
	first, err := s.Workers(t.Context())
	ok(t, err)
	busier := aWorker("b/2")
	busier.Running = 4
	ok(t, s.SeeWorker(t.Context(), busier))
	list, err := s.Workers(t.Context())
	ok(t, err)
	if len(first) != 2 || len(list) != 2 || list[1].SeenAt.Before(first[1].SeenAt) || list[1].SeenAt.IsZero() {
		t.Fatalf("the workers are %+v, before %+v", list, first)
	}
	for i := range list {
		list[i].SeenAt = time.Time{}
	}
	same(t, "workers", list, []heimdall.WorkerStatus{aWorker("a/1"), busier})
}

func workerForgotten(t *testing.T, s Store) {
	ok(t, s.SeeWorker(t.Context(), aWorker("a/1")))
	ok(t, s.ForgetWorker(t.Context(), "a/1"))
	ok(t, s.ForgetWorker(t.Context(), "a/1"))
	list, err := s.Workers(t.Context())
	ok(t, err)
	if len(list) != 0 {
		t.Errorf("the workers are %+v", list)
	}
}
