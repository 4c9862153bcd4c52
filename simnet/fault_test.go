package simnet_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/simnet"
)

// faulty serves the world's kiwi with one fault.
func faulty(t *testing.T, f simnet.Fault) *simnet.Server {
	t.Helper()
	w := dcf77()
	w.Receivers[0].Faults = []simnet.Fault{f}
	return serve(t, w, "kiwi", fast)
}

func TestAKiwiThatRefusesSaysSoAsARealOneDoes(t *testing.T) {
	for _, c := range []struct {
		fault simnet.Fault
		auth  bool
		says  string
		ends  bool
	}{
		{simnet.Fault{Kind: simnet.FaultBusy}, false, "too_busy=4", true},
		{simnet.Fault{Kind: simnet.FaultDown}, false, "reason_disabled=switched%20off%20for%20maintenance down=0", true},
		{simnet.Fault{Kind: simnet.FaultRedirect, URL: "http://kiwi.example:8073"}, false, "redirect=http%3A%2F%2Fkiwi.example%3A8073", true},
		{simnet.Fault{Kind: simnet.FaultBadPassword}, true, "badp=1", false},
		{simnet.Fault{Kind: simnet.FaultIPLimit}, true, "ip_limit=1440%2C127.0.0.1", false},
	} {
		t.Run(string(c.fault.Kind), func(t *testing.T) {
			k := dialKiwi(t, faulty(t, c.fault), "1")
			if c.auth {
				k.say(auth)
				k.until("client_public_ip=")
			}
			if got := k.message(); got != c.says {
				t.Errorf("it says %q, want %q", got, c.says)
			}
			if c.ends {
				k.closedNow()
			} else {
				k.silent()
			}
		})
	}
}

func TestAFaultWithACountLetsTheRetrySucceed(t *testing.T) {
	s := faulty(t, simnet.Fault{Kind: simnet.FaultBusy, Count: 2})
	for range 2 {
		if m := dialKiwi(t, s, "1").message(); m != "too_busy=4" {
			t.Errorf("it says %q, want too_busy=4", m)
		}
	}
	c := dialKiwi(t, s, "1")
	c.start()
	c.frames(3)
}

func TestAWebPageOrARedirectIsAnswered(t *testing.T) {
	s := faulty(t, simnet.Fault{Kind: simnet.FaultHTML})
	if resp, body := get(t, s.URL()+"/1/SND"); resp.StatusCode != 200 || string(body[:15]) != "<!DOCTYPE html>" {
		t.Errorf("it answers %s: %.40q", resp.Status, body)
	}
	s.SetFaults(simnet.Fault{Kind: simnet.FaultHTTPRedirect, URL: "http://kiwi.example/"})
	if resp, _ := get(t, s.URL()+"/1/SND"); resp.StatusCode != 302 || resp.Header.Get("Location") != "http://kiwi.example/" {
		t.Errorf("it answers %s to %s", resp.Status, resp.Header.Get("Location"))
	}
}

func TestNobodyListensWhereConnectionsAreRefused(t *testing.T) {
	s := faulty(t, simnet.Fault{Kind: simnet.FaultRefuse})
	if c, err := net.Dial("tcp", s.Addr().String()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("connecting gives %v, %v", c, err)
	}
	s = faulty(t, simnet.Fault{Kind: simnet.FaultRefuse, Count: 1})
	c, err := net.Dial("tcp", s.Addr().String())
	if err == nil {
		_, err = c.Read(make([]byte, 1))
		c.Close()
	}
	if err == nil || errors.Is(err, io.EOF) {
		t.Errorf("the first connection ends with %v, want a reset", err)
	}
	k := dialKiwi(t, s, "1")
	k.start()
	k.frames(1)
}

func TestAStreamStallsOrDropsWhenItsTimeHasCome(t *testing.T) {
	const frames = 24 // 1 s is 23.4 frames
	k := dialKiwi(t, faulty(t, simnet.Fault{Kind: simnet.FaultStall, AfterSeconds: 1}), "1")
	k.start()
	k.frames(frames)
	k.silent()
	k = dialKiwi(t, faulty(t, simnet.Fault{Kind: simnet.FaultDrop, AfterSeconds: 1}), "1")
	k.start()
	k.frames(frames)
	k.closedNow()
	k = dialKiwi(t, faulty(t, simnet.Fault{Kind: simnet.FaultEmpty}), "1")
	k.start()
	k.closedNow()
}

