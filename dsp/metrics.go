package dsp

// Version names these definitions. A change of any number they give is a new version.
const Version = "2"

// Metrics are the numbers of one record. Null, a nil pointer here, is a number that cannot be defended; Flags or
// NoiseSource say why. Units end the names. The JSON names are those of the columns.
//
// What stands at a field is served to users by [Definitions]: its comment is the meaning, in the words of the JSON
// names, unit its unit (1 is a ratio), and doc begins the heading of the section of doc.go that explains it.
type Metrics struct {
	// Signal-to-noise ratio in the channel: 10 lg of (P_ch - N0 B_m)/(N0 B). Null, never small, when
	// nothing was detected or no noise is in view. It depends on B: compare rows of equal snr_bandwidth_hz, or cn0_dbhz.
	SNRdB *float64 `json:"snr_db" unit:"dB" doc:"Channel"`
	// One sigma of snr_db by the statistics of signal and noise. Noise found in the wrong place is not in it: see
	// noise_source and flags. Null with snr_db.
	SNRSigmaDB *float64 `json:"snr_sigma_db" unit:"dB" doc:"Channel"`
	// 99.9 % upper limit of the SNR: the SNR, or 0 where that is negative, plus 3.09 sigma of the noise. The answer when
	// nothing was detected, and there in every row; null only when no noise is in view.
	SNRUpperDB *float64 `json:"snr_upper_db" unit:"dB" doc:"Detection"`
	// B, the stated bandwidth of the channel that was measured. All that is said of the channel refers to it.
	SNRBandwidthHz float64 `json:"snr_bandwidth_hz" unit:"Hz" doc:"Channel"`
	// Whether any of the four tests found a signal in the channel: energy, a line in either spectrum, a burst. About one
	// record of noise in a thousand is called a signal. It may be true without an SNR, by a line while no noise is in view.
	Detected bool `json:"detected" doc:"Detection"`
	// Signal power over noise density, S/N0: the SNR in 1 Hz, comparable between bandwidths. Null with snr_db.
	CN0dBHz *float64 `json:"cn0_dbhz" unit:"dBHz" doc:"Channel"`
	// S, power in the channel without its noise: P_ch - N0 B_m, or that of the carrier where it is all there is and the
	// better measure. Null with snr_db.
	SignalDBFS *float64 `json:"signal_dbfs" unit:"dBFS" doc:"Channel"`
	// P_ch, power in the channel, noise included. Null when there is none, and for records under 64 samples.
	ChannelPowerDBFS *float64 `json:"channel_power_dbfs" unit:"dBFS" doc:"Channel"`
	// N0, noise density in the bins that noise_source names: the noise in b hertz is 10 lg b above it. Null when no noise
	// is in view.
	NoiseDBFSHz *float64 `json:"noise_dbfs_hz" unit:"dBFS/Hz" doc:"Noise"`
	// Where the noise was measured. Only off_channel is free of the signal itself.
	NoiseSource string `json:"noise_source" doc:"Noise"`
	// Share of the candidate bins that were taken for noise, 0 to 1. Under 0.25 the rest is crowded and N0 may be too
	// high: the flag noise_upper_bound. Null when no noise is in view.
	NoiseUsedFraction *float64 `json:"noise_used_fraction" unit:"1" doc:"Noise"`
	// Mean power of the whole record: all signals in the passband, noise and DC. Null when all samples are zero.
	PowerDBFS *float64 `json:"power_dbfs" unit:"dBFS" doc:"Power"`
	// Power of the strongest single sample. With I and Q both at full scale that is +3 dBFS. Null when all are zero.
	PeakDBFS *float64 `json:"peak_dbfs" unit:"dBFS" doc:"Power"`
	// Peak over mean power, peak_dbfs - power_dbfs. That of noise grows with the length of the record. Null when all
	// samples are zero.
	PAPRdB *float64 `json:"papr_db" unit:"dB" doc:"Power"`
	// Power of the mean of all samples. A carrier at the tuned frequency is in it as well as an offset of the converter:
	// high is no fault by itself. Null when the mean is exactly zero.
	DCdBFS *float64 `json:"dc_dbfs" unit:"dBFS" doc:"Power"`
	// Share of the samples whose I or Q is within 1.5 LSB of full scale, 0 to 1. The flag clipped says when it matters.
	ClipFraction float64 `json:"clip_fraction" unit:"1" doc:"Quality"`
	// Frequency of the signal less that of the channel's centre, at the middle of the record; positive is above. Of what
	// in the signal, frequency_method says. Null when nothing was detected, or nothing of it stands out.
	FrequencyOffsetHz *float64 `json:"frequency_offset_hz" unit:"Hz" doc:"Frequency"`
	// What frequency_offset_hz is the frequency of. Never mix the two in one average. Null when there is no offset.
	FrequencyMethod *string `json:"frequency_method" doc:"Frequency"`
	// One sigma of frequency_offset_hz by noise and, of a centroid, by the scatter of the modulation. The receiver's
	// reference, clock_sigma_hz, comes on top and is often the larger. Null without an offset, and when no noise is in view.
	FrequencySigmaHz *float64 `json:"frequency_sigma_hz" unit:"Hz" doc:"Frequency"`
	// One sigma of the receiver's frequency reference at this radio frequency. Null when nobody said how good it is.
	ClockSigmaHz *float64 `json:"clock_sigma_hz" unit:"Hz" doc:"Frequency"`
	// Power of the strongest line over S, 0 to about 1: 1 for a steady carrier, near 0 for speech in SSB. Chance may take it
	// above 1 at low SNR. Null when no line was found.
	LineFraction *float64 `json:"line_fraction" unit:"1" doc:"Frequency"`
	// Rate of change of the carrier's frequency over the record, transmitter, path and receiver together. Null unless
	// frequency_method is carrier.
	DriftHzS *float64 `json:"drift_hz_s" unit:"Hz/s" doc:"Frequency"`
	// One sigma of drift_hz_s, without what the receiver's reference adds. Null with it, and when no noise is in view.
	DriftSigmaHzS *float64 `json:"drift_sigma_hz_s" unit:"Hz/s" doc:"Frequency"`
	// 99 % occupied bandwidth of what is in the channel, 0.5 % of the power beyond either edge (ITU-R SM.443). Under about
	// four bins of fs/L it only says "narrower than this". Null when nothing stands out of the noise.
	OBWHz *float64 `json:"obw_hz" unit:"Hz" doc:"Occupied"`
	// Lower edge of the occupied bandwidth, relative to frequency_mhz, of a file to its 0 Hz: not to the channel's centre.
	// Null with obw_hz.
	OBWLowHz *float64 `json:"obw_lo_hz" unit:"Hz" doc:"Occupied"`
	// Upper edge of the occupied bandwidth, relative to the same. Null with obw_hz.
	OBWHighHz *float64 `json:"obw_hi_hz" unit:"Hz" doc:"Occupied"`
	// Whether the SNR inside the occupied bandwidth is over 10 dB. Where it is not, noise moves the edges. False
	// without obw_hz.
	OBWValid bool `json:"obw_valid" doc:"Occupied"`
	// Spectral flatness of the channel (Wiener entropy): its geometric over its arithmetic mean, averaging undone. 0 dB is
	// white, a line far below. It needs neither noise nor a detection. Null when the
	// record is too short for a spectrum.
	FlatnessDB *float64 `json:"flatness_db" unit:"dB" doc:"Occupied"`
	// Spectral kurtosis of the channel, averaged by power: 0 for a steady carrier, 1 for noise, above 1 for bursts.
	// Null when the record is too short for a spectrum.
	SpectralKurtosis *float64 `json:"spectral_kurtosis" unit:"1" doc:"Occupied"`
	// Share of the time in which the signal is on, 0 to 1. Null unless it is 9 dB over the noise at times, and without 32
	// blocks of at least 8/B to tell that from.
	Duty *float64 `json:"duty" unit:"1" doc:"Occupied"`
	// SNR of that part of the time in which the signal is on: of a keyed signal, the SNR of its marks. Null with duty.
	OnSNRdB *float64 `json:"on_snr_db" unit:"dB" doc:"Occupied"`
	// power_dbfs + cal_db. Null without a calibration, and when gain control was on.
	PowerDBM *float64 `json:"power_dbm" unit:"dBm" doc:"Power"`
	// signal_dbfs + cal_db. Null without a calibration, and with signal_dbfs.
	SignalDBM *float64 `json:"signal_dbm" unit:"dBm" doc:"Power"`
	// noise_dbfs_hz + cal_db. Null without a calibration, and with noise_dbfs_hz.
	NoiseDBMHz *float64 `json:"noise_dbm_hz" unit:"dBm/Hz" doc:"Power"`
	// Calibration of the receiver: dBm at its input less dBFS. Null when there is none, and when gain control was on.
	CalibrationDB *float64 `json:"cal_db" unit:"dB" doc:"Power"`
	// One sigma of cal_db, which every dBm of the row has in common. Null with cal_db.
	CalibrationSigmaDB *float64 `json:"cal_sigma_db" unit:"dB" doc:"Power"`
	// Where the calibration comes from: s_meter, compared with the receiver's own meter during the record, or table, as
	// it was configured for the receiver. Null with cal_db.
	CalibrationSource *string `json:"cal_source" doc:"Power"`
	// What is wrong or special about the record, sorted; empty when there is nothing to say.
	Flags []string `json:"flags" doc:"Quality"`
	// Version of these definitions that made the row. Numbers of different versions may differ for the same samples.
	AlgorithmVersion string `json:"algorithm_version" doc:"Overview"`
	// L, length of a segment of the Welch spectrum: its bins are fs/L apart. 0 when the record is too short for one.
	SegmentLength int `json:"L" unit:"samples" doc:"Spectrum"`
	// K, number of independent averages behind every bin of the Welch spectrum; 0 when there is none.
	SegmentAverages float64 `json:"K" unit:"1" doc:"Spectrum"`
}
