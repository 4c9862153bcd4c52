package dsp_test

import (
	"fmt"
	"io"
	"log"
	"strings"

	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/siggen"
)

// A tone of -30 dBFS in noise of -80 dBFS per hertz is 13 dB over the noise in 5 kHz.
func Example() {
	noise := -80.0
	samples, err := siggen.Vector{
		SampleRateHz: 12000, Samples: 120000, Seed: 1, NoiseDBFSHz: &noise,
		Signals: []siggen.Signal{{Kind: "tone", FreqHz: 700.25, LevelDBFS: -30}},
	}.Build()
	if err != nil {
		log.Fatal(err)
	}
	record, err := siggen.Quantise(samples, "ci16")
	if err != nil {
		log.Fatal(err)
	}

	meter, err := dsp.NewMeter(dsp.Config{
		Format: iq.CI16LE, SampleRateHz: 12000, ChannelBandwidthHz: 5000, ExpectedSamples: 120000,
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := meter.Write(record); err != nil { // as often as bytes arrive
		log.Fatal(err)
	}
	m, err := meter.Finish(dsp.End{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("SNR %.1f dB, carrier at %.2f Hz, noise %.1f dBFS/Hz (%s)\n", *m.SNRdB, *m.FrequencyOffsetHz, *m.NoiseDBFSHz, m.NoiseSource)
	// Output: SNR 13.0 dB, carrier at 700.25 Hz, noise -80.0 dBFS/Hz (off_channel)
}

// A Meter is an io.Writer, so it can listen in on a copy of the samples to a file.
func ExampleMeter_Write() {
	meter, err := dsp.NewMeter(dsp.Config{Format: iq.CU8, SampleRateHz: 2.4e6})
	if err != nil {
		log.Fatal(err)
	}
	received := strings.NewReader("") // nothing came
	if _, err := io.Copy(io.MultiWriter(io.Discard, meter), received); err != nil {
		log.Fatal(err)
	}
	m, err := meter.Finish(dsp.End{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.SNRdB == nil, m.NoiseSource, m.SNRBandwidthHz)
	// Output: true none 12500
}

// What cannot be measured is refused with a name and a remedy.
func ExampleConfigError() {
	_, err := dsp.NewMeter(dsp.Config{Format: iq.CI16LE, SampleRateHz: 12000, PassbandLowHz: -3000, PassbandHighHz: 3000, ChannelBandwidthHz: 10000})
	fmt.Println(err)
	// Output: configure meter: ChannelBandwidthHz 10000 reaches beyond the receive filter -3000..3000 Hz: use at most 6000
}
