package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

// websdrCmd keeps the list of WebSDRs.
type websdrCmd struct {
	List    websdrListCmd    `cmd:"" default:"withargs" help:"List WebSDRs."`
	Show    websdrShowCmd    `cmd:"" help:"Show one."`
	Add     websdrAddCmd     `cmd:"" help:"Add one."`
	Set     websdrSetCmd     `cmd:"" help:"Change some fields of one: heimdall websdr set 3 gain_db=40 notes='new antenna'."`
	Enable  websdrEnableCmd  `cmd:"" help:"Offer one for acquisitions."`
	Disable websdrDisableCmd `cmd:"" help:"Offer one no longer; what it recorded stays."`
	Delete  websdrDeleteCmd  `cmd:"" help:"Delete one that has never been asked to record."`
	Status  websdrStatusCmd  `cmd:"" help:"Say how they are: up or down, since when and why; with an ID, the history of one."`
	History websdrHistoryCmd `cmd:"" help:"Count how one was found, part by part of a time, and why it was not well."`
	Probe   websdrProbeCmd   `cmd:"" help:"Ask one, or all active ones, now how they are."`
	Close   websdrCloseCmd   `cmd:"" help:"Close the breaker of one that failed several times in a row, so that acquisitions contact it again."`
	Import  websdrImportCmd  `cmd:"" help:"Add or change many, by name, from a JSON or CSV file."`
	Forgive websdrForgiveCmd `cmd:"" help:"Contact one again that turned us away."`
	Export  websdrExportCmd  `cmd:"" help:"Print all as JSON or CSV, without passwords."`
}

type websdrListCmd struct {
	Active bool `help:"Only active ones."`
	JSON   bool `help:"Print JSON."`
}

func (c *websdrListCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		list, err := cl.WebSDRs(ctx, c.Active)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, list)
		}
		t := newTable(a.stdout, "ID", "NAME", "KIND", "URL", "LATITUDE", "LONGITUDE", "TUNES MHz", "ACTIVE", "NOT BEFORE")
		for _, w := range list {
			row := w.Input().Root(nil)
			low, high := row.TuningRangeHz()
			t.row(strconv.FormatInt(w.WebSDRID, 10), w.Name, w.Kind, w.URL, fmt.Sprintf("%.3f", w.Latitude), fmt.Sprintf("%.3f", w.Longitude),
				fmt.Sprintf("%g-%g", float64(low)/1e6, float64(high)/1e6), yesNo(w.IsActive), blockedUntil(w.WebSDR))
		}
		return t.end()
	})
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

type websdrShowCmd struct {
	ID   int64 `arg:"" help:"The websdr_id."`
	JSON bool  `help:"Print JSON."`
}

func (c *websdrShowCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		w, err := cl.WebSDR(ctx, c.ID)
		if err != nil {
			return err
		}
		return a.printWebSDR(w, c.JSON)
	})
}

// printWebSDR shows every field by its JSON name.
func (a *app) printWebSDR(w wire.WebSDR, asJSON bool) error {
	if asJSON {
		return printJSON(a.stdout, w)
	}
	return a.printFields(w)
}

// printFields shows a struct as a table of JSON names and values, in order.
func (a *app) printFields(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if _, err := d.Token(); err != nil {
		return err
	}
	t := newTable(a.stdout, "FIELD", "VALUE")
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		text := string(value)
		if s, err := strconv.Unquote(text); err == nil {
			text = s
		} else if text == "null" {
			text = "-"
		}
		t.row(fmt.Sprint(name), text)
	}
	return t.end()
}

type websdrAddCmd struct {
	Name              string   `arg:"" help:"Unique name."`
	URL               string   `arg:"" help:"Where it is: http://kiwi.example:8073, tcp://host:1234, file:///path."`
	Kind              string   `required:"" help:"kiwisdr, rtl_tcp, http_iq, replay, sim."`
	Latitude          *float64 `placeholder:"DEG" help:"Of its antenna, degrees north; needed unless --probe finds it."`
	Longitude         *float64 `placeholder:"DEG" help:"Of its antenna, degrees east; needed unless --probe finds it."`
	AltitudeM         *float64 `placeholder:"N" help:"Of its antenna."`
	LocationName      string   `placeholder:"TEXT" help:"Where it stands, in words."`
	FrequencyMinHz    int64    `placeholder:"N" help:"Lowest frequency it tunes."`
	FrequencyMaxHz    int64    `placeholder:"N" help:"Highest frequency it tunes."`
	FrequencyOffsetHz int64    `placeholder:"N" help:"What its converter adds."`
	SampleRateHz      int64    `placeholder:"N" help:"Rate to ask for when an acquisition names none."`
	GainDB            *float64 `name:"gain-db" placeholder:"N" help:"Manual gain."`
	Password          *string  `env:"HEIMDALL_WEBSDR_PASSWORD" placeholder:"TEXT" help:"Its password."`
	Inactive          bool     `help:"Do not offer it for acquisitions yet."`
	Probe             bool     `help:"Ask it once, from this machine, for what is not said here: where it stands and what it tunes."`
	JSON              bool     `help:"Print JSON."`
}

