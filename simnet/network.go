package simnet

import (
	"context"
	"errors"
	"fmt"

	"github.com/heimdall-sdr/heimdall"
)

// A Network is the servers of a scenario's receivers, all on one time line.
type Network struct {
	world   *World
	servers []*Server
}

// Start opens the servers of a scenario. They stop when ctx ends or Close is called.
func Start(ctx context.Context, s *Scenario) (*Network, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("start network: %w", err)
	}
	n := &Network{world: &s.World}
	clock, loops := startTimeline(s.Epoch, s.Speed), newKiwiLoops()
	for i := range s.Receivers {
		srv, err := serveReceiver(ctx, n.world, &s.Receivers[i], Options{Speed: s.Speed, Rewind: s.Rewind, loops: loops}, clock)
		if err != nil {
			n.Close()
			return nil, fmt.Errorf("start network: %w", err)
		}
		n.servers = append(n.servers, srv)
	}
	return n, nil
}

// World is what the receivers hear.
func (n *Network) World() *World { return n.world }

// Servers returns the servers in the order of the receivers.
func (n *Network) Servers() []*Server { return n.servers }

// Server returns the server of the receiver of that name, or nil.
func (n *Network) Server(name string) *Server {
	for _, s := range n.servers {
		if s.receiver.Name == name {
			return s
		}
	}
	return nil
}

// WebSDRs returns the rows with which to register the receivers, in their order.
func (n *Network) WebSDRs() []heimdall.WebSDR {
	rows := make([]heimdall.WebSDR, len(n.servers))
	for i, s := range n.servers {
		rows[i] = s.WebSDR()
	}
	return rows
}

// Close ends all servers and waits for them.
func (n *Network) Close() error {
	for _, s := range n.servers {
		s.cancel() // all at once; Close then only waits
	}
	var errs []error
	for _, s := range n.servers {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}
