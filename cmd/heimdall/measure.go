package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/iqfile"
)

// measureCmd measures a file. It needs neither a server nor a data folder.
type measureCmd struct {
	File string `arg:"" type:"path" help:"SigMF, .npy, WAV, Kiwi WAV or raw samples."`

	Format             string  `placeholder:"DATATYPE" help:"Of a raw file: ci16_le, ci16_be, cu8, ci8, cf32_le or cf64_le."`
	SampleRateHz       float64 `placeholder:"N" help:"Sample rate; needed where the file does not say, otherwise instead of what it says."`
	ChannelCenterHz    float64 `placeholder:"N" help:"Centre of the measured channel, relative to the tuned frequency (0)."`
	ChannelBandwidthHz float64 `placeholder:"N" help:"Its bandwidth; without it 0.8 of the sample rate, at most 12500."`
	PassbandHz         string  `placeholder:"LO,HI" help:"Edges of the receiver's filter, relative to the tuned frequency."`
	ZeroIF             bool    `name:"zero-if" help:"The receiver's oscillator leaks at 0 Hz: leave that out."`
	AllowPartial       bool    `help:"Measure a file whose end is damaged: what can be read of it."`
	ExpectedSamples    int64   `placeholder:"N" help:"How many samples there should be; fewer are flagged."`
	Spectrogram        string  `type:"path" placeholder:"FILE" help:"Draw the spectrogram into this PNG file."`
	JSON               bool    `help:"Print JSON."`
}

// A fileReport is the metrics of a file, and what they were made of.
type fileReport struct {
	File         string  `json:"file"`
	Format       string  `json:"format"`
	SampleRateHz float64 `json:"sample_rate_hz"`
	SamplesCount int64   `json:"samples_count"`
	Damage       string  `json:"damage,omitempty"` // what is wrong with the file, where it was measured all the same
	dsp.Metrics

	spectrogram *dsp.Spectrogram
}

func (c *measureCmd) Run(a *app) error {
	low, high, err := passband(c.PassbandHz)
	if err != nil {
		return err
	}
	opt := iqfile.Options{SampleRateHz: c.SampleRateHz, AllowPartial: c.AllowPartial}
	if c.Format != "" {
		if opt.Format, err = iq.ParseFormat(c.Format); err != nil {
			return invalid("format", err)
		}
	}
	f, err := iqfile.Open(c.File, opt)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := c.measure(f, low, high)
	if err != nil {
		return err
	}
	if c.Spectrogram != "" {
		if r.spectrogram == nil {
			return invalid("spectrogram", fmt.Errorf("%s has none: it holds under 64 samples, or nothing but zeros", c.File))
		}
		if err := drawSpectrogram(c.Spectrogram, r.spectrogram); err != nil {
			return err
		}
	}
	if c.JSON {
		return printJSON(a.stdout, r)
	}
	if err := a.printFields(r); err != nil {
		return err
	}
	if r.spectrogram != nil {
		plotSpectrum(a.stdout, r.spectrogram)
	}
	return nil
}

func (c *measureCmd) measure(f *iqfile.File, low, high float64) (*fileReport, error) {
	expected := c.ExpectedSamples
	if expected == 0 {
		expected = f.Samples
	}
	meter, err := dsp.NewMeter(dsp.Config{
		Format: f.Format, SampleRateHz: f.SampleRateHz,
		ChannelCenterHz: c.ChannelCenterHz, ChannelBandwidthHz: c.ChannelBandwidthHz,
		PassbandLowHz: low, PassbandHighHz: high, ZeroIF: c.ZeroIF, ExpectedSamples: expected, RadioFrequencyHz: f.CenterHz,
	})
	if err != nil {
		return nil, asInvalid(err)
	}
	n, err := io.Copy(meter, f)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", c.File, err)
	}
	end, rate := dsp.End{}, f.SampleRateHz
	if c.SampleRateHz == 0 {
		if clock, ok := f.Clock(); ok {
			rate = clock.RateHz
			end = dsp.End{SampleRateHz: rate, Gaps: len(clock.Gaps), TimestampOutliers: clock.Outliers}
			for _, g := range clock.Gaps {
				end.GapSamples += g.Missing
			}
		}
	}
	m, err := meter.Finish(end)
	if err != nil {
		return nil, asInvalid(err)
	}
	r := &fileReport{File: c.File, Format: f.Format.String(), SampleRateHz: rate, SamplesCount: n / int64(f.Format.Size()), Metrics: m,
		spectrogram: meter.Spectrogram()}
	if f.Damage != nil {
		r.Damage = f.Damage.Error()
	}
	return r, nil
}

// passband reads "LO,HI"; nothing means that it is not known.
func passband(text string) (low, high float64, err error) {
	if text == "" {
		return 0, 0, nil
	}
	lowText, highText, ok := strings.Cut(text, ",")
	low, e1 := strconv.ParseFloat(strings.TrimSpace(lowText), 64)
	high, e2 := strconv.ParseFloat(strings.TrimSpace(highText), 64)
	if !ok || e1 != nil || e2 != nil {
		return 0, 0, invalid("passband_hz", errors.New("must be two numbers such as -5000,5000"))
	}
	return low, high, nil
}

func invalid(field string, err error) error {
	var bad heimdall.InvalidError
	bad.Add(field, "%v", err)
	return &bad
}

// asInvalid makes a meter's complaint about its settings the user's.
func asInvalid(err error) error {
	c, ok := errors.AsType[*dsp.ConfigError](err)
	if !ok {
		return err
	}
	flag := map[string]string{
		"SampleRateHz": "--sample-rate-hz", "ChannelCenterHz": "--channel-center-hz", "ChannelBandwidthHz": "--channel-bandwidth-hz",
		"PassbandLowHz": "--passband-hz", "PassbandHighHz": "--passband-hz", "ExpectedSamples": "--expected-samples",
	}[c.Field]
	if flag == "" {
		flag = c.Field
	}
	return &heimdall.InvalidError{Fields: []heimdall.FieldError{{Field: flag, Message: c.Problem}}}
}
