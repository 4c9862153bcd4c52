//go:build !(goexperiment.simd && amd64)

package dsp

// A lanes adds powers eight numbers at a time: see simd_lanes.go. The compiler that comes with Go 1.26 can do that
// only in an experiment, so by default there is none.
type lanes struct{}

func newLanes(int) *lanes { return nil }

func (*lanes) setWindowed(int, []float32, []float32, []float32) {}
func (*lanes) addPower([]float32, []float32)                    {}

func sortLanes[T any](*lanes, []T, []T) {}

type lanePlan struct{}

func newLanePlan(int) *lanePlan { return nil }

func (*lanePlan) transform(x, _ []complex64) []complex64 { return x }

func dotLanes(h, re, im []float32) (sumRe, sumIm float32) { return dot(h, re, im) }
