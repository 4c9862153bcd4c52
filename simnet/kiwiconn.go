package simnet

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/coder/websocket"
)

// errKick ends a connection that broke a rule.
var errKick = errors.New("kicked")

// kiwiConn is one client of a KiwiSDR. One goroutine reads, the one in run does everything else.
type kiwiConn struct {
	kiwi     *kiwi
	ws       *websocket.Conn
	plan     plan
	clock    timeline // of the samples
	patience Patience

	settings   kiwiSettings
	connected  time.Time
	authorised time.Time
	lastSign   time.Time // of life from the client
	keepalives int       // before the settings were complete
	mute       bool      // accepted, but never to be served: used-up quota

	flow  kiwiRun // nil until samples flow
	frame kiwiFrame
	ready time.Duration // when frame is complete; the world's time
	buf   []byte
	sent  int64 // samples
	ended bool  // nothing more to send, but the connection stays
}

// refuse says why there is no service and hangs up.
func (c *kiwiConn) refuse(ctx context.Context, message string) {
	if c.msg(ctx, message) == nil {
		c.ws.Close(websocket.StatusNormalClosure, "")
	}
}

func (c *kiwiConn) msg(ctx context.Context, text string) error {
	return c.ws.Write(ctx, websocket.MessageBinary, []byte("MSG "+text))
}

// run serves the client until either side has had enough.
func (c *kiwiConn) run(ctx context.Context) {
	if c.plan.has(FaultDown) {
		c.refuse(ctx, "reason_disabled="+url.PathEscape("switched off for maintenance")+" down=0")
		return
	}
	if f, ok := c.plan.find(FaultRedirect); ok {
		c.refuse(ctx, "redirect="+url.QueryEscape(f.URL))
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	commands, reading := make(chan string), make(chan struct{})
	defer func() {
		cancel()
		<-reading
		if c.flow != nil {
			c.flow.close()
		}
	}()
	go func() {
		defer close(reading)
		defer close(commands)
		for {
			_, b, err := c.ws.Read(ctx)
			if err != nil {
				return
			}
			select {
			case commands <- string(b):
			case <-ctx.Done():
				return
			}
		}
	}()
	c.connected, c.lastSign = time.Now(), time.Now()
	if err := c.serve(ctx, commands); errors.Is(err, errKick) {
		c.ws.Close(websocket.StatusNormalClosure, "")
	}
}

func (c *kiwiConn) serve(ctx context.Context, commands <-chan string) error {
	watch := time.NewTicker(50 * time.Millisecond)
	defer watch.Stop()
	pace := time.NewTimer(time.Hour)
	defer pace.Stop()
	pace.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case text, ok := <-commands:
			if !ok {
				return nil // the client has gone
			}
			flowing := c.flow != nil
			if err := c.command(ctx, text); err != nil {
				return err
			}
			if !flowing && c.flow != nil {
				pace.Reset(c.prepare())
			}
		case <-watch.C:
			if err := c.checkPatience(ctx); err != nil {
				return err
			}
		case <-pace.C:
			if err := c.send(ctx); err != nil {
				return err
			}
			if !c.ended {
				pace.Reset(c.prepare())
			}
		}
	}
}

// command obeys one message of the client.
func (c *kiwiConn) command(ctx context.Context, text string) error {
	cmd, err := parseKiwiCommand(text)
	if err != nil {
		return nil // the real server only logs it
	}
	switch {
	case cmd.name == "keepalive":
		return c.keepalive()
	case cmd.name == "auth":
		return c.auth(ctx, cmd)
	case cmd.name == "options":
		return nil
	case !c.settings.authorised:
		return errKick
	case c.mute:
		return nil
	}
	if err := c.settings.apply(cmd); err != nil {
		return nil
	}
	if c.settings.haveMode && c.settings.mode != "iq" {
		return errKick // only I/Q is simulated
	}
	if c.flow != nil {
		return c.flow.tune(&c.settings)
	}
	if c.settings.complete() {
		return c.begin()
	}
	return nil
}

