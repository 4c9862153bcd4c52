package api

import (
	"context"
	"math"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

type acquisitionEmittersOutput struct{ Body wire.AcquisitionEmitters }

func (s *service) acquisitionEmitters(ctx context.Context, in *TaskPath) (*acquisitionEmittersOutput, error) {
	a, captures, err := s.Store.Acquisition(ctx, in.TaskID)
	if err != nil {
		return nil, err
	}
	out := &acquisitionEmittersOutput{wire.AcquisitionEmitters{Emitters: []wire.EmitterInBand{}}}
	lowHz, highHz := bandOf(captures)
	if lowHz >= highHz { // nothing is recorded
		return out, nil
	}
	// No emitter is below 1 Hz, and 0 would mean no limit.
	list, err := s.Store.Emitters(ctx, heimdall.EmitterFilter{FrequencyMinHz: max(1, int64(math.Ceil(lowHz))), FrequencyMaxHz: max(1, int64(math.Floor(highHz)))})
	if err != nil {
		return nil, err
	}
	websdrs, err := s.Store.WebSDRs(ctx, heimdall.WebSDRFilter{IDs: a.WebSDRIDs})
	if err != nil {
		return nil, err
	}
	for i := range list {
		paths, inBand := pathsFrom(&list[i], captures, websdrs)
		if inBand { // not only between two bands
			out.Body.Emitters = append(out.Body.Emitters, wire.EmitterInBand{
				Emitter: wire.EmitterOf(list[i]), OffsetHz: float64(list[i].FrequencyHz - a.FrequencyHz), Captures: paths,
			})
		}
	}
	return out, nil
}

// bandOf is from the lowest frequency that any capture recorded to the highest; nothing when none recorded.
func bandOf(captures []heimdall.Capture) (lowHz, highHz float64) {
	lowHz, highHz = math.Inf(1), math.Inf(-1)
	for i := range captures {
		if r := captures[i].Recording; r != nil {
			low, high := r.BandHz()
			lowHz, highHz = min(lowHz, low), max(highHz, high)
		}
	}
	return lowHz, highHz
}

// pathsFrom are the paths from e to the receivers of captures, and whether e is in the band of any.
func pathsFrom(e *heimdall.Emitter, captures []heimdall.Capture, websdrs []heimdall.WebSDR) (paths []wire.EmitterPath, inBand bool) {
	byID := make(map[int64]*heimdall.WebSDR, len(websdrs))
	nearest := time.Duration(math.MaxInt64)
	for i := range websdrs {
		byID[websdrs[i].ID] = &websdrs[i]
		nearest = min(nearest, e.FreeSpaceDelay(&websdrs[i]))
	}
	paths = []wire.EmitterPath{}
	for i := range captures {
		if w := byID[captures[i].WebSDRID]; w != nil { // a WebSDR with captures stays
			p := wire.EmitterPathOf(e, w, captures[i].Recording, nearest)
			inBand = inBand || p.InBand != nil && *p.InBand
			paths = append(paths, p)
		}
	}
	return paths, inBand
}
