package dsp

// Flags: what is wrong or special about a record. Metrics.Flags holds them sorted.
const (
	FlagShortRead           = "short_read"           // under 99.5 % of the expected samples
	FlagGap                 = "gap"                  // the stream lost samples
	FlagZeroRun             = "zero_run"             // at least 32 exact zeros in a row
	FlagAllZero             = "all_zero"             // nothing but zeros
	FlagStuck               = "stuck"                // at least 64 equal samples in a row that are not zero
	FlagNonfinite           = "nonfinite"            // NaN, Inf or absurd samples, replaced by zero
	FlagOddBytes            = "odd_bytes"            // the record ended inside a sample
	FlagClipped             = "clipped"              // over 1e-5 of the samples, and at least 3, at full scale
	FlagADCOverload         = "adc_overload"         // the receiver said that its converter overloaded
	FlagAGCOn               = "agc_on"               // gain control was on: no absolute power
	FlagReceiverFilter      = "receiver_filter"      // part of the passband is stopband, at the quantiser's floor
	FlagQuantisationLimited = "quantisation_limited" // the noise is the quantiser's
	FlagDCExcluded          = "dc_excluded"          // a zero-IF receiver: the bins at 0 Hz were left out of the channel
	FlagImpulsive           = "impulsive"            // clicks
	FlagMultiLine           = "multi_line"           // several lines of like power: no single carrier
	FlagNoiseUpperBound     = "noise_upper_bound"    // little clean noise in view: N0 may be too high
	FlagSNRLowerBound       = "snr_lower_bound"      // so high an SNR over a floor within the signal: the true one may be higher
	FlagNoiseUnobservable   = "noise_unobservable"   // no noise in view: no SNR
	FlagTimestampOutlier    = "timestamp_outlier"    // stamps were dropped
	FlagRateFitBad          = "rate_fit_bad"         // the stamps do not lie on a line
	FlagIQWrap              = "iq_wrap"              // int16 samples wrapped around instead of clipping
)

// Sources of the noise density, as Metrics.NoiseSource names them.
const (
	NoiseOffChannel = "off_channel" // the passband beside the channel
	NoiseInBand     = "in_band"     // the whole passband, signals censored
	NoiseTimeMin    = "time_min"    // the quiet fifth of the time
	NoiseTimeGaps   = "time_gaps"   // between the marks of a keyed signal that fills the band
	NoiseNone       = "none"        // no noise in view
)

// Methods of the frequency offset, as Metrics.FrequencyMethod names them.
const (
	MethodCarrier  = "carrier"  // the one coherent line
	MethodCentroid = "centroid" // the centre of gravity of the signal's spectrum
)
