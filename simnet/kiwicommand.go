package simnet

import (
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
)

// A kiwiCommand is one text message of a client: "SET name …" with its parameters.
type kiwiCommand struct {
	name   string            // the first word after SET, up to an equals sign: "auth", "mod", "keepalive"
	params map[string]string // every name=value, values URL-decoded; the first one too
}

// parseKiwiCommand reads a client's message.
func parseKiwiCommand(s string) (kiwiCommand, error) {
	words := strings.Fields(s)
	if len(words) < 2 || words[0] != "SET" {
		return kiwiCommand{}, fmt.Errorf("%.40q is not a command: it must begin with SET", s)
	}
	c := kiwiCommand{params: make(map[string]string, len(words)-1)}
	c.name, _, _ = strings.Cut(words[1], "=")
	for _, w := range words[1:] {
		name, value, found := strings.Cut(w, "=")
		if !found {
			continue
		}
		if decoded, err := url.PathUnescape(value); err == nil {
			value = decoded
		}
		c.params[name] = value
	}
	return c, nil
}

// number returns a parameter that must be a finite number.
func (c kiwiCommand) number(name string) (float64, error) {
	v, err := strconv.ParseFloat(c.params[name], 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%s=%q of SET %s is not a number", name, c.params[name], c.name)
	}
	return v, nil
}

// kiwiSettings is what a client has set so far. Samples flow once all of it is there.
type kiwiSettings struct {
	authorised   bool
	identity     string
	littleEndian bool

	mode    string
	freqKHz float64 // at the receiver, converter not included
	lowHz   float64
	highHz  float64
	agc     bool
	gainDB  float64

	haveFreq, haveMode, havePassband, haveAGC, haveRate bool
}

func (s *kiwiSettings) complete() bool {
	return s.haveFreq && s.haveMode && s.havePassband && s.haveAGC && s.haveRate
}

// apply takes over a command of an authorised client; unknown ones change nothing.
func (s *kiwiSettings) apply(c kiwiCommand) error {
	switch c.name {
	case "mod":
		return s.applyMode(c)
	case "agc":
		gain, err := c.number("manGain")
		if err != nil {
			return err
		}
		s.agc, s.gainDB, s.haveAGC = c.params["agc"] != "0", min(max(gain, 0), 120), true
	case "AR":
		out, err := c.number("out")
		if err != nil {
			return err
		}
		s.haveRate = out != 0
	case "little-endian":
		s.littleEndian = true
	case "ident_user":
		s.identity = c.params["ident_user"]
	}
	return nil
}

func (s *kiwiSettings) applyMode(c kiwiCommand) error {
	low, err := c.number("low_cut")
	if err != nil {
		return err
	}
	high, err := c.number("high_cut")
	if err != nil {
		return err
	}
	freq, err := c.number("freq")
	if err != nil {
		return err
	}
	s.mode, s.haveMode = c.params["mod"], true
	s.freqKHz, s.haveFreq = freq, true
	if (low != 0 || high != 0) && low < high { // the real server takes both cuts at 0 for not yet set
		s.lowHz, s.highHz, s.havePassband = low, high, true
	}
	return nil
}
