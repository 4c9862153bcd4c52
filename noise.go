package heimdall

import "time"

// A NoiseTrend is how the noise density went, in order of time, then WebSDR. A bucket without rows has no point. It is
// relative to each receiver's full scale (see Metrics.NoiseDBFSHz): a receiver is compared with itself, not with others.
type NoiseTrend struct {
	Basis
	Bucket Bucket
	Points []NoisePoint
}

// A NoisePoint is one WebSDR in one bucket, over all frequencies chosen.
type NoisePoint struct {
	Start    time.Time // of the bucket, also where the range begins later
	WebSDRID int64
	Rows     int64 // Rows - Noise.Count have no noise that could be told from a signal
	Noise    Stat  // dBFS/Hz
}
