package kiwisdr

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/heimdall-sdr/heimdall/websdr"
)

// coarseDB is by how much a comparison at -69 dBFS (amplitudes of 12 steps) may be off: the server cuts off
// decimals rather than rounding, which takes 0.8 dB from noise there, and more in proportion to fewer steps.
const coarseDB = 0.8

const (
	smeterSeconds = 0.010 // time constant of the S-meter's average
	smeterTop     = 1304  // +3.4 dBm, where the reading is pinned; 0 is where it is pinned below

	// calibrationSigmaDB is how well the S-meter itself is known: owners set its correction by hand, in whole
	// decibels, or leave it as it came.
	calibrationSigmaDB = 1.0

	quietDBFS = -81    // below, samples of two or three steps are too coarse for a comparison
	clipped   = 32_767 // magnitude at which the server's integers end
	wrapStep  = 40_000 // between neighbouring samples: the server's integers wrapped around
	// maxCompared is how many comparisons are kept. Half as many tell the mean of noise to 0.15 dB, which is nothing
	// beside calibrationSigmaDB, and the average that a comparison needs is what costs most of receiving.
	maxCompared = 16
)

// A meter compares the S-meter with the samples, and watches for what makes them worthless.
//
// The S-meter is a running average of decibels (not of power), taken before the gain. So the same average is
// taken of the samples, and the difference holds for any signal: power from samples plus it is in dBm.
type meter struct {
	alpha    float64
	averageD float64 // running average of the samples in dBFS
	fresh    int     // samples in it
	steady   int     // samples until it has forgotten where it began

	readings [smeterTop + 1]int64
	frames   int64
	overload int64
	silent   int64

	offsets  []float64 // S-meter minus average, one of every stride frames
	stride   int
	wait     int     // frames until the next is compared, it included
	compared int     // all there ever were
	levels   float64 // sum of the averages compared
}

func newMeter(rateHz float64) *meter {
	n := smeterSeconds * rateHz
	return &meter{alpha: 1 - math.Exp(-1/n), steady: int(5 * n), stride: 1, wait: 1}
}

// gap forgets the running average: the S-meter has heard what we have not.
func (m *meter) gap() { m.fresh = 0 }

// add looks at one frame.
func (m *meter) add(f *frame, order binary.ByteOrder) {
	m.frames++
	m.readings[min(int(f.smeter), smeterTop)]++
	if f.flags&flagOverload != 0 {
		m.overload++
	}
	silent, sound := inspect(f.iq, order)
	if silent {
		m.silent++
		m.fresh = 0
		return
	}
	m.wait = max(1, m.wait-1)
	samples := len(f.iq) / sampleSize
	if (m.wait-1)*samples > m.steady { // the average has time to begin later
		m.fresh = 0
		return
	}
	m.follow(f.iq, order)
	pinned := f.smeter == 0 || f.smeter >= smeterTop
	if !sound || pinned || m.wait > 1 || m.fresh < m.steady || m.averageD < quietDBFS {
		return
	}
	m.offsets = append(m.offsets, float64(f.smeter)/10-127-m.averageD)
	m.levels += m.averageD
	m.compared++
	if len(m.offsets) >= maxCompared {
		m.thin()
	}
	m.wait = m.stride + 1
}

// follow takes the samples into the running average.
func (m *meter) follow(iq []byte, order binary.ByteOrder) {
	swap := order == binary.BigEndian
	average, alpha := m.averageD, m.alpha
	for k := 0; k+sampleSize <= len(iq); k += sampleSize {
		both := binary.LittleEndian.Uint32(iq[k:])
		if swap {
			both = both&0x00ff00ff<<8 | both>>8&0x00ff00ff
		}
		i, q := int(int16(both)), int(int16(both>>16))
		power := max(0.25, float64(i*i+q*q)) // zeros: half a step
		dbfs := decibels(power) - fullScaleDB
		if k == 0 && m.fresh == 0 {
			average = dbfs
		}
		average += alpha * (dbfs - average)
	}
	m.averageD = average
	m.fresh += len(iq) / sampleSize
}

