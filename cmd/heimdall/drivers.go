package main

import (
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/httpiq"
	"github.com/heimdall-sdr/heimdall/websdr/kiwisdr"
	"github.com/heimdall-sdr/heimdall/websdr/rtltcp"
	"github.com/heimdall-sdr/heimdall/websdr/sim"
)

// drivers is every kind of WebSDR that this program can record from. Whoever dials, dials by the rule.
func drivers(r receiverRule) map[string]websdr.Driver {
	return map[string]websdr.Driver{
		"kiwisdr": &kiwisdr.Driver{DialContext: r.dial},
		"rtl_tcp": &rtltcp.Driver{DialContext: r.dial},
		"http_iq": &httpiq.Driver{DialContext: r.dial},
		"replay":  r.replay,
		"sim":     &sim.Driver{},
	}
}