func TestASlowReceiverKeepsItsTimeStamps(t *testing.T) {
	w := dcf77()
	w.Receivers[0].Faults = []simnet.Fault{{Kind: simnet.FaultSlow, AfterSeconds: 0.2}}
	k := dialKiwi(t, serve(t, w, "kiwi", simnet.Options{Speed: 1, Rewind: true}), "1")
	before := time.Now()
	k.start()
	f := k.frames(3)
	if took := time.Since(before); took < 200*time.Millisecond {
		t.Errorf("three frames came after %v", took)
	}
	if f[2].sec != 16 {
		t.Errorf("the stamp of the third frame is %d.%09d", f[2].sec, f[2].nsec)
	}
}

func TestAGapShowsInSequenceAndStamps(t *testing.T) {
	k := dialKiwi(t, faulty(t, simnet.Fault{Kind: simnet.FaultGap, AfterSeconds: 1, Samples: 1500}), "1") // 3 frames, rounded up
	k.start()
	f := k.frames(40)
	const rate = 12000 * (1 + 95.2e-6)
	for i, g := range f {
		want := uint32(i)
		if i >= 24 {
			want += 3
		}
		if g.seq != want {
			t.Fatalf("frame %d has sequence %d, want %d", i, g.seq, want)
		}
		if at := float64(g.sec) + float64(g.nsec)/1e9; i > 1 && !near(at, 16+512*float64(want)/rate, 2e-9) {
			t.Fatalf("frame %d is stamped %.9f", i, at)
		}
	}
	// What was lost is lost: the samples after the gap are those of their time.
	whole := dialKiwi(t, faulty(t, simnet.Fault{Kind: simnet.FaultMasked, Count: 1}), "0")
	whole.ws.CloseNow()
	g := dialKiwi(t, serve(t, dcf77(), "kiwi", fast), "1")
	g.start()
	if !slices.Equal(g.frames(30)[29].z, f[26].z) {
		t.Error("the samples after the gap are not those of their stamps")
	}
}

func TestStampsLieInEveryWayOnRequest(t *testing.T) {
	stampsWith := func(f simnet.Fault) []sndFrame {
		k := dialKiwi(t, faulty(t, f), "1")
		k.start()
		return k.frames(60)
	}
	at := func(f sndFrame) float64 { return float64(f.sec) + float64(f.nsec)/1e9 }
	good := stampsWith(simnet.Fault{Kind: simnet.FaultSlow})
	stale := stampsWith(simnet.Fault{Kind: simnet.FaultStaleStamp, AfterSeconds: 1})
	var wrong []int
	for i := range good {
		if at(good[i]) != at(stale[i]) {
			wrong = append(wrong, i)
		}
	}
	if !slices.Equal(wrong, []int{23}) || !near(at(stale[23]), at(good[23])-11520+7*86400, 1) {
		t.Errorf("stamps %v are wrong, the first by %.1f s", wrong, at(stale[23])-at(good[23]))
	}
	for i, f := range stampsWith(simnet.Fault{Kind: simnet.FaultNoStamps}) {
		if f.sec != 0 || f.nsec != 0 || f.fixAge != 0 {
			t.Fatalf("frame %d has a stamp", i)
		}
	}
	for i, f := range stampsWith(simnet.Fault{Kind: simnet.FaultFrozenStamps})[2:] {
		if f.nsec != 0 {
			t.Fatalf("frame %d has a stamp that advances: %d.%09d", i+2, f.sec, f.nsec)
		}
	}
}

func TestOverdriveClipsAndIsFlaggedOrWraps(t *testing.T) {
	jumps := func(f []sndFrame) (n int, flagged bool) {
		for _, g := range f {
			flagged = flagged || g.flags&0x02 != 0
			for i := 1; i < len(g.z); i++ {
				if d := real(g.z[i]) - real(g.z[i-1]); d > 1.25 || d < -1.25 { // 40000 steps
					n++
				}
			}
		}
		return n, flagged
	}
	w := dcf77()
	w.Emitters[0].PowerDBM, w.Emitters[0].FrequencyHz = 28, 77_600 // 6 dB too much, and slow, so that only wrapping jumps
	k := dialKiwi(t, serve(t, w, "kiwi", fast), "1")
	k.start()
	if n, flagged := jumps(k.frames(10)); n != 0 || !flagged {
		t.Errorf("clipping: %d jumps, overload flagged: %t", n, flagged)
	}
	w.Receivers[0].Faults = []simnet.Fault{{Kind: simnet.FaultWrap}}
	k = dialKiwi(t, serve(t, w, "kiwi", fast), "1")
	k.start()
	if n, flagged := jumps(k.frames(10)); n < 8 || !flagged {
		t.Errorf("wrapping: %d jumps, overload flagged: %t", n, flagged)
	}
}

func TestAMaskedFrequencyIsOneEverywhere(t *testing.T) {
	k := dialKiwi(t, faulty(t, simnet.Fault{Kind: simnet.FaultMasked}), "1")
	k.start()
	for _, z := range k.frames(2)[1].z {
		if z != complex(1.0/32768, 1.0/32768) {
			t.Fatalf("a sample is %v", z)
		}
	}
}

