package main

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/access"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/replay"
)

// ReceiverConfig is where WebSDRs may be. All on one database should be told the same.
type ReceiverConfig struct {
	ReceiverNetworks string `env:"HEIMDALL_RECEIVER_NETWORKS" placeholder:"LIST" help:"Networks that WebSDRs may be in: public, private, any, or such as 192.168.7.0/24, separated by commas; without it public,private. Link-local addresses and those of clouds' metadata are never let pass."`
	ReplayDir        string `env:"HEIMDALL_REPLAY_DIR" type:"path" placeholder:"DIR" help:"Replay only recordings in this folder or below; without it any file, but then only commands on this machine may add such a WebSDR."`
}

// A receiverRule says where WebSDRs may be: before they are stored, and when they are called.
type receiverRule struct {
	networks access.Networks
	replay   *replay.Driver
}

func (c *ReceiverConfig) rule() (receiverRule, error) {
	networks, err := access.ParseNetworks(c.ReceiverNetworks)
	if err != nil {
		return receiverRule{}, invalid("HEIMDALL_RECEIVER_NETWORKS", err)
	}
	return receiverRule{networks: networks, replay: &replay.Driver{Dir: c.ReplayDir}}, nil
}

// allow says what is wrong with where w is; see api.Config.Receivers.
func (r receiverRule) allow(w heimdall.WebSDR, local bool) error {
	if w.Kind != "replay" {
		return r.networks.AllowURL(w.URL)
	}
	var bad heimdall.InvalidError
	if r.replay.Dir == "" && !local {
		bad.Add("url", "names a file of the server, which only a command on its machine may do: use heimdall websdr add there, or set HEIMDALL_REPLAY_DIR")
	} else if err := r.replay.Allows(w.URL); err != nil {
		bad.Add("url", "cannot be played: %v", err)
	}
	return bad.Err()
}

// dial connects to receivers, and to nothing else.
func (r receiverRule) dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: time.Minute, Control: r.networks.Control} // a driver's own time-out comes first
	conn, err := dialer.DialContext(ctx, network, address)
	if forbidden, ok := errors.AsType[*access.ForbiddenError](err); ok {
		return nil, websdr.Fail(heimdall.FailUnsupported, "connect to "+address, nil, "%v", forbidden)
	}
	return conn, err
}
