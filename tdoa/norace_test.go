//go:build !race

package tdoa_test

const raceEnabled = false
