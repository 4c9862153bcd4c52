// Package dsp measures one IQ record while it streams past: power, noise, SNR, frequency, bandwidth, quality.
// [Meter] is the whole interface; [Metrics] is what it gives.
//
// It exists because a number that many receivers report about one emission is only worth something when all of them
// mean the same by it, say how sure they are, and say nothing rather than guess: null is a number that cannot
// be defended, and Flags tell why. It leaves out demodulation, time differences of arrival, and any knowledge of
// receivers. It does no I/O, keeps no clock and logs nothing.
//
// The surprising part: nothing is normalised, no mean is removed and no floor is added. |z| = 1 is 0 dBFS, the carrier
// of a tuned receiver lies exactly at 0 Hz, and an SNR of a signal that was not detected is null, not small.
//
// # Notation
//
// z[n] are the samples, fs their true rate, T the duration, B the bandwidth of the channel about its centre fc, N0 the
// noise density, K the number of independent averages of a spectrum. P and Q are the regularised incomplete gamma
// functions; g_K(p) is the value that Gamma(K)/K exceeds with probability p.
//
// # Spectrum (psd.go)
//
// Welch's average of periodograms of segments of L samples through a periodic 4-term Blackman-Harris window (side lobes
// of -92 dB: Harris, Proc. IEEE 66, 1978), scaled to density by 1/(fs sum w^2), so that it integrates to the mean power.
// L is a power of two with at least 64 bins over B and L^2 >= 2n, as long as there are 8 segments' worth of samples, at
// most 65536. Up to 32 blocks of time are kept (fewer above L = 16384). A bin of noise is N0 Gamma(K)/K. Segments begin
// L/4 apart, L/2 where there would be more than 512 of them and L where there would be more than 1024: K is 0.70, 1.00
// or 1.00 times their number, and the mean of all noise scatters by 1.00, 1.39 or 2.76 times the least possible
// variance, e below.
//
// # Noise (noise.go, floor.go)
//
// N0 is a censored mean: start at the lowest tenth over g_K(0.9); keep the bins under N0 g_K(1e-3), drop strong bins and
// runs of two with four neighbours on each side (the window's main lobe), take the mean of the rest, divide by the
// mean of a Gamma(K)/K that is cut there, P(K+1, Kt)/P(K, Kt), and repeat until it stays. It is the lowest-20-%
// method of ITU-R SM.1753 made efficient: it uses every bin that is noise.
//
// The bins come from beside the channel (off_channel) where that is a tenth of the passband and 24 bins; else from the
// whole passband (in_band). Where those are crowded, from the quietest fifth of the time bin by bin, corrected for being
// the quietest (time_min: speech pauses), or from between the marks of a keyed signal, by the power of groups of 4 and
// 16 samples at the beginning of the record (time_gaps); each is accepted only when it is clearly lower.
//
// Bins at the quantiser's own density, 2 LSB^2/12/fs, while others stand above it, are the stopband of the receiver's
// filter and never noise. Say what the filter is, and noise is sought inside it less a tenth.
//
// # Channel, SNR and its uncertainty (channel.go, ddc.go, detect.go)
//
// The channel is shifted to about 0 Hz and decimated to about 2B through a Kaiser filter of 100 dB, then held up to 2^17
// samples: a record that fits is transformed as a whole, a longer one in chapters whose powers are averaged by length.
// P_ch is the power of one periodogram between the channel's edges, B_m the width of its bins there, which is B but
// for those left out about 0 Hz of a zero-IF receiver; S = P_ch - N0 B_m; SNR = S/(N0 B); C/N0 = S/N0. Its
// variance, relative to the noise in B, is (2 snr + 1)/(BT) + (1 + snr)^2 r^2, r the relative sigma of N0: e/(B_n T)
// beside the channel, twice that elsewhere, B_n the bandwidth of the bins that gave it; and at least 2 % where over a
// tenth of the bins it was sought in hold signal, for skirts do not all stand out. When all excess energy can be one
// carrier, and that is the better measure by 15 % of sigma, S is the carrier's power.
//
// # Detection (detect.go)
//
// Any of: energy over the noise; a line in the Welch spectrum; a line in the full-length periodogram; a burst in one
// block of time. Together they raise a false alarm about once in a thousand records of noise. snr_upper_db is the
// SNR, or 0, plus 3.09 sigma.
//
// # Frequency (line.go, offset.go)
//
// The strongest line of the channel is taken from its full-length periodogram, without drift or after the drift that a
// sum along slanted tracks found (Taylor, A&AS 15, 1974), refined by a weighted fit of phase, frequency and drift to
// 8, then 16 coherent sums, and by two steps of Aboutanios and Mulgrew (IEEE SP 53, 2005), in float64. It is reported
// as the carrier when C/N0 T exceeds 13 dB, no second line has 37 % of its power, and it is either a fifth of S or 3 %
// of S in the middle of the spectrum, within 3 % of the occupied bandwidth of the centroid: two equal sidebands have
// their carrier there, a single one and the tones of FSK have nothing. Otherwise the centroid of the spectrum over its
// 99 % band is reported. Never mix the two: the centroid of SSB is not its carrier. The frequency is that of the middle
// of the record. The receiver's clock is a separate column.
//
// The sigmas of a carrier are Cramér-Rao bounds (Rife and Boorstyn, IEEE IT 20, 1974), widened by as much as the phases
// scatter beyond what noise does. A carrier that scatters three times as much is one that modulation interrupts, as
// that of FM between words: its frequency is that of the phase steps over 20 ms or more, whose scatter between eighths
// of the record gives the sigma. A record of several chapters is fitted as a whole, by phase, frequency and drift of
// each, where their phases lie on one parabola; where they do not, because an oscillator wandered or samples were lost,
// by their frequencies alone, and sigma says so. The sigma of a centroid is its scatter over the blocks of time, or
// b/sqrt(12) sqrt(b/T) N0/S for a band b where that is more.
//
// # Occupied bandwidth, duty, texture (occupied.go, envelope.go)
//
// The 99 % bandwidth of ITU-R SM.443 annex 1 over the bins above N0 (1 + 4/sqrt K). Duty and on_snr_db come from
// the channel's envelope in blocks of 8/B. Flatness is Wiener's entropy less its bias of digamma(K) - ln K; spectral kurtosis is that
// of Nita and Gary (PASP 122, 2010), averaged over the channel by power.
//
// # Power and calibration (quality.go, analysis.go)
//
// Power is |z|^2 over full scale, averaged over the record: a complex tone with |z| = 1 is 0 dBFS. A density is power
// per hertz, so that of noise does not depend on the sample rate. dBm is dBFS plus cal_db: what the receiver's own meter
// or a calibration of it says, where gain control was off. Nothing else is dBm: full scale of an unknown receiver is no
// power at its antenna.
//
// # Rounding (round.go)
//
// Digits that mean nothing are taken off: decibels are multiples of 1/256, shares of 1/4096, an offset and its drift of a
// power of two under a sixteenth of their sigma, edges of a band of 1/64 of a bin; a sigma keeps 8 bits. Powers of two,
// because databases compress them well.
//
// # Quality (quality.go)
//
// Counted sample by sample: full scale, runs of equal samples, steps no receiver makes, clicks, values that are not
// numbers. The flags name what was found.
package dsp