func (c *websdrAddCmd) Run(a *app) error {
	if c.Probe {
		if err := c.discover(a); err != nil {
			return err
		}
	}
	if c.Latitude == nil || c.Longitude == nil {
		return &outcome{code: exitUsage, text: "where does it stand? Give --latitude and --longitude" + c.hint()}
	}
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		w, err := cl.CreateWebSDR(ctx, wire.WebSDRInput{
			Name: c.Name, URL: c.URL, Kind: c.Kind, Latitude: *c.Latitude, Longitude: *c.Longitude, AltitudeM: c.AltitudeM,
			LocationName: c.LocationName, FrequencyMinHz: c.FrequencyMinHz, FrequencyMaxHz: c.FrequencyMaxHz,
			FrequencyOffsetHz: c.FrequencyOffsetHz, SampleRateHz: c.SampleRateHz, GainDB: c.GainDB, Password: c.Password,
			IsActive: new(!c.Inactive),
		})
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, w)
		}
		fmt.Fprintf(a.stdout, "WebSDR %d added: %s\n", w.WebSDRID, w.Name)
		return nil
	})
}

type websdrSetCmd struct {
	ID     int64    `arg:"" help:"The websdr_id."`
	Fields []string `arg:"" help:"name=value, by the JSON names that show prints; null empties a field."`
	JSON   bool     `help:"Print JSON."`
}

func (c *websdrSetCmd) Run(a *app) error {
	patch, err := patchOf(c.Fields)
	if err != nil {
		return err
	}
	return a.patchWebSDR(c.ID, patch, c.JSON)
}

// patchOf reads fields such as name=value into a merge patch.
func patchOf(fields []string) (map[string]any, error) {
	patch := map[string]any{}
	var bad heimdall.InvalidError
	for _, f := range fields {
		name, text, ok := strings.Cut(f, "=")
		if !ok {
			bad.Add(f, "must be name=value")
			continue
		}
		patch[name] = valueOf(text)
	}
	return patch, bad.Err()
}

// valueOf reads a number, a boolean or null as such, and everything else as text.
func valueOf(text string) any {
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return text
	}
	return v
}

func (a *app) patchWebSDR(id int64, patch map[string]any, asJSON bool) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		w, err := cl.PatchWebSDR(ctx, id, patch, "")
		if err != nil {
			return err
		}
		return a.printWebSDR(w, asJSON)
	})
}

type websdrEnableCmd struct {
	ID   int64 `arg:"" help:"The websdr_id."`
	JSON bool  `help:"Print JSON."`
}

func (c *websdrEnableCmd) Run(a *app) error {
	return a.patchWebSDR(c.ID, map[string]any{"is_active": true}, c.JSON)
}

type websdrDisableCmd struct {
	ID   int64 `arg:"" help:"The websdr_id."`
	JSON bool  `help:"Print JSON."`
}

func (c *websdrDisableCmd) Run(a *app) error {
	return a.patchWebSDR(c.ID, map[string]any{"is_active": false}, c.JSON)
}

type websdrDeleteCmd struct {
	ID   int64 `arg:"" help:"The websdr_id."`
	JSON bool  `help:"Print JSON."`
}

func (c *websdrDeleteCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		if err := cl.DeleteWebSDR(ctx, c.ID, ""); err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, map[string]int64{"deleted_websdr_id": c.ID})
		}
		fmt.Fprintf(a.stdout, "WebSDR %d deleted\n", c.ID)
		return nil
	})
}

type websdrImportCmd struct {
	File   string `arg:"" help:"JSON array or CSV (by its extension); - reads JSON from standard input."`
	DryRun bool   `help:"Only say what would be done."`
	JSON   bool   `help:"Print JSON."`
}

func (c *websdrImportCmd) Run(a *app) error {
	data, err := readFileOrStdin(c.File)
	if err != nil {
		return err
	}
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		var res wire.ImportResult
		var err error
		if strings.HasSuffix(strings.ToLower(c.File), ".csv") {
			res, err = cl.ImportWebSDRsCSV(ctx, bytes.NewReader(data), c.DryRun)
		} else {
			var list []wire.WebSDRInput
			d := json.NewDecoder(bytes.NewReader(data))
			d.DisallowUnknownFields()
			if err := d.Decode(&list); err != nil {
				return fmt.Errorf("read %s: %w (it must be a JSON array of WebSDRs, as heimdall websdr export prints)", c.File, err)
			}
			res, err = cl.ImportWebSDRs(ctx, list, c.DryRun)
		}
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

func readFileOrStdin(path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(path)
}

type websdrExportCmd struct {
	Format string `short:"f" default:"json" enum:"json,csv,ndjson,parquet,arrow" help:"json, csv, ndjson, parquet or arrow (${default}); import takes the first two."`
	JSON   bool   `help:"Print JSON, whatever the format says."`
}

func (c *websdrExportCmd) Run(a *app) error {
	if c.JSON {
		c.Format = "json"
	}
	if isBinary(c.Format) && isTerminal(a.stdout) {
		return invalid("format", fmt.Errorf("%s is no text: send the output to a file", c.Format))
	}
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		body, err := cl.ExportWebSDRs(ctx, c.Format)
		if err != nil {
			return err
		}
		defer body.Close()
		_, err = io.Copy(a.stdout, body)
		return err
	})
}
