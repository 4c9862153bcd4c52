package simnet_test

import (
	"encoding/json"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/heimdall-sdr/heimdall/simnet"
)

// dcf77 is a long-wave transmitter and a KiwiSDR that hears it.
func dcf77() *simnet.World {
	return &simnet.World{
		Seed: 77, Epoch: time.Date(2026, 3, 7, 23, 59, 58, 0, time.UTC), // two seconds before the GPS week's last 18 s
		Emitters: []simnet.Emitter{{Name: "dcf77", Position: at(50.0152, 9.0112), FrequencyHz: 77_500, PowerDBM: 20, Modulation: simnet.Carrier}},
		Receivers: []simnet.Receiver{{Name: "kiwi", Kind: "kiwisdr", LocationName: "Leer", Position: at(53.67, 7.28),
			ClockPPM: 95.2, NoiseDBMHz: -140}},
	}
}

func TestAKiwiIntroducesItselfInOrder(t *testing.T) {
	w := dcf77()
	w.Receivers[0].ConverterHz = 116_000_000
	c := dialKiwi(t, serve(t, w, "kiwi", fast), "1")
	c.say(auth)
	var names []string
	for _, m := range c.until("sample_rate=") {
		name, value, _ := strings.Cut(m, "=")
		names = append(names, name)
		switch name {
		case "sample_rate":
			if value != "12001.146000" { // 12000 Hz + 95.2 ppm + 0.3 ppm of its own error
				t.Errorf("sample rate is %s", value)
			}
		case "version_maj":
			if !strings.Contains(m, "freq_offset=116000.000") {
				t.Errorf("the converter is not mentioned: %s", m)
			}
		case "load_cfg":
			var cfg struct {
				GPS string `json:"rx_gps"`
			}
			if err := json.Unmarshal([]byte(unescape(t, value)), &cfg); err != nil || cfg.GPS != "(53.670000, 7.280000)" {
				t.Errorf("configuration %q: position %q, %v", value, cfg.GPS, err)
			}
		}
	}
	want := []string{"client_public_ip", "badp", "version_maj", "load_cfg", "load_dxcfg", "center_freq", "audio_init", "sample_rate"}
	if d := cmp.Diff(want, names); d != "" {
		t.Errorf("messages (-want +got):\n%s", d)
	}
}

func TestSamplesFlowOnceAllFiveSettingsAreThere(t *testing.T) {
	for missing, commands := range map[string][]string{
		"passband (both cuts 0)": {arOK, "SET mod=iq low_cut=0 high_cut=0 freq=77.5", agcOff},
		"mode and frequency":     {arOK, agcOff},
		"agc":                    {arOK, modeIQ},
		"audio rate":             {modeIQ, agcOff},
		"a real audio rate":      {"SET AR OK in=12000 out=0", modeIQ, agcOff},
	} {
		if complete, _, _, _ := simnet.ApplyKiwi(commands); complete {
			t.Errorf("samples flow without %s", missing)
		}
	}
	c := dialKiwi(t, serve(t, dcf77(), "kiwi", fast), "1")
	c.say(auth)
	c.until("sample_rate=")
	c.say(agcOff, modeIQ, arOK) // in any order
	c.frames(3)
}

func TestAFrameIsLaidOutAsARealOne(t *testing.T) {
	c := dialKiwi(t, serve(t, dcf77(), "kiwi", fast), "1")
	c.start()
	for i, f := range c.frames(5) {
		if len(f.raw) != maxFrame || f.seq != uint32(i) || f.flags&0x08 == 0 || f.flags&^byte(0x0c) != 0 || f.raw[11] != 0 {
			t.Errorf("frame %d: %d bytes, sequence %d, flags %#x, byte 11 %d", i, len(f.raw), f.seq, f.flags, f.raw[11])
		}
	}
}

func TestStampsAreGPSTimeOfTheFirstSampleAfterTwoBadOnes(t *testing.T) {
	c := dialKiwi(t, serve(t, dcf77(), "kiwi", fast), "1")
	c.start()
	f := c.frames(60)
	if f[0].sec != 0 || f[0].nsec != 0 {
		t.Errorf("the first stamp is %d.%09d, want 0", f[0].sec, f[0].nsec)
	}
	const rate = 12000 * (1 + 95.2e-6)
	// Saturday, 23:59:58 UTC is 16 s into the next week of GPS.
	want := func(i int) float64 { return 16 + 512*float64(i)/rate }
	if d := math.Abs(float64(f[1].sec) - want(1)); d < 60 {
		t.Errorf("the second stamp is %d s, and not stale", f[1].sec)
	}
	for i := 2; i < len(f); i++ {
		if got := float64(f[i].sec) + float64(f[i].nsec)/1e9; !near(got, want(i), 1.5e-9) || f[i].nsec >= 1e9 || f[i].fixAge > 60 {
			t.Fatalf("frame %d: stamp %.9f, want %.9f; fix %d s old", i, got, want(i), f[i].fixAge)
		}
	}
}

