package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

// emitterCmd keeps the list of known emitters.
type emitterCmd struct {
	List   emitterListCmd   `cmd:"" default:"withargs" help:"List known emitters, or those in the bands of an acquisition."`
	Show   emitterShowCmd   `cmd:"" aliases:"get" help:"Show one."`
	Add    emitterAddCmd    `cmd:"" help:"Add one: heimdall emitter add DCF77 0.0775 --latitude 50.0155 --longitude 9.0108."`
	Set    emitterSetCmd    `cmd:"" help:"Change some fields of one: heimdall emitter set 3 eirp_dbm=75 notes='at night'."`
	Remove emitterRemoveCmd `cmd:"" aliases:"delete" help:"Remove one."`
	Import emitterImportCmd `cmd:"" help:"Add or change many, by name, from a GeoJSON file."`
	Export emitterExportCmd `cmd:"" help:"Print all as GeoJSON, which import takes."`
}

type emitterListCmd struct {
	MinMHz float64   `name:"frequency-min-mhz" placeholder:"N" help:"At or above this frequency."`
	MaxMHz float64   `name:"frequency-max-mhz" placeholder:"N" help:"At or below this frequency."`
	Near   []float64 `placeholder:"LAT,LON,KM" help:"Only those at most so many km from this point."`
	TaskID string    `name:"acquisition" placeholder:"TASK_ID" help:"Only those in the bands that this acquisition recorded, with their distances to its receivers."`
	JSON   bool      `help:"Print JSON."`
}

func (c *emitterListCmd) Run(a *app) error {
	f, err := c.filter()
	if err != nil {
		return err
	}
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		if c.TaskID != "" {
			return c.inBand(ctx, a, cl)
		}
		list, err := cl.Emitters(ctx, f)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, list)
		}
		t := newTable(a.stdout, "ID", "NAME", "MHz", "BANDWIDTH Hz", "LATITUDE", "LONGITUDE", "EIRP dBm")
		for _, e := range list {
			t.row(strconv.FormatInt(e.EmitterID, 10), e.Name, fmt.Sprint(e.FrequencyMHz), number(e.BandwidthHz, 0),
				fmt.Sprintf("%.4f", e.Latitude), fmt.Sprintf("%.4f", e.Longitude), number(e.EIRPdBm, 1))
		}
		return t.end()
	})
}

func (c *emitterListCmd) filter() (heimdall.EmitterFilter, error) {
	f := heimdall.EmitterFilter{FrequencyMinHz: wire.Hz(c.MinMHz), FrequencyMaxHz: wire.Hz(c.MaxMHz)}
	var bad heimdall.InvalidError
	switch len(c.Near) {
	case 0:
	case 3:
		f.Near = &heimdall.Near{LatitudeDeg: c.Near[0], LongitudeDeg: c.Near[1], RadiusKm: c.Near[2]}
	default:
		bad.Add("--near", "must be a latitude, a longitude and kilometres, such as 45.07,7.68,50")
	}
	if c.TaskID != "" && f != (heimdall.EmitterFilter{}) {
		bad.Add("--acquisition", "says which by itself: leave the others out")
	}
	return f, bad.Err()
}

// inBand prints a line for each path from an emitter to a receiver.
func (c *emitterListCmd) inBand(ctx context.Context, a *app, cl *client.Client) error {
	list, err := cl.AcquisitionEmitters(ctx, c.TaskID)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(a.stdout, list)
	}
	t := newTable(a.stdout, "ID", "NAME", "OFFSET Hz", "WEBSDR", "IN BAND", "DISTANCE km", "DELAY us", "AFTER NEAREST us")
	for _, e := range list {
		for _, p := range e.Captures {
			inBand := "-"
			if p.InBand != nil {
				inBand = yesNo(*p.InBand)
			}
			t.row(strconv.FormatInt(e.Emitter.EmitterID, 10), e.Emitter.Name, fmt.Sprintf("%+.0f", e.OffsetHz), strconv.FormatInt(p.WebSDRID, 10),
				inBand, fmt.Sprintf("%.1f", p.DistanceKm), fmt.Sprintf("%.2f", p.DelayUS), fmt.Sprintf("%.2f", p.DelayAfterNearestUS))
		}
	}
	return t.end()
}

