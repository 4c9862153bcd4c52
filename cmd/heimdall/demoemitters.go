package main

import (
	"context"
	"math"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
	"github.com/heimdall-sdr/heimdall/simnet"
)

// addEmitters has the simulated transmitters known, so that the map shows them. Where one of that name is known already,
// it is left alone: it may be somebody's own.
func addEmitters(ctx context.Context, cl *client.Client, simulated []simnet.Emitter) error {
	known, err := cl.Emitters(ctx, heimdall.EmitterFilter{})
	if err != nil {
		return err
	}
	taken := map[string]bool{}
	for _, e := range known {
		taken[e.Name] = true
	}
	for _, e := range simulated {
		if taken[e.Name] {
			continue
		}
		in := wire.EmitterInput{
			Name: e.Name, FrequencyMHz: wire.MHz(int64(math.Round(e.FrequencyHz))), Latitude: e.LatitudeDeg, Longitude: e.LongitudeDeg,
			AltitudeM: &e.AltitudeM, EIRPdBm: &e.PowerDBM, Notes: "simulated by heimdall demo: " + string(e.Modulation),
		}
		if e.BandwidthHz != 0 {
			in.BandwidthHz = &e.BandwidthHz
		}
		if _, err := cl.CreateEmitter(ctx, in); err != nil {
			return err
		}
	}
	return nil
}
