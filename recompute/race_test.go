//go:build race

package recompute_test

const raceEnabled = true