type emitterShowCmd struct {
	ID   int64 `arg:"" help:"The emitter_id."`
	JSON bool  `help:"Print JSON."`
}

func (c *emitterShowCmd) Run(a *app) error {
	return a.showEmitter(c.JSON, func(ctx context.Context, cl *client.Client) (wire.Emitter, error) { return cl.Emitter(ctx, c.ID) })
}

// showEmitter prints the emitter that do gives, every field by its JSON name.
func (a *app) showEmitter(asJSON bool, do func(context.Context, *client.Client) (wire.Emitter, error)) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		e, err := do(ctx, cl)
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(a.stdout, e)
		}
		return a.printFields(e)
	})
}

type emitterAddCmd struct {
	Name         string   `arg:"" help:"Unique name."`
	FrequencyMHz float64  `arg:"" name:"frequency-mhz" help:"Of its carrier, or the middle of what it occupies, in MHz."`
	Latitude     float64  `required:"" placeholder:"DEG" help:"Of its antenna, degrees north."`
	Longitude    float64  `required:"" placeholder:"DEG" help:"Of its antenna, degrees east."`
	AltitudeM    *float64 `placeholder:"N" help:"Of its antenna, above the WGS 84 ellipsoid."`
	BandwidthHz  *float64 `placeholder:"N" help:"What it occupies."`
	EIRPdBm      *float64 `name:"eirp-dbm" placeholder:"N" help:"What it radiates."`
	Notes        string   `placeholder:"TEXT" help:"Anything worth remembering."`
	JSON         bool     `help:"Print JSON."`
}

func (c *emitterAddCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		e, err := cl.CreateEmitter(ctx, wire.EmitterInput{
			Name: c.Name, FrequencyMHz: c.FrequencyMHz, BandwidthHz: c.BandwidthHz, Latitude: c.Latitude, Longitude: c.Longitude,
			AltitudeM: c.AltitudeM, EIRPdBm: c.EIRPdBm, Notes: c.Notes,
		})
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, e)
		}
		fmt.Fprintf(a.stdout, "emitter %d added: %s\n", e.EmitterID, e.Name)
		return nil
	})
}

type emitterSetCmd struct {
	ID     int64    `arg:"" help:"The emitter_id."`
	Fields []string `arg:"" help:"name=value, by the JSON names that show prints; null empties a field."`
	JSON   bool     `help:"Print JSON."`
}

func (c *emitterSetCmd) Run(a *app) error {
	patch, err := patchOf(c.Fields)
	if err != nil {
		return err
	}
	return a.showEmitter(c.JSON, func(ctx context.Context, cl *client.Client) (wire.Emitter, error) {
		return cl.PatchEmitter(ctx, c.ID, patch, "")
	})
}

type emitterRemoveCmd struct {
	ID   int64 `arg:"" help:"The emitter_id."`
	JSON bool  `help:"Print JSON."`
}

func (c *emitterRemoveCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		if err := cl.DeleteEmitter(ctx, c.ID, ""); err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, map[string]int64{"deleted_emitter_id": c.ID})
		}
		fmt.Fprintf(a.stdout, "emitter %d removed\n", c.ID)
		return nil
	})
}

type emitterImportCmd struct {
	File   string `arg:"" help:"GeoJSON (RFC 7946): a FeatureCollection of points with the properties name and frequency_mhz; - reads standard input."`
	DryRun bool   `help:"Only say what would be done."`
	JSON   bool   `help:"Print JSON."`
}

func (c *emitterImportCmd) Run(a *app) error {
	data, err := readFileOrStdin(c.File)
	if err != nil {
		return err
	}
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		res, err := cl.ImportEmitters(ctx, bytes.NewReader(data), c.DryRun)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, res)
		}
		would := ""
		if res.DryRun {
			would = " (dry run: nothing was stored)"
		}
		fmt.Fprintf(a.stdout, "%d added, %d changed%s\n", res.Created, res.Updated, would)
		return nil
	})
}

type emitterExportCmd struct {
	JSON bool `help:"Print JSON, which GeoJSON is."`
}

func (c *emitterExportCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		body, err := cl.EmittersGeoJSON(ctx, heimdall.EmitterFilter{})
		if err != nil {
			return err
		}
		defer body.Close()
		_, err = io.Copy(a.stdout, body)
		return err
	})
}
