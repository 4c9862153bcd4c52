package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/recompute"
)

type recomputeInput struct {
	CapturePath
	DryRun bool `query:"dry_run" doc:"Say what would differ and change nothing"`
}

type recomputeOutput struct{ Body wire.Recomputation }

func (s *service) recomputeRecording(ctx context.Context, in *recomputeInput) (*recomputeOutput, error) {
	r, err := s.recomputer.Recording(ctx, in.TaskID, in.WebSDRID, !in.DryRun)
	if err != nil {
		return nil, notRecomputed(ctx, err)
	}
	if r.Replaced {
		// The row forgets what it held: this line is where it is kept.
		s.Log.InfoContext(ctx, "metrics replaced", "request_id", requestID(ctx), "acquisition", in.TaskID, "websdr", in.WebSDRID,
			"old_version", r.Old.AlgorithmVersion, "new_version", r.New.AlgorithmVersion,
			"old_snr_db", orNone(r.Old.SNRdB), "new_snr_db", orNone(r.New.SNRdB))
	}
	body := wire.Recomputation{
		TaskID: in.TaskID, WebSDRID: in.WebSDRID, OldVersion: r.Old.AlgorithmVersion, NewVersion: r.New.AlgorithmVersion,
		Replaced: r.Replaced, Changes: []wire.MetricChange{},
	}
	for _, c := range r.Changes {
		body.Changes = append(body.Changes, wire.MetricChange{Name: c.Name, Old: c.Old, New: c.New})
	}
	return &recomputeOutput{body}, nil
}

// notRecomputed says what is wrong with the recording: that is no fault of the server, and asking again does not help.
func notRecomputed(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, recompute.ErrNoRecording), errors.Is(err, recompute.ErrMissing):
		return newProblem(ctx, http.StatusNotFound, err.Error())
	case errors.Is(err, recompute.ErrDamaged), errors.Is(err, recompute.ErrUnfit):
		return newProblem(ctx, http.StatusConflict, err.Error())
	}
	return err
}

// orNone is a number for the log.
func orNone(v *float64) any {
	if v == nil {
		return "none"
	}
	return *v
}
