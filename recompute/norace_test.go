//go:build !race

package recompute_test

const raceEnabled = false
