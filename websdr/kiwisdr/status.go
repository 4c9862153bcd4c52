package kiwisdr

import (
	"context"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// A Status is what a receiver says of itself to anyone who asks, without taking a channel. A nil pointer means
// that it did not say.
type Status struct {
	State        string // "active", "offline" or "private"
	Offline      bool
	NeedPassword bool // nobody gets in without one
	Name         string
	Location     string
	Antenna      string
	Hardware     string
	Version      string // of the software

	Users    *int
	UsersMax *int

	LowHz, HighHz     *int64 // what it tunes, its own converter included
	FrequencyOffsetHz int64  // of its converter

	LatitudeDeg  *float64
	LongitudeDeg *float64
	AltitudeM    *float64

	GPSSatellites *int // good ones
	FixesPerMin   *int
	Stamps        *bool // GPS stamps are enabled
	TDoAChannels  *int  // channels that its owner leaves to TDoA; -1 when stamps are disabled

	SNRdB             *float64 // of all bands, as measured by itself
	ConverterOverload *int64   // times since it started
	UptimeS           *int64
}

// FreeSlots is the number of channels nobody uses, and whether it is known.
func (s *Status) FreeSlots() (n int, known bool) {
	if s.Users == nil || s.UsersMax == nil {
		return 0, false
	}
	if s.Offline {
		return 0, true
	}
	return max(0, *s.UsersMax-*s.Users), true
}

const maxStatus = 64 << 10

// Status asks a receiver how it is (GET /status). It answers even while it is down, which is no failure here.
func (d *Driver) Status(ctx context.Context, w *heimdall.WebSDR, identity string) (Status, error) {
	timeout := w.Timeout
	if timeout <= 0 {
		timeout = heimdall.DefaultTimeout
	}
	row := *w
	s := &session{driver: d, w: &row, timeout: timeout, op: "ask the status of " + w.URL}
	statusCtx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	u, err := statusURL(w.URL)
	if err != nil {
		return Status{}, websdr.Fail(heimdall.FailUnsupported, s.op, err, "the URL must look like http://kiwi.example:8073")
	}
	req, err := http.NewRequestWithContext(statusCtx, http.MethodGet, u, nil)
	if err != nil {
		return Status{}, websdr.Fail(heimdall.FailUnsupported, s.op, err, "the URL must look like http://kiwi.example:8073")
	}
	req.Header.Set("User-Agent", userAgent(identity))
	client, sockets := d.client()
	defer sockets.close()
	resp, err := client.Do(req)
	if err != nil {
		return Status{}, s.dialFailure(ctx, nil, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return Status{}, s.dialFailure(ctx, resp, nil)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxStatus))
	if err != nil {
		return Status{}, s.dialFailure(ctx, nil, err)
	}
	st, ok := ParseStatus(string(text))
	if !ok {
		return Status{}, websdr.Fail(heimdall.FailProtocol, s.op, nil, "its status has no line status=, so it is no KiwiSDR")
	}
	return st, nil
}

func userAgent(identity string) string {
	agent := "heimdall/" + heimdall.Version
	if extra := strings.TrimSpace(strings.TrimPrefix(identity, "heimdall")); extra != "" {
		agent += " (" + extra + ")"
	}
	return agent
}

func statusURL(receiver string) (string, error) {
	u, err := url.Parse(receiver)
	if err != nil {
		return "", err
	}
	switch u.Scheme {
	case "ws":
		u.Scheme = "http"
	case "wss":
		u.Scheme = "https"
	}
	u.Path = strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), "/wb") // the status of wideband firmware is where it always was
	u = u.JoinPath("status")
	u.RawQuery, u.Fragment = "", ""
	return u.String(), nil
}

// ParseStatus reads the lines key=value of a status page, and reports whether it is one. Keys it does not know
// and values it cannot read it leaves out.
func ParseStatus(text string) (s Status, ok bool) {
	for line := range strings.Lines(text) {
		key, value, found := strings.Cut(strings.TrimSpace(line), "=")
		if !found {
			continue
		}
		if key == "status" {
			ok = true
		}
		s.set(key, strings.TrimSpace(value))
	}
	return s, ok
}

func (s *Status) set(key, value string) {
	switch key {
	case "status":
		s.State = value
	case "offline":
		s.Offline = value == "yes"
	case "auth":
		s.NeedPassword = value == "password"
	case "name":
		s.Name = value
	case "loc":
		s.Location = value
	case "antenna":
		s.Antenna = value
	case "sdr_hw":
		s.Hardware = value
	case "sw_version":
		s.Version = value
	case "users":
		s.Users = integer[int](value)
	case "users_max":
		s.UsersMax = integer[int](value)
	case "bands":
		low, high, _ := strings.Cut(value, "-")
		s.LowHz, s.HighHz = integer[int64](low), integer[int64](high)
	case "freq_offset":
		if kHz, ok := number(value); ok && math.Abs(kHz) < 1e9 {
			s.FrequencyOffsetHz = int64(math.Round(kHz * 1000))
		}
	case "gps":
		s.setPosition(value)
	case "asl":
		s.AltitudeM = decimal(value)
	case "gps_good":
		s.GPSSatellites = integer[int](value)
	case "fixes_min":
		s.FixesPerMin = integer[int](value)
	case "tdoa_ch":
		if s.TDoAChannels = integer[int](value); s.TDoAChannels != nil {
			stamps := *s.TDoAChannels >= 0
			s.Stamps = &stamps
		}
	case "snr":
		all, _, _ := strings.Cut(value, ",")
		s.SNRdB = decimal(all)
	case "adc_ov":
		s.ConverterOverload = integer[int64](value)
	case "uptime":
		s.UptimeS = integer[int64](value)
	}
}

// setPosition reads "(latitude, longitude)".
func (s *Status) setPosition(value string) {
	lat, lon, found := strings.Cut(strings.Trim(value, "() "), ",")
	latitude, longitude := decimal(strings.TrimSpace(lat)), decimal(strings.TrimSpace(lon))
	if !found || latitude == nil || longitude == nil || math.Abs(*latitude) > 90 || math.Abs(*longitude) > 180 {
		return
	}
	s.LatitudeDeg, s.LongitudeDeg = latitude, longitude
}

func integer[T int | int64](s string) *T {
	v, err := strconv.ParseInt(strings.TrimSpace(s), 10, 0)
	if err != nil {
		return nil
	}
	n := T(v)
	return &n
}

func decimal(s string) *float64 {
	if v, ok := number(s); ok {
		return &v
	}
	return nil
}