func TestTheSMeterReadsACarrierRightAndNoiseTooLow(t *testing.T) {
	for name, c := range map[string]struct {
		emitters    bool
		noise, want float64
	}{
		"carrier": {true, -200, 0},
		// The mean of the logarithm of an exponential variable is -0.5772: 10 log10(e) of that is -2.51 dB.
		"noise": {false, -120, -120 + 10*math.Log10(10_000) - 2.51},
	} {
		t.Run(name, func(t *testing.T) {
			w := dcf77()
			w.Receivers[0].NoiseDBMHz = c.noise
			tolerance := 0.15 // of 200 frames, 0.05 dB of steps included
			if c.emitters {
				_, c.want = simnet.PathBetween(&w.Emitters[0], &w.Receivers[0])
				tolerance = 0.051
			} else {
				w.Emitters = nil
			}
			k := dialKiwi(t, serve(t, w, "kiwi", fast), "1")
			k.start()
			var sum float64
			frames := k.frames(401)
			if frames[0].meterDBM != -127 {
				t.Errorf("the first reading is %.1f, want what was left over", frames[0].meterDBM)
			}
			for _, f := range frames[1:] {
				sum += f.meterDBM / float64(len(frames)-1)
			}
			if !near(sum, c.want, tolerance) {
				t.Errorf("S-meter reads %.2f dBm, want %.2f", sum, c.want)
			}
		})
	}
}

func TestSamplesArePowerAfterTheDocumentedGain(t *testing.T) {
	for _, gain := range []string{"50", "40"} {
		w := dcf77()
		c := dialKiwi(t, serve(t, w, "kiwi", fast), "1")
		c.start(modeIQ, "SET agc=0 hang=0 thresh=-100 slope=6 decay=1000 manGain="+gain)
		_, dbm := simnet.PathBetween(&w.Emitters[0], &w.Receivers[0])
		g := map[string]float64{"50": 50, "40": 40}[gain]
		want := dbm - (21.73 - 13 - g) // dBm = dBFS + 21.73 + S_meter_cal - G
		if got := dB(meanPower(c.frames(3)[2].z)); !near(got, want, 0.2) {
			t.Errorf("with gain %s the samples have %.2f dBFS, want %.2f", gain, got, want)
		}
	}
}

func TestAGCBringsAnySignalToTheSameLevel(t *testing.T) {
	var levels []float64
	for _, power := range []float64{0, 40} {
		w := dcf77()
		w.Emitters[0].PowerDBM = power
		c := dialKiwi(t, serve(t, w, "kiwi", fast), "1")
		c.start(modeIQ, "SET agc=1 hang=0 thresh=-100 slope=6 decay=1000 manGain=50")
		levels = append(levels, dB(meanPower(c.frames(5)[4].z)))
	}
	if !near(levels[0], levels[1], 1) {
		t.Errorf("40 dB of difference come out as %.1f and %.1f dBFS", levels[0], levels[1])
	}
}

func TestByteOrderIsTheClientsChoice(t *testing.T) {
	s := serve(t, dcf77(), "kiwi", fast)
	big, little := dialKiwi(t, s, "1"), dialKiwi(t, s, "2")
	big.start()
	little.start("SET little-endian", modeIQ, agcOff)
	b, l := big.frames(3), little.frames(3)
	if l[0].flags&0x80 == 0 || b[0].flags&0x80 != 0 {
		t.Errorf("flags are %#x and %#x", b[0].flags, l[0].flags)
	}
	if !slices.Equal(b[2].z, l[2].z) {
		t.Error("the samples differ")
	}
}

func TestThePassbandIsTheClientsChoice(t *testing.T) {
	w := dcf77()
	w.Emitters = nil
	w.Receivers[0].NoiseDBMHz = -100
	c := dialKiwi(t, serve(t, w, "kiwi", fast), "1")
	c.start("SET mod=iq low_cut=200 high_cut=1200 freq=77.500", agcOff)
	var z []complex128
	for _, f := range c.frames(100)[2:] {
		z = append(z, f.z...)
	}
	if got, want := dB(meanPower(z)), -100+dB(1000)-(21.73-13-50); !near(got, want, 0.4) {
		t.Errorf("noise in 1 kHz has %.2f dBFS, want %.2f", got, want)
	}
}

func TestRetuningTakesEffectInMidStream(t *testing.T) {
	w := dcf77()
	c := dialKiwi(t, serve(t, w, "kiwi", fast), "1")
	c.start()
	before := c.frames(3)[2]
	c.say("SET mod=iq low_cut=-5000 high_cut=5000 freq=100.000")
	for {
		f := c.frames(1)[0]
		if f.flags&0x04 == 0 {
			continue
		}
		if drop := dB(meanPower(before.z)) - dB(meanPower(f.z)); drop < 20 {
			t.Errorf("off the carrier there is only %.1f dB less", drop)
		}
		return
	}
}

