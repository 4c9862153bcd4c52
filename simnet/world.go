package simnet

import (
	"fmt"
	"hash/fnv"
	"time"
)

// A World is what there is to be heard, and who hears it. It does not change once it is used.
type World struct {
	Seed      uint64     `json:"seed"`
	Epoch     time.Time  `json:"epoch,omitzero"` // sample 0 of every receiver is taken then; zero: when the network starts
	Emitters  []Emitter  `json:"emitters"`
	Receivers []Receiver `json:"receivers"`
}

// Receiver returns the receiver of that name.
func (w *World) Receiver(name string) (*Receiver, error) {
	for i := range w.Receivers {
		if w.Receivers[i].Name == name {
			return &w.Receivers[i], nil
		}
	}
	return nil, fmt.Errorf("the simulated world has no receiver %q", name)
}

// streamID numbers the random stream of a name, so that adding an emitter leaves the others' bytes alone.
func streamID(role, name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(role + "\x00" + name)) // never fails
	return h.Sum64()
}

// A path is the way from one emitter to one receiver.
type path struct {
	distanceM float64
	delayS    float64
	powerDBM  float64 // received, all of the emitter's power
}

// pathBetween computes delay and received power.
func pathBetween(e *Emitter, r *Receiver) path {
	d := e.Position.DistanceM(r.Position)
	loss := FreeSpaceLossDB(d, e.FrequencyHz) + r.ExtraLossDB[e.Name]
	return path{distanceM: d, delayS: d / SpeedOfLight, powerDBM: e.PowerDBM - loss}
}
