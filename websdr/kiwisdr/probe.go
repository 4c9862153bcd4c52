package kiwisdr

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
)

var _ websdr.Prober = (*Driver)(nil)

// Probe asks for the status, which takes no channel. One that says that its owner has switched it off is down.
func (d *Driver) Probe(ctx context.Context, w *heimdall.WebSDR, identity string) (websdr.Report, error) {
	begun := time.Now()
	st, err := d.Status(ctx, w, identity)
	if err != nil {
		return websdr.Report{}, err
	}
	r := st.report()
	r.Latency = time.Since(begun)
	if st.Offline {
		return r, websdr.Fail(heimdall.FailDown, "ask the status of "+w.URL, nil, "it says that its owner has switched it off")
	}
	return r, nil
}

// report leaves out the owner's address, which is not ours to keep.
func (s *Status) report() websdr.Report {
	r := websdr.Report{
		Dialect: s.Version, Users: s.Users, UsersMax: s.UsersMax, FixesPerMin: s.FixesPerMin, Satellites: s.GPSSatellites,
		SNRdB: s.SNRdB, Name: s.Name, Antenna: s.Antenna, LocationName: s.Location,
		LatitudeDeg: s.LatitudeDeg, LongitudeDeg: s.LongitudeDeg, AltitudeM: s.AltitudeM, Raw: map[string]string{},
	}
	if s.LowHz != nil && s.HighHz != nil && *s.LowHz >= 0 && *s.HighHz > *s.LowHz {
		r.FrequencyMinHz, r.FrequencyMaxHz = *s.LowHz, *s.HighHz
	}
	if hardware := strings.Join(strings.Fields(strings.ReplaceAll(s.Hardware, "\u2063", " ")), " "); hardware != "" {
		r.Raw["hardware"] = hardware
	}
	if s.State != "" {
		r.Raw["status"] = s.State
	}
	if s.NeedPassword {
		r.Raw["password"] = "nobody gets in without one"
	}
	if s.Stamps != nil && !*s.Stamps {
		r.Raw["gps_stamps"] = "its owner has disabled them"
	}
	for key, v := range map[string]*int64{"converter_overloads": s.ConverterOverload, "uptime_s": s.UptimeS} {
		if v != nil {
			r.Raw[key] = fmt.Sprint(*v)
		}
	}
	return r
}