func TestWhoBreaksTheRulesIsKicked(t *testing.T) {
	impatient := fast
	impatient.Patience = simnet.Patience{Auth: 50 * time.Millisecond, Setup: 50 * time.Millisecond, Keepalive: 200 * time.Millisecond}
	for name, c := range map[string]struct {
		options simnet.Options
		say     []string
		last    string // message before the end
	}{
		"commands before the password":        {fast, []string{modeIQ}, ""},
		"five keepalives instead of settings": {fast, []string{auth, "SET keepalive", "SET keepalive", "SET keepalive", "SET keepalive", "SET keepalive"}, "sample_rate="},
		"another mode than iq":                {fast, []string{auth, "SET mod=am low_cut=-5000 high_cut=5000 freq=77.5"}, "sample_rate="},
		"no password in time":                 {impatient, nil, "password_timeout"},
		"no settings in time":                 {impatient, []string{auth, agcOff}, "sample_rate="},
	} {
		t.Run(name, func(t *testing.T) {
			k := dialKiwi(t, serve(t, dcf77(), "kiwi", c.options), "1")
			k.say(c.say...)
			if c.last != "" {
				k.until(c.last)
			}
			k.closedNow()
		})
	}
	t.Run("no sign of life", func(t *testing.T) {
		k := dialKiwi(t, serve(t, dcf77(), "kiwi", impatient), "1")
		k.start()
		for {
			if _, err := k.frame(); err != nil {
				return
			}
		}
	})
	t.Run("rubbish is only ignored", func(t *testing.T) {
		k := dialKiwi(t, serve(t, dcf77(), "kiwi", fast), "1")
		k.say("GET /", "SET", "")
		k.start("SET xyzzy", "SET mod=iq low_cut=a high_cut=b freq=c", modeIQ, "SET agc=0 manGain=loud", agcOff)
		k.frames(3)
	})
}

func TestThePasswordIsChecked(t *testing.T) {
	w := dcf77()
	w.Receivers[0].Password = "s esame"
	c := dialKiwi(t, serve(t, w, "kiwi", fast), "1")
	c.say(auth + "wrong")
	c.until("badp=1")
	c.say(auth + "s%20esame")
	c.until("badp=0")
}

func TestOnlySoManyMayListen(t *testing.T) {
	w := dcf77()
	w.Receivers[0].Channels = 2
	s := serve(t, w, "kiwi", fast)
	first, second := dialKiwi(t, s, "1"), dialKiwi(t, s, "2")
	first.start()
	first.frames(1)
	second.start()
	second.frames(1)
	third := dialKiwi(t, s, "3")
	if m := third.message(); m != "too_busy=2" {
		t.Errorf("the third is told %q, want too_busy=2", m)
	}
	third.closedNow()
	if got := statusOf(t, s)["users"]; got != "2" {
		t.Errorf("status counts %s users, want 2", got)
	}
	dialKiwi(t, s, "1").closedNow() // the same time stamp again
	if s.Connections() != 4 {
		t.Errorf("%d connections were counted, want 4", s.Connections())
	}
}

func get(t *testing.T, address string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if password, ok := req.URL.User.Password(); ok {
		req.SetBasicAuth("", password)
	}
	resp, err := http.DefaultTransport.RoundTrip(req) // no redirects followed
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body) // a cut connection is part of some tests
	return resp, b
}

func statusOf(t *testing.T, s *simnet.Server) map[string]string {
	t.Helper()
	_, body := get(t, s.URL()+"/status")
	lines := make(map[string]string)
	for line := range strings.Lines(string(body)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		lines[name] = value
	}
	return lines
}

func TestStatusSaysWhatRegistriesAsk(t *testing.T) {
	s := serve(t, dcf77(), "kiwi", fast)
	got := statusOf(t, s)
	for name, want := range map[string]string{"status": "active", "offline": "no", "name": "kiwi", "users": "0", "users_max": "4",
		"gps": "(53.670000, 7.280000)", "tdoa_ch": "0", "freq_offset": "0.000", "loc": "Leer"} {
		if got[name] != want {
			t.Errorf("%s=%q, want %q", name, got[name], want)
		}
	}
	s.SetFaults(simnet.Fault{Kind: simnet.FaultDown})
	if got := statusOf(t, s); got["offline"] != "yes" || got["status"] != "offline" {
		t.Errorf("while down it says %v", got)
	}
	for _, path := range []string{"/VER", "/snr"} {
		if _, body := get(t, s.URL()+path); !json.Valid(body) {
			t.Errorf("%s is no JSON: %s", path, body)
		}
	}
}

func TestARewoundConnectionGivesTheSameBytes(t *testing.T) {
	s := serve(t, dcf77(), "kiwi", fast)
	a, b := dialKiwi(t, s, "1"), dialKiwi(t, s, "2")
	a.start()
	b.start()
	for i, f := range a.frames(20) {
		if g := b.frames(1)[0]; !slices.Equal(f.raw, g.raw) {
			t.Fatalf("frame %d differs", i)
		}
	}
}
