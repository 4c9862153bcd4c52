package simnet_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"net"
	"os"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/simnet"
)

var errTimeout = os.ErrDeadlineExceeded

func dialRTL(t *testing.T, s *simnet.Server) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func header(t *testing.T, c net.Conn) []byte {
	t.Helper()
	b := make([]byte, 12)
	if _, err := io.ReadFull(c, b); err != nil {
		t.Fatal(err)
	}
	return b
}

func command(t *testing.T, c net.Conn, code byte, value uint32) {
	t.Helper()
	if _, err := c.Write(binary.BigEndian.AppendUint32([]byte{code}, value)); err != nil {
		t.Fatal(err)
	}
}

// cu8 reads samples, full scale 1.
func cu8(t *testing.T, c net.Conn, n int) []complex128 {
	t.Helper()
	b := make([]byte, 2*n)
	if _, err := io.ReadFull(c, b); err != nil {
		t.Fatal(err)
	}
	z := make([]complex128, n)
	for i := range z {
		z[i] = complex((float64(b[2*i])-127.5)/127.5, (float64(b[2*i+1])-127.5)/127.5)
	}
	return z
}

// dongle is an rtl_tcp that hears a carrier 1 kHz above 145.5 MHz.
func dongle() *simnet.World {
	w := pair(simnet.Emitter{FrequencyHz: 145_501_000, Modulation: simnet.Carrier})
	w.Receivers[0].Kind, w.Receivers[0].FullScaleDBM, w.Receivers[0].NoiseDBMHz = "rtl_tcp", -30, -150
	w.Receivers[0].ClockPPM = 2
	return w
}

func TestADongleShowsItsHeader(t *testing.T) {
	want := []byte{'R', 'T', 'L', '0', 0, 0, 0, 5, 0, 0, 0, 29}
	if got := header(t, dialRTL(t, serve(t, dongle(), "near", fast))); !bytes.Equal(got, want) {
		t.Errorf("header is % x, want % x", got, want)
	}
}

func TestASecondClientHearsNothingUntilTheFirstHasGone(t *testing.T) {
	s := serve(t, dongle(), "near", fast)
	first := dialRTL(t, s)
	header(t, first)
	second := dialRTL(t, s)
	second.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if _, err := second.Read(make([]byte, 1)); err == nil {
		t.Error("the second client hears something")
	}
	first.Close()
	second.SetReadDeadline(time.Now().Add(5 * time.Second))
	header(t, second)
}

func TestADongleObeys(t *testing.T) {
	w := dongle()
	c := dialRTL(t, serve(t, w, "near", fast))
	header(t, c)
	for _, cmd := range [][2]uint32{{0x02, 240_000}, {0x03, 1}, {0x04, 200}, {0x0e, 0}, {0x01, 145_500_000}} {
		command(t, c, byte(cmd[0]), cmd[1])
	}
	_, dbm := simnet.PathBetween(&w.Emitters[0], &w.Receivers[0])
	want := dbm - (-30 - 20)
	for range 200 { // the old tuning's samples come first
		z := cu8(t, c, 24000)
		power := dB(meanPower(z))
		if !near(power, want, 0.3) {
			continue
		}
		var turn complex128
		for i := 1; i < len(z); i++ {
			turn += z[i] * complex(real(z[i-1]), -imag(z[i-1]))
		}
		hz := math.Atan2(imag(turn), real(turn)) / (2 * math.Pi) * 240_000
		if near(hz, 1000-2*145.5, 20) { // the oscillator is 2 ppm high
			return
		}
	}
	t.Errorf("no samples of a carrier at 709 Hz with %.1f dBFS arrived", want)
}

func TestADongleIgnoresWhatItCannotDo(t *testing.T) {
	for _, c := range [][5]byte{{2, 0, 0, 0, 100}, {2, 0, 7, 0xa1, 0x20}, {1, 0xff, 0xff, 0xff, 0xff}, {1, 0, 0, 0, 0}, {0xee, 1, 2, 3, 4}} {
		if f, r, g := simnet.ApplyRTL(c); f != 100_000_000 || r != 2_048_000 || g != 30 {
			t.Errorf("command % x sets %d Hz, %d S/s, %g dB", c, f, r, g)
		}
	}
}

func TestSamplesOfTheOldTuningAreStillUnderWay(t *testing.T) {
	c := dialRTL(t, serve(t, dongle(), "near", fast))
	header(t, c)
	command(t, c, 0x01, 145_500_000)
	for n := 0; n < 10_000_000; n += 4096 {
		if power := dB(meanPower(cu8(t, c, 4096))); power < -20 {
			continue
		}
		if n < 0.2*2_048_000-4096 {
			t.Errorf("the new tuning shows after %d samples", n)
		}
		return
	}
	t.Error("the new tuning never shows")
}