func TestAnHTTPBridgeFailsInEveryWay(t *testing.T) {
	const ask = "/iq?tune=145500000&rate=12000&duration=2"
	for _, c := range []struct {
		fault  simnet.Fault
		status int
		bytes  int // of the body; -1 means any
	}{
		{simnet.Fault{Kind: simnet.FaultBusy}, http.StatusServiceUnavailable, -1},
		{simnet.Fault{Kind: simnet.FaultDown}, http.StatusServiceUnavailable, -1},
		{simnet.Fault{Kind: simnet.FaultBadPassword}, http.StatusUnauthorized, -1},
		{simnet.Fault{Kind: simnet.FaultHTTPRedirect, URL: "http://b.example/"}, http.StatusFound, -1},
		{simnet.Fault{Kind: simnet.FaultHTML}, http.StatusOK, -1},
		{simnet.Fault{Kind: simnet.FaultEmpty}, http.StatusOK, 0},
		{simnet.Fault{Kind: simnet.FaultOddBytes, AfterSeconds: 0.5}, http.StatusOK, 4*6000 - 1},
		{simnet.Fault{Kind: simnet.FaultDrop, AfterSeconds: 0.5}, http.StatusOK, 4 * 6000},
		{simnet.Fault{Kind: simnet.FaultGap, AfterSeconds: 0.5, Samples: 99}, http.StatusOK, 4 * 24000},
		{simnet.Fault{Kind: simnet.FaultSlow, AfterSeconds: 0.5}, http.StatusOK, 4 * 24000},
	} {
		t.Run(string(c.fault.Kind), func(t *testing.T) {
			w := pair(simnet.Emitter{})
			w.Receivers[0].Faults = []simnet.Fault{c.fault}
			resp, body := get(t, serve(t, w, "near", fast).URL()+ask)
			if resp.StatusCode != c.status || c.bytes >= 0 && len(body) != c.bytes {
				t.Errorf("it answers %s with %d bytes, want %d with %d", resp.Status, len(body), c.status, c.bytes)
			}
		})
	}
}

func TestADongleFailsInEveryWay(t *testing.T) {
	const ends, silence = 10 * time.Second, 200 * time.Millisecond // how long is waited for what comes after so many bytes
	read := func(f simnet.Fault, bytes int, wait time.Duration) (int, error) {
		w := pair(simnet.Emitter{})
		w.Receivers[0].Kind, w.Receivers[0].Faults = "rtl_tcp", []simnet.Fault{f}
		c := dialRTL(t, serve(t, w, "near", fast))
		c.SetReadDeadline(time.Now().Add(ends))
		n, err := io.ReadFull(c, make([]byte, bytes))
		if err != nil {
			return n, err
		}
		c.SetReadDeadline(time.Now().Add(wait))
		more, err := io.ReadFull(c, make([]byte, 1<<20))
		return n + more, err
	}
	const header, before = 12, 12 + 2*40960 // one block of 20 ms at 2.048 MS/s
	if n, err := read(simnet.Fault{Kind: simnet.FaultBusy}, 0, silence); n != 0 || !errors.Is(err, errTimeout) {
		t.Errorf("busy: %d bytes, %v; want silence", n, err)
	}
	if n, err := read(simnet.Fault{Kind: simnet.FaultDown}, 0, ends); n != 0 || err == nil || errors.Is(err, errTimeout) {
		t.Errorf("down: %d bytes, %v; want an end", n, err)
	}
	if n, err := read(simnet.Fault{Kind: simnet.FaultEmpty}, header, ends); n != header || err == nil || errors.Is(err, errTimeout) {
		t.Errorf("empty: %d bytes, %v; want the header only", n, err)
	}
	if n, err := read(simnet.Fault{Kind: simnet.FaultStall, AfterSeconds: 0.01}, before, silence); n != before || !errors.Is(err, errTimeout) {
		t.Errorf("stall: %d bytes, %v; want %d and silence", n, err, before)
	}
	if n, err := read(simnet.Fault{Kind: simnet.FaultDrop, AfterSeconds: 0.01}, before, ends); n != before || err == nil || errors.Is(err, errTimeout) {
		t.Errorf("drop: %d bytes, %v; want %d and an end", n, err, before)
	}
	if n, err := read(simnet.Fault{Kind: simnet.FaultOddBytes, AfterSeconds: 0.01}, before-1, ends); n != before-1 || err == nil || errors.Is(err, errTimeout) {
		t.Errorf("odd bytes: %d bytes, %v; want %d and an end", n, err, before-1)
	}
}
