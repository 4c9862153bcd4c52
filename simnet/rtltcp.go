package simnet

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/heimdall-sdr/heimdall/iq"
)

// rtlTCP serves the protocol of rtl_tcp: a header of 12 bytes, then unsigned bytes without end. One client at
// a time; a second one connects and hears nothing.
type rtlTCP struct {
	server *Server
	source sampleSource
}

// A command takes this long to show in the samples: those already under way are of the old tuning.
const rtlLatency = 200 * time.Millisecond

// rtlChunkSeconds is how much of the stream is sent together.
const rtlChunkSeconds = 0.02

// rtlGains is how many gain steps an R820T has.
const rtlGains = 29

// Commands of a client: a code and a big-endian number.
const (
	rtlFrequency = 0x01
	rtlRate      = 0x02
	rtlGainMode  = 0x03
	rtlGain      = 0x04
)

type rtlCommand struct {
	code  byte
	value uint32
}

// parseRTLCommand reads the five bytes of a command.
func parseRTLCommand(b [5]byte) rtlCommand {
	return rtlCommand{b[0], binary.BigEndian.Uint32(b[1:])}
}

// rtlSettings is how the dongle is set.
type rtlSettings struct {
	frequencyHz uint32
	rateHz      uint32
	gainDB      float64
	manual      bool
}

// apply reports whether the command changed anything. What the dongle cannot do, it ignores.
func (s *rtlSettings) apply(c rtlCommand, automaticDB float64) bool {
	old := *s
	switch c.code {
	case rtlFrequency:
		if c.value > 0 && c.value <= 2_200_000_000 {
			s.frequencyHz = c.value
		}
	case rtlRate:
		if c.value > 225_000 && c.value <= 300_000 || c.value > 900_000 && c.value <= 3_200_000 {
			s.rateHz = c.value
		}
	case rtlGainMode:
		s.manual = c.value != 0
		if !s.manual {
			s.gainDB = automaticDB
		}
	case rtlGain:
		if s.manual {
			s.gainDB = min(max(float64(int32(c.value))/10, 0), 49.6)
		}
	}
	return *s != old
}

func (r *rtlTCP) scheme() string { return "tcp" }

func (r *rtlTCP) run(ctx context.Context, ln net.Listener) error {
	stop := context.AfterFunc(ctx, func() { ln.Close() })
	defer stop()
	for {
		c, err := ln.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		}
		r.serve(ctx, c)
	}
}

// serve keeps the others waiting until this client has gone.
func (r *rtlTCP) serve(ctx context.Context, c net.Conn) {
	defer c.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	p := r.server.faults.next()
	conn := &rtlConn{rtlTCP: r, conn: c, plan: p}
	conn.clock, conn.from = r.server.timeline()
	conn.settings = rtlSettings{frequencyHz: 100_000_000, rateHz: 2_048_000, gainDB: r.server.receiver.gainDB()}
	var reading sync.WaitGroup
	reading.Go(func() { conn.listen(); cancel() })
	conn.serve(ctx)
	endWriting(c)
	reading.Wait()
}

// endWriting says that no more samples come, and lets the client close. To close with commands of its own unread would
// be a reset, which may take samples with it that it has not read.
func endWriting(c net.Conn) {
	const patience = time.Second
	t, ok := c.(*net.TCPConn)
	if !ok || t.CloseWrite() != nil || t.SetReadDeadline(time.Now().Add(patience)) != nil {
		c.Close()
	}
}

type rtlConn struct {
	*rtlTCP
	conn  net.Conn
	plan  plan
	clock timeline
	from  time.Duration // the world's time of the first sample

	mu       sync.Mutex // guards what follows
	settings rtlSettings
	position time.Duration // the world's time of the next sample
	changed  time.Duration // position at the last command
	version  int           // counts changes
}

// listen takes commands until the client has gone.
func (c *rtlConn) listen() {
	var b [5]byte
	for {
		if _, err := io.ReadFull(c.conn, b[:]); err != nil {
			return
		}
		c.mu.Lock()
		if c.settings.apply(parseRTLCommand(b), c.server.receiver.gainDB()) {
			c.version++
			c.changed = c.position
		}
		c.mu.Unlock()
	}
}

func (c *rtlConn) serve(ctx context.Context) {
	switch {
	case c.plan.has(FaultBusy):
		<-ctx.Done()
		return
	case c.plan.has(FaultDown):
		return
	case c.plan.has(FaultHTML):
		io.WriteString(c.conn, "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<!DOCTYPE html>\n<title>not a receiver</title>\n")
		return
	}
	header := append([]byte("RTL0"), 0, 0, 0, 5, 0, 0, 0, rtlGains) // 5 is the R820T
	if _, err := c.conn.Write(header); err != nil || c.plan.has(FaultEmpty) {
		return
	}
	now := c.from
	if f, ok := c.plan.find(FaultSlow); ok {
		now += time.Duration(f.AfterSeconds * float64(time.Second))
		if c.clock.wait(ctx, now) != nil {
			return
		}
	}
	c.stream(ctx, now)
}

// stream sends samples until something ends it.
func (c *rtlConn) stream(ctx context.Context, now time.Duration) {
	run, err := c.source.start(now)
	if err != nil {
		return
	}
	defer run.close()
	c.due(0, now)
	version, err := c.tune(run, now)
	out := &outlet{to: c.conn, plan: c.plan, clock: c.clock}
	for err == nil {
		n := int64(run.rateHz() * rtlChunkSeconds)
		if done := out.send(ctx, run, n, iq.CU8); done {
			if out.stalled {
				<-ctx.Done()
			}
			return
		}
		if c.due(version, run.taken()) {
			version, err = c.tune(run, run.taken())
		}
	}
}

// due notes where the stream is, and reports whether its next sample is of newer settings.
func (c *rtlConn) due(version int, now time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.position = now
	return c.version != version && now >= c.changed+rtlLatency
}

// tune sets the receiver as the client wants it, and returns the version of that.
func (c *rtlConn) tune(run sampleRun, from time.Duration) (version int, err error) {
	c.mu.Lock()
	s, version := c.settings, c.version
	c.mu.Unlock()
	t := Tuning{FrequencyHz: float64(s.frequencyHz) + float64(c.server.receiver.ConverterHz), RateHz: float64(s.rateHz)}
	return version, run.tune(t, s.gainDB, from)
}
