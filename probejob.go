package heimdall

import (
	"fmt"
	"time"
)

// A ProbeJob is a probe that somebody has claimed. Claim grows with every claim of its WebSDR, and is checked when the
// probe ends.
type ProbeJob struct {
	WebSDR WebSDR
	Health Health
	Claim  int64
}

// NextProbe chooses the first of the WebSDRs that are due, in their order, whose host nobody is asking and which may is
// content with. A probe that takes a listening slot waits while anything records from its host. asked and recording are
// addresses, as WebSDRs have them.
func NextProbe(due []WebSDR, asked, recording []string, may func(*WebSDR) bool) (WebSDR, bool) {
	askedHosts, recordingHosts := hostsOf(asked), hostsOf(recording)
	for _, w := range due {
		if onHost(&w, askedHosts) || !CheapProbe(w.Kind) && onHost(&w, recordingHosts) || !may(&w) {
			continue
		}
		return w, true
	}
	return WebSDR{}, false
}

func hostsOf(addresses []string) map[string]bool {
	hosts := make(map[string]bool, len(addresses))
	for _, a := range addresses {
		hosts[(&WebSDR{URL: a}).Host()] = true
	}
	return hosts
}

// onHost reports whether w's host is one of them. What is on this machine without a network is nobody's.
func onHost(w *WebSDR, hosts map[string]bool) bool {
	host := w.Host()
	return host != "" && hosts[host]
}

// MayProbe says why w must not be probed now, though somebody asks for it by hand: ErrConflict when it is not to be
// contacted, ErrTooSoon when it was probed less than least ago.
func (w *WebSDR) MayProbe(h *Health, probed, now time.Time, least time.Duration) error {
	switch {
	case !w.Active:
		return fmt.Errorf("WebSDR %d is inactive, so it is not contacted: enable it first (heimdall websdr enable %d): %w", w.ID, w.ID, ErrConflict)
	case h.Banned():
		return fmt.Errorf("WebSDR %d has shut us out (%s), so it is left alone: when its owner lets us in again, heimdall websdr forgive %d: %w",
			w.ID, h.LastError, w.ID, ErrConflict)
	case !probed.IsZero() && now.Sub(probed) < least:
		return fmt.Errorf("WebSDR %d was probed %v ago, and may be once in %v: %w", w.ID, now.Sub(probed).Round(time.Millisecond), least, ErrTooSoon)
	}
	return nil
}

// MayAsk says why w's host must not be asked now: ErrTooSoon while somebody else asks it, ErrConflict while a recording
// has the slot that the probe would take.
func (w *WebSDR) MayAsk(asked, recording []string) error {
	switch {
	case onHost(w, hostsOf(asked)):
		return fmt.Errorf("the host of WebSDR %d is being probed, or has shut us out: %w", w.ID, ErrTooSoon)
	case !CheapProbe(w.Kind) && onHost(w, hostsOf(recording)):
		return fmt.Errorf("WebSDR %d is being recorded, and a probe would take its slot: the recording shows that it is up: %w", w.ID, ErrConflict)
	}
	return nil
}
