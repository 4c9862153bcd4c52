package api

import (
	"context"
	"runtime"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/recompute"
)

// Settings are those of the server that the API tells, because they decide what can be asked of old data.
type Settings struct {
	RetentionDays int    // 0 means for ever
	Objects       string // where the recordings are, without any secret
}

type systemOutput struct{ Body wire.System }

func (s *service) system(ctx context.Context, _ *struct{}) (*systemOutput, error) {
	d, err := s.Store.Describe(ctx)
	if err != nil {
		return nil, err
	}
	out := wire.System{
		Version: s.Version, AlgorithmVersion: recompute.Version, Objects: s.Settings.Objects,
		Database: wire.Database{
			Backend: d.Backend, Version: d.Version, Reason: d.Reason, SchemaVersion: d.Schema,
			Partitions: d.Partitions, CompressedPartitions: d.Compressed, Bytes: d.Bytes, Measurements: d.Measurements,
		},
		Queue:    wire.Queue{Pending: d.AcquisitionsPending, Running: d.AcquisitionsRunning},
		Platform: runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH, StartedAt: s.began,
	}
	if !d.PendingSince.IsZero() {
		out.Queue.PendingSince = new(d.PendingSince.UTC())
	}
	if s.Retention != nil {
		now, err := s.Retention.Status(ctx)
		if err != nil {
			return nil, err
		}
		r := now.Recorded
		out.Storage = wire.Storage{RecordedBytes: &r.Bytes, HeldBytes: &r.HeldBytes, PlannedBytes: &r.PlannedBytes, FreeBytes: now.Free}
		out.Retention = new(rulesOf(now.Rules))
	}
	if n := s.Settings.RetentionDays; n > 0 {
		out.RetentionDays = &n
	}
	if d.CompressAfter > 0 {
		out.Database.CompressAfterDays = new(d.CompressAfter.Hours() / 24)
	}
	return &systemOutput{out}, nil
}