// inspect reports whether the owner silences the samples (all 1+1j), and whether they are sound: neither clipped nor
// wrapped around.
func inspect(iq []byte, order binary.ByteOrder) (silent, sound bool) {
	const (
		signs    = 0x8000_8000_8000_8000
		ones     = 0x0001_0001_0001_0001 // two samples of silence
		halfFull = 0x4000_4000_4000_4000
	)
	var bits, differs uint64 // of all magnitudes; from silence
	swap := order == binary.BigEndian
	k := 0
	for ; k+8 <= len(iq); k += 8 {
		four := binary.LittleEndian.Uint64(iq[k:])
		if swap {
			four = swapFour(four)
		}
		negative := four & signs >> 15 * 0xffff
		bits |= four ^ negative
		differs |= four ^ ones
	}
	// Below half of full scale nothing can have been clipped, nor a step be too wide.
	if k == len(iq) && bits&halfFull == 0 {
		return differs == 0, true
	}
	return inspectClosely(iq, order)
}

func inspectClosely(iq []byte, order binary.ByteOrder) (silent, sound bool) {
	silent, sound = true, true
	var was, wasQ int
	for k := 0; k+sampleSize <= len(iq); k += sampleSize {
		i, q := int(int16(order.Uint16(iq[k:]))), int(int16(order.Uint16(iq[k+2:])))
		if k == 0 {
			was, wasQ = i, q
		}
		silent = silent && i == 1 && q == 1
		sound = sound && inside(i, clipped) && inside(q, clipped) && inside(i-was, wrapStep+1) && inside(q-wasQ, wrapStep+1)
		was, wasQ = i, q
	}
	return silent, sound
}

// swapFour turns four numbers round.
func swapFour(four uint64) uint64 {
	return four&0x00ff00ff00ff00ff<<8 | four>>8&0x00ff00ff00ff00ff
}

// inside reports whether v lies between -limit and limit, both excluded.
func inside(v, limit int) bool { return uint(v+limit-1) < uint(2*limit-1) }

// fullScaleDB is 20 log10(32768).
const fullScaleDB = 90.30899869919435

// thin keeps every other comparison.
func (m *meter) thin() {
	kept := m.offsets[:0]
	for k := 0; k < len(m.offsets); k += 2 {
		kept = append(kept, m.offsets[k])
	}
	m.offsets = kept
	m.stride *= 2
}

// trailer fills in what the meter knows.
func (m *meter) trailer(t *websdr.Trailer, calibrate bool) {
	t.SMeterFrames = m.frames
	t.SMeterDBM = m.medianReading()
	// The server also sends 1+1j while it mutes an overload; a masked frequency is silent throughout.
	t.Masked = 2*m.silent > m.frames
	t.Overloads = m.overload
	if !t.Masked {
		t.Overloads += m.silent
	}
	if !calibrate || len(m.offsets) == 0 {
		return
	}
	sorted := slices.Sorted(slices.Values(m.offsets))
	k := sorted[len(sorted)/2]
	for i, v := range sorted {
		sorted[i] = math.Abs(v - k)
	}
	slices.Sort(sorted)
	spread := 1.4826 * sorted[len(sorted)/2]
	coarse := coarseDB * math.Pow(10, -(m.levels/float64(m.compared)+69)/20)
	sigma := math.Hypot(calibrationSigmaDB, math.Hypot(coarse, spread/math.Sqrt(float64(len(sorted)))))
	t.CalibrationDB, t.CalibrationSigmaDB = &k, &sigma
}

func (m *meter) medianReading() *float64 {
	var below int64
	for raw, n := range m.readings {
		below += n
		if n > 0 && 2*below >= m.frames {
			dbm := float64(raw)/10 - 127
			return &dbm
		}
	}
	return nil
}
