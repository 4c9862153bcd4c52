package dsp

// Flags: what is wrong or special about a record. Metrics.Flags holds them sorted. The comments are what
// [Definitions] says of them.
const (
	FlagShortRead           = "short_read"           // under 99.5 % of the expected samples came
	FlagGap                 = "gap"                  // the stream lost samples; they are not filled in, so a line across the gap is smeared
	FlagZeroRun             = "zero_run"             // at least 32 exact zeros in a row, as where somebody filled a hole
	FlagAllZero             = "all_zero"             // nothing but zeros: no number means anything
	FlagStuck               = "stuck"                // at least 64 equal samples in a row that are not zero
	FlagNonfinite           = "nonfinite"            // NaN, infinite or absurd samples (over 2^20 times full scale), replaced by zero
	FlagOddBytes            = "odd_bytes"            // the record ended inside a sample
	FlagClipped             = "clipped"              // over 1e-5 of the samples, and at least 3, at full scale: powers are too low
	FlagADCOverload         = "adc_overload"         // the receiver said that its converter overloaded: signals may be products of that
	FlagAGCOn               = "agc_on"               // gain control was on: no absolute power, and levels within the record are not comparable
	FlagReceiverFilter      = "receiver_filter"      // part of the passband is stopband, at the quantiser's floor: no noise is taken from there
	FlagQuantisationLimited = "quantisation_limited" // the noise is the quantiser's, not the air's: more gain would improve the SNR
	FlagDCExcluded          = "dc_excluded"          // a zero-IF receiver: the bins at 0 Hz were left out of the channel
	FlagImpulsive           = "impulsive"            // clicks: short pulses far over the median, of lightning or machines
	FlagMultiLine           = "multi_line"           // several lines of like power: no single carrier, so the offset is a centroid
	FlagNoiseUpperBound     = "noise_upper_bound"    // little clean noise in view: N0 may be too high and the SNR too low
	FlagSNRLowerBound       = "snr_lower_bound"      // so high an SNR over a floor within the signal: the true one may be higher
	FlagNoiseUnobservable   = "noise_unobservable"   // no noise in view: no SNR
	FlagTimestampOutlier    = "timestamp_outlier"    // time stamps of the receiver were dropped because they contradict the others
	FlagRateFitBad          = "rate_fit_bad"         // the time stamps give no rate to believe in: frequencies may be off by that
	FlagIQWrap              = "iq_wrap"              // int16 samples wrapped around instead of clipping
)

// Sources of the noise density, as Metrics.NoiseSource names them.
const (
	NoiseOffChannel = "off_channel" // the passband beside the channel
	NoiseInBand     = "in_band"     // the whole passband, signals censored
	NoiseTimeMin    = "time_min"    // the quietest fifth of the time, bin by bin: pauses
	NoiseTimeGaps   = "time_gaps"   // between the marks of a keyed signal that fills the band
	NoiseNone       = "none"        // no noise in view: no SNR, no sigma
)

// Methods of the frequency offset, as Metrics.FrequencyMethod names them.
const (
	MethodCarrier  = "carrier"  // of the one coherent line
	MethodCentroid = "centroid" // of the centre of gravity of the signal's spectrum: of SSB, not where its carrier would be
)
