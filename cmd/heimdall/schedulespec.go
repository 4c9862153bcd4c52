package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// scheduleSpec is a schedule in flags.
type scheduleSpec struct {
	Name         string        `arg:"" help:"Unique name."`
	FrequencyMHz float64       `arg:"" name:"frequency-mhz" help:"Radio frequency in MHz, for example 7.074."`
	Duration     time.Duration `short:"d" default:"10s" help:"Length of the common window of each run (${default})."`
	WebSDR       []int64       `name:"websdr" short:"w" placeholder:"ID,..." help:"WebSDRs to record from; without it all that are active and can tune the frequency at the moment of a run."`
	Label        string        `placeholder:"TEXT" help:"Label of the acquisitions; without it the name."`
	Priority     int           `placeholder:"N" help:"Priority of the acquisitions, -9 to 9: the higher goes first."`

	Every time.Duration `xor:"when" placeholder:"DURATION" help:"Run at a fixed rate, such as 10m."`
	Cron  string        `xor:"when" placeholder:"SPEC" help:"Run by a cron line, such as \"*/5 * * * *\"."`
	RRule string        `name:"rrule" xor:"when" placeholder:"RULE" help:"Run by an RFC 5545 rule, such as \"FREQ=DAILY;BYHOUR=6\"; DTSTART and EXDATE as lines before and after it."`
	Sun   string        `xor:"when" placeholder:"EVENT[±DURATION]" help:"Run at an event of the sun, such as sunrise-30m: sunrise, sunset, solar_noon, civil_dawn, civil_dusk, nautical_dawn, nautical_dusk, astronomical_dawn, astronomical_dusk."`
	At    string        `xor:"place" placeholder:"LAT,LON" help:"Where the sun is looked at, in degrees."`
	AtID  int64         `name:"at-websdr" xor:"place" placeholder:"ID" help:"Or the WebSDR where it is."`
	Zone  string        `placeholder:"ZONE" help:"Time zone of --cron, --rrule and --window, such as Europe/Rome; without it UTC."`

	Start   *time.Time    `placeholder:"RFC3339" help:"No run is due before."`
	End     *time.Time    `placeholder:"RFC3339" help:"No run is due at or after."`
	Window  []string      `sep:";" placeholder:"WINDOW;..." help:"Run only within, such as 06:00-18:00, or mon,tue 22:00-02:00."`
	Jitter  time.Duration `placeholder:"DURATION" help:"Begin each run later by 0 to so much."`
	MaxRuns *int64        `placeholder:"N" help:"Run so many times in all."`
	Misfire string        `default:"skip" enum:"skip,latest,all" help:"What becomes of runs that nobody started in time: skip, latest, all (${default})."`
	Grace   time.Duration `default:"60s" help:"How late a run may be started (${default})."`
	Overlap string        `default:"allow" enum:"allow,skip" help:"What becomes of a run that begins before the one before it has ended: allow, skip (${default})."`

	SampleRateKHz      *float64       `name:"sample-rate-khz" placeholder:"N" help:"Sample rate to ask of every receiver; without it each receiver's own."`
	ChannelCenterHz    *float64       `placeholder:"N" help:"Centre of the measured channel, relative to the frequency."`
	ChannelBandwidthHz *float64       `placeholder:"N" help:"Bandwidth of the measured channel."`
	JoinTimeout        *time.Duration `placeholder:"DURATION" help:"How long the receivers that are ready wait for the slowest; without it 20s."`
}

// input is what the flags say; what cannot be said in JSON is refused here.
func (c *scheduleSpec) input() (wire.ScheduleInput, error) {
	in := wire.ScheduleInput{
		Name: c.Name, FrequencyMHz: c.FrequencyMHz, DurationSeconds: c.Duration.Seconds(), WebSDRs: c.WebSDR, Label: c.Label, Priority: c.Priority,
		Recurrence: wire.Recurrence{Cron: c.Cron, RRule: c.RRule}, Zone: c.Zone, StartAt: c.Start, EndAt: c.End,
		JitterSeconds: c.Jitter.Seconds(), MaxRuns: c.MaxRuns, GraceSeconds: new(c.Grace.Seconds()),
		Misfire: new(heimdall.MisfirePolicy(c.Misfire)), Overlap: new(heimdall.OverlapPolicy(c.Overlap)),
		SampleRateKHz: c.SampleRateKHz, ChannelCenterHz: c.ChannelCenterHz, ChannelBandwidthHz: c.ChannelBandwidthHz,
	}
	if c.JoinTimeout != nil {
		in.JoinTimeoutSeconds = new(c.JoinTimeout.Seconds())
	}
	if c.Every != 0 {
		in.Recurrence.EverySeconds = new(c.Every.Seconds())
	}
	var bad heimdall.InvalidError
	if !within(c.FrequencyMHz) {
		bad.Add("frequency_mhz", "must be a number of megahertz, for example 7.074")
	}
	if c.Sun != "" {
		c.sun(&in.Recurrence, &bad)
	}
	for _, text := range c.Window {
		w, ok := windowOf(text)
		if !ok {
			bad.Add("--window", "%q must be like 06:00-18:00, or mon,tue 06:00-18:00", text)
		}
		in.Windows = append(in.Windows, w)
	}
	return in, bad.Err()
}

// sun reads "sunrise-30m" and the place.
func (c *scheduleSpec) sun(r *wire.Recurrence, bad *heimdall.InvalidError) {
	event, offset := c.Sun, ""
	if i := strings.IndexAny(c.Sun, "+-"); i >= 0 {
		event, offset = c.Sun[:i], c.Sun[i:]
	}
	r.Sun = new(heimdall.SunEvent(strings.TrimSpace(event)))
	if offset != "" {
		d, err := time.ParseDuration(strings.ReplaceAll(offset, " ", ""))
		if err != nil {
			bad.Add("--sun", "%q must be an event and an offset such as sunrise-30m", c.Sun)
		}
		r.OffsetSeconds = d.Seconds()
	}
	switch {
	case c.AtID != 0:
		r.WebSDRID = &c.AtID
	case c.At != "":
		lat, lon, _ := strings.Cut(c.At, ",")
		latitude, err1 := strconv.ParseFloat(strings.TrimSpace(lat), 64)
		longitude, err2 := strconv.ParseFloat(strings.TrimSpace(lon), 64)
		if err1 != nil || err2 != nil || !within(latitude) || !within(longitude) {
			bad.Add("--at", "%q must be latitude and longitude in degrees, such as 45.07,7.69", c.At)
		}
		r.Latitude, r.Longitude = &latitude, &longitude
	default:
		bad.Add("--sun", "needs a place: give --at LAT,LON or --at-websdr ID")
	}
}

// within reports whether JSON can say v.
func within(v float64) bool { return v-v == 0 }

// windowOf reads "mon,tue 06:00-18:00".
func windowOf(text string) (w wire.Window, ok bool) {
	days, clock, hasDays := strings.Cut(strings.TrimSpace(text), " ")
	if hasDays {
		w.Days = strings.Split(strings.ToLower(days), ",")
	} else {
		clock = days
	}
	w.From, w.To, ok = strings.Cut(strings.TrimSpace(clock), "-")
	return w, ok
}
