//go:build !race

package simnet_test

import "testing"

func computes(*testing.T) {}
