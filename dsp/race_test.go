//go:build race

package dsp_test

// raceEnabled asks for fewer and shorter records: the race detector makes arithmetic fifteen times slower and has
// nothing to say about that of one thread.
const raceEnabled = true
