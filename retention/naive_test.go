package retention_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/retention"
)

// A known acquisition is what the naive model is told of it.
type known struct {
	id       string
	ended    time.Time
	bytes    int64
	snrDB    *float64
	detected bool
	held     bool
}

// naive is which of all go, by rule, in the words of the documentation: a list of all of them, looked at one by one.
func naive(all []known, c retention.Config, now time.Time, free int64) map[retention.Rule][]string {
	out := map[retention.Rule][]string{}
	left := []known{}
	for _, a := range all {
		heard := a.detected
		if c.QuietSNRdB != nil {
			heard = a.snrDB != nil && *a.snrDB >= *c.QuietSNRdB
		}
		age := now.Sub(a.ended)
		switch {
		case a.held:
			left = append(left, a)
		case c.MaxAge > 0 && age > c.MaxAge:
			out[retention.ByAge] = append(out[retention.ByAge], a.id)
			free += a.bytes
		case c.MaxAgeQuiet > 0 && age > c.MaxAgeQuiet && a.bytes > 0 && !heard:
			out[retention.ByQuiet] = append(out[retention.ByQuiet], a.id)
			free += a.bytes
		default:
			left = append(left, a)
		}
	}
	total := int64(0)
	for _, a := range left {
		total += a.bytes
	}
	for _, a := range left {
		if a.held || a.bytes == 0 {
			continue
		}
		switch {
		case c.MaxBytes > 0 && total > c.MaxBytes:
			out[retention.ByQuota] = append(out[retention.ByQuota], a.id)
		case c.MinFreeBytes > 0 && free < c.MinFreeBytes:
			out[retention.ByFree] = append(out[retention.ByFree], a.id)
		default:
			continue
		}
		total, free = total-a.bytes, free+a.bytes
	}
	return out
}

// crowd stores n acquisitions of every kind.
func (r *rig) crowd(n int, random *rand.Rand) (all []known) {
	r.Helper()
	for range n {
		r.now = r.now.Add(time.Duration(random.IntN(400)) * time.Minute)
		a := known{held: random.IntN(6) == 0}
		if random.IntN(5) == 0 {
			a.id = r.failed()
		} else {
			a.id, a.bytes, a.detected = r.record(), dataBytes, random.IntN(2) == 0
			if random.IntN(4) > 0 {
				a.snrDB = new(float64(random.IntN(20)))
			}
			r.hear(a.id, a.snrDB, a.detected)
		}
		if a.held {
			r.hold(a.id)
		}
		a.ended = r.now
		all = append(all, a)
	}
	return all
}

// room is a file system of whose room recordings are a part.
func (r *rig) room(size int64) func() (int64, error) {
	return func() (int64, error) {
		used := int64(0)
		for info, err := range r.blobs.List(context.Background(), "") {
			if err != nil {
				return 0, err
			}
			if strings.HasSuffix(info.Key, "data") {
				used += info.Bytes
			}
		}
		return size - used, nil
	}
}

func TestWhatGoesIsWhatANaiveModelSaysOfAllRulesTogether(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("crowd ", seed), func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			random := rand.New(rand.NewPCG(seed, 5))
			all := r.crowd(14, random)
			r.now = r.now.Add(time.Hour)
			size := int64(len(all)) * dataBytes
			config := r.rules(func(c *retention.Config) {
				if seed%2 == 0 {
					c.MaxAge = time.Duration(30+random.IntN(17)) * time.Hour
				}
				if seed%3 != 0 {
					c.MaxAgeQuiet = time.Duration(5+random.IntN(20)) * time.Hour
				}
				if seed%4 == 1 {
					c.QuietSNRdB = new(float64(random.IntN(15)))
				}
				if seed%5 != 0 {
					c.MaxBytes = int64(random.IntN(20))*dataBytes + int64(random.IntN(2))
				}
				if seed%3 != 1 {
					c.MinFreeBytes, c.Free = size-int64(random.IntN(20))*dataBytes+int64(random.IntN(2)), r.room(size)
				}
			})
			var free int64
			if config.Free != nil {
				var err error
				free, err = config.Free()
				r.must(err)
			}
			want := naive(all, config, r.now, free)

			dry := config
			dry.DryRun = true
			plan, err := retention.Run(t.Context(), dry)
			r.must(err)
			same(t, "acquisitions after the dry run", len(r.acquisitions()), len(all))
			before := r.bytes()
			done, err := retention.Run(t.Context(), config)
			r.must(err)
			same(t, "outcome of the run as the dry run had it", done, plan)
			same(t, "bytes gone from the objects", before-r.bytes(), done.Bytes)

			left := r.acquisitions()
			for _, a := range all {
				gone := retention.Rule("")
				for rule, ids := range want {
					if slices.Contains(ids, a.id) {
						gone = rule
					}
				}
				if stays := slices.Contains(left, a.id); stays != (gone == "") {
					t.Errorf("%+v stays is %v, the model has it go by %q", a, stays, gone)
				}
			}
			for _, tally := range done.Rules {
				same(t, "acquisitions by "+string(tally.Rule), tally.Acquisitions, int64(len(want[tally.Rule])))
			}
			same(t, "rules by which something went", len(done.Rules), len(want))
			r.sound("after the run")
			again, err := retention.Run(t.Context(), config)
			r.must(err)
			same(t, "outcome of another run", again, retention.Outcome{Rules: []retention.Tally{}})
		})
	}
}
