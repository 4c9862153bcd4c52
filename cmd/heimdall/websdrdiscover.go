package main

import (
	"errors"
	"fmt"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// discover asks the receiver that is being added for what was not said of it. It is asked from here, before anything is
// stored: nobody else knows of it yet.
func (c *websdrAddCmd) discover(a *app) error {
	rule, err := a.config.Receivers.rule()
	if err != nil {
		return err
	}
	p, ok := probers(rule)[c.Kind]
	if !ok {
		return &outcome{code: exitUsage, text: fmt.Sprintf("a WebSDR of kind %q cannot be probed: leave out --probe", c.Kind)}
	}
	w := heimdall.WebSDR{Name: c.Name, Kind: c.Kind, URL: c.URL, FrequencyOffsetHz: c.FrequencyOffsetHz, Timeout: heimdall.DefaultTimeout}
	if c.Password != nil {
		w.Password = *c.Password
	}
	r, err := p.Probe(a.ctx, &w, (&WorkerConfig{}).identity())
	if err != nil {
		return fmt.Errorf("probe the receiver: %w (to add it all the same, leave out --probe)", err)
	}
	return c.fill(a, &r)
}

// fill takes from the report what was not said, and tells what it took.
func (c *websdrAddCmd) fill(a *app, r *websdr.Report) error {
	took := func(what string, value any) {
		if !c.JSON {
			fmt.Fprintf(a.stdout, "it says %s: %v\n", what, value)
		}
	}
	if c.Latitude == nil && c.Longitude == nil && r.LatitudeDeg != nil && r.LongitudeDeg != nil {
		// A GPS without a fix, and an owner who never set it, both say 0, 0.
		if *r.LatitudeDeg == 0 && *r.LongitudeDeg == 0 {
			return errors.New("probe the receiver: it says that it stands at 0, 0, which cannot be: give --latitude and --longitude")
		}
		c.Latitude, c.Longitude = r.LatitudeDeg, r.LongitudeDeg
		took("where it stands", fmt.Sprintf("%.6f, %.6f", *c.Latitude, *c.Longitude))
		if c.AltitudeM == nil && r.AltitudeM != nil {
			c.AltitudeM = r.AltitudeM
			took("its altitude in metres", *c.AltitudeM)
		}
	}
	if c.LocationName == "" && r.LocationName != "" {
		c.LocationName = r.LocationName
		took("its location", c.LocationName)
	}
	if c.FrequencyMinHz == 0 && c.FrequencyMaxHz == 0 && r.FrequencyMaxHz > 0 {
		c.FrequencyMinHz, c.FrequencyMaxHz = r.FrequencyMinHz, r.FrequencyMaxHz
		took("what it tunes", fmt.Sprintf("%g-%g MHz", float64(c.FrequencyMinHz)/1e6, float64(c.FrequencyMaxHz)/1e6))
	}
	return nil
}

func (c *websdrAddCmd) hint() string {
	if c.Probe {
		return ": the receiver does not say it"
	}
	return ", or --probe to ask the receiver"
}
