package storetest

import (
	"context"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
)

// A FleetStore keeps what concerns all who work on one database; see acquire.FleetStore for most of it.
type FleetStore interface {
	SetContact(ctx context.Context, c heimdall.Contact) (heimdall.Contact, error)
	Workers(ctx context.Context) ([]heimdall.WorkerStatus, error)
	CountPending(ctx context.Context) (int, error)
	ForgiveReceiver(ctx context.Context, websdrID int64) error

	// Asked by probes; see acquire.Store for the holds of acquisitions.
	TakeHost(ctx context.Context, host, holder string, lease time.Duration) error
	FreeHost(ctx context.Context, host, holder string) error
}

func fleetCalls(s Store, job *acquire.Job) map[string]func(context.Context) error {
	const host = "kiwi.example:8073"
	return map[string]func(context.Context) error{
		"Contact":         func(ctx context.Context) error { _, err := s.Contact(ctx); return err },
		"SetContact":      func(ctx context.Context) error { _, err := s.SetContact(ctx, heimdall.Contact{}); return err },
		"Workers":         func(ctx context.Context) error { _, err := s.Workers(ctx); return err },
		"SeeWorker":       func(ctx context.Context) error { return s.SeeWorker(ctx, aWorker("one")) },
		"ForgetWorker":    func(ctx context.Context) error { return s.ForgetWorker(ctx, "one") },
		"CountPending":    func(ctx context.Context) error { _, err := s.CountPending(ctx); return err },
		"UntilDue":        func(ctx context.Context) error { _, err := s.UntilDue(ctx, time.Second); return err },
		"FailOverdue":     func(ctx context.Context) error { _, err := s.FailOverdue(ctx); return err },
		"ReturnHost":      func(ctx context.Context) error { return s.ReturnHost(ctx, job.Lease, host) },
		"TakeHost":        func(ctx context.Context) error { return s.TakeHost(ctx, host, "probe", time.Second) },
		"FreeHost":        func(ctx context.Context) error { return s.FreeHost(ctx, host, "probe") },
		"ApproachHost":    func(ctx context.Context) error { _, err := s.ApproachHost(ctx, host, time.Second); return err },
		"CountUse":        func(ctx context.Context) error { return s.CountUse(ctx, host, aTime, time.Second) },
		"Standings":       func(ctx context.Context) error { _, err := s.Standings(ctx, nil); return err },
		"ForgiveReceiver": func(ctx context.Context) error { return s.ForgiveReceiver(ctx, 1) },
		"BlockReceiver": func(ctx context.Context) error {
			return s.BlockReceiver(ctx, 1, heimdall.FailBusy, "busy", time.Second)
		},
	}
}
