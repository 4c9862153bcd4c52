package simnet

import "time"

// staleBy is how wrong a single stamp of a real recording was found to be.
const staleBy = 11520 * time.Second

// kiwiFaults lets a run suffer what the plan says of its frames and stamps.
type kiwiFaults struct {
	kiwiRun
	plan   plan
	rateHz float64
	sent   int64 // samples, not counting the lost ones
	gapped bool
}

func (k *kiwiFaults) next(f *kiwiFrame) (time.Duration, error) {
	if gap, ok := k.plan.find(FaultGap); ok && !k.gapped && k.plan.reached(FaultGap, k.sent, k.rateHz) {
		k.gapped = true
		for lost := int64(0); lost < gap.Samples; lost += kiwiFrameSamples {
			if _, err := k.kiwiRun.next(f); err != nil {
				return 0, err
			}
		}
	}
	ready, err := k.kiwiRun.next(f)
	if err != nil {
		return 0, err
	}
	k.spoilStamp(f)
	if k.plan.has(FaultMasked) {
		for i := range f.iq {
			f.iq[i] = 1
		}
	}
	k.sent += int64(f.samples)
	return ready, nil
}

func (k *kiwiFaults) spoilStamp(f *kiwiFrame) {
	switch {
	case k.plan.has(FaultNoStamps):
		f.gps = gpsStamp{}
	case k.plan.has(FaultFrozenStamps):
		f.gps.sec -= min(f.gps.sec, uint32(f.gps.fixAgeS))
		f.gps.nsec = 0
	case k.staleNow(f):
		const weekS = uint32(week / time.Second)
		f.gps.sec = (f.gps.sec + weekS - uint32(staleBy/time.Second)) % weekS
	}
}

// staleNow reports whether f is the one frame whose stamp is to be wrong. The first two are wrong anyway.
func (k *kiwiFaults) staleNow(f *kiwiFrame) bool {
	stale, ok := k.plan.find(FaultStaleStamp)
	if !ok {
		return false
	}
	strikes := max(2*kiwiFrameSamples, int64(stale.AfterSeconds*k.rateHz))
	return k.sent <= strikes && strikes < k.sent+int64(f.samples)
}
