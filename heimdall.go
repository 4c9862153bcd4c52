// Package heimdall is the vocabulary of Heimdall: the nouns that every other package speaks, the moves
// their states may make, and the checks a request must pass before anything is stored.
//
// A [WebSDR] is a receiver that is tuned over a network. An [Acquisition] is one request to record one
// frequency from several WebSDRs over one window of time. A [Capture] is one WebSDR's part of it, whether
// or not it worked. A [Recording] is the stored IQ of a capture, a [Measurement] the numbers derived from it.
//
// The package does no I/O and imports nothing of ours. Frequencies are integer hertz, times are UTC,
// durations are [time.Duration]; the conversion to the MHz, kHz and seconds of JSON and SQL happens once,
// at the edge that speaks them. The surprising part: dBm is absent unless a calibration backs it, and a
// number that cannot be defended is nil rather than zero.
package heimdall

// Version is the version of the program, as recordings and the API report it.
const Version = "0.1.0"
