//go:build !race

package spectrogram_test

import "testing"

func computes(*testing.T) {}
