package main

import (
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/httpiq"
	"github.com/heimdall-sdr/heimdall/websdr/kiwisdr"
	"github.com/heimdall-sdr/heimdall/websdr/replay"
	"github.com/heimdall-sdr/heimdall/websdr/rtltcp"
	"github.com/heimdall-sdr/heimdall/websdr/sim"
)

// drivers is every kind of WebSDR that this program can record from.
func drivers() map[string]websdr.Driver {
	return map[string]websdr.Driver{
		"kiwisdr": &kiwisdr.Driver{},
		"rtl_tcp": &rtltcp.Driver{},
		"http_iq": &httpiq.Driver{},
		"replay":  &replay.Driver{},
		"sim":     &sim.Driver{},
	}
}