func (c *kiwiConn) keepalive() error {
	c.lastSign = time.Now()
	if c.settings.authorised && !c.mute && !c.settings.complete() {
		if c.keepalives++; c.keepalives > 4 {
			return errKick
		}
	}
	return nil
}

// auth checks the password and introduces the receiver.
func (c *kiwiConn) auth(ctx context.Context, cmd kiwiCommand) error {
	if c.settings.authorised {
		return nil
	}
	r := c.kiwi.server.receiver
	local := fmt.Sprintf("client_public_ip=127.0.0.1 rx_chans=%d chan_no_pwd=0 chan_no_pwd_true=0 is_local=0,0,0 max_camp=4", c.kiwi.channels())
	if err := c.msg(ctx, local); err != nil {
		return err
	}
	if c.plan.has(FaultBadPassword) || r.Password != "" && cmd.params["p"] != r.Password {
		return c.msg(ctx, "badp=1") // and may try again
	}
	c.settings.authorised, c.authorised, c.lastSign = true, time.Now(), time.Now()
	if c.plan.has(FaultIPLimit) {
		c.mute = true
		return c.msg(ctx, "ip_limit="+url.QueryEscape("1440,127.0.0.1"))
	}
	for _, m := range []string{
		"badp=0",
		fmt.Sprintf("version_maj=%d version_min=%d debian_ver=11 model=2 platform=0 ext_clk=0 freq_offset=%.3f",
			kiwiVersionMajor, kiwiVersionMinor, float64(r.ConverterHz)/1000),
		"load_cfg=" + c.kiwi.config(),
		"load_dxcfg=" + url.PathEscape("{}"),
		"center_freq=15000000 bandwidth=30000000 adc_clk_nom=66666600",
		fmt.Sprintf("audio_init=0 audio_rate=%d", r.rateHz()),
		fmt.Sprintf("sample_rate=%.6f", c.kiwi.program.reportedRateHz()),
	} {
		if err := c.msg(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// begin starts the flow of samples.
func (c *kiwiConn) begin() error {
	clock, from := c.kiwi.server.timeline()
	run, err := c.kiwi.program.start(&c.settings, c.plan, clock.epoch, from)
	if err != nil {
		return errKick // the settings make no sense
	}
	c.clock = clock
	c.flow = &kiwiFaults{kiwiRun: run, plan: c.plan, rateHz: c.kiwi.program.reportedRateHz()}
	return nil
}

// prepare makes the next frame and returns how long to wait before it is sent.
func (c *kiwiConn) prepare() time.Duration {
	ready, err := c.flow.next(&c.frame)
	if err != nil || c.plan.has(FaultEmpty) { // the end, or a file that cannot be read on
		c.ready = -1
		return 0
	}
	if c.settings.littleEndian {
		c.frame.flags |= kiwiLittleEndian
	}
	if f, ok := c.plan.find(FaultSlow); ok && c.sent == 0 {
		ready += time.Duration(f.AfterSeconds * float64(time.Second))
	}
	c.ready = ready
	return max(0, c.clock.until(ready))
}

func (c *kiwiConn) send(ctx context.Context) error {
	rate := c.kiwi.program.reportedRateHz()
	switch {
	case c.ready < 0:
		c.ended = c.kiwi.server.options.Hold
		if c.ended {
			return nil
		}
		return errKick
	case c.plan.reached(FaultStall, c.sent, rate):
		c.ended = true
		return nil
	case c.plan.reached(FaultDrop, c.sent, rate):
		c.ws.CloseNow()
		return nil
	}
	c.buf = c.frame.appendTo(c.buf[:0])
	c.sent += int64(c.frame.samples)
	return c.ws.Write(ctx, websocket.MessageBinary, c.buf)
}

// checkPatience applies the server's time-outs.
func (c *kiwiConn) checkPatience(ctx context.Context) error {
	switch {
	case !c.settings.authorised && time.Since(c.connected) > c.patience.Auth:
		c.msg(ctx, "password_timeout")
		return errKick
	case c.settings.authorised && !c.settings.complete() && time.Since(c.authorised) > c.patience.Setup:
		return errKick
	case c.settings.authorised && time.Since(c.lastSign) > c.patience.Keepalive:
		return errKick
	}
	return nil
}
