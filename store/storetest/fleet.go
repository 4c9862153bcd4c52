package storetest

import (
	"context"
	"time"

	"github.com/heimdall-sdr/heimdall"
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
