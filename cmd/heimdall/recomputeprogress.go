package main

import (
	"fmt"
	"io"
	"sync"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// A recomputeProgress is a bar on w if somebody looks at it. What is written to it appears above the bar.
type recomputeProgress struct {
	w        io.Writer
	progress *mpb.Progress // nil when nobody looks
	bar      *mpb.Bar
	ended    sync.Once

	mu    sync.Mutex
	total int64 // rows listed so far; guarded by mu
}

func newRecomputeProgress(w io.Writer) *recomputeProgress {
	p := &recomputeProgress{w: w}
	if isTerminal(w) {
		p.progress = mpb.New(mpb.WithOutput(w), mpb.WithWidth(40))
		p.bar = p.progress.AddBar(0, mpb.PrependDecorators(decor.Name("recordings ")),
			mpb.AppendDecorators(decor.Any(func(s decor.Statistics) string { return fmt.Sprintf(" %d of %d", s.Current, s.Total) })))
	}
	return p
}

// expect notes that so many more rows were listed. The bar knows of one page at a time: counting all rows first
// would take as long as listing them.
func (p *recomputeProgress) expect(rows int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total += int64(rows)
	if p.bar != nil {
		p.bar.SetTotal(p.total, false)
	}
}

func (p *recomputeProgress) increment() {
	if p.bar != nil {
		p.bar.Increment()
	}
}

// end leaves the bar as it is. It may be called more than once.
func (p *recomputeProgress) end() {
	p.ended.Do(func() {
		if p.bar != nil {
			p.bar.Abort(false)
			p.progress.Wait()
		}
	})
}

func (p *recomputeProgress) Write(b []byte) (int, error) {
	if p.progress != nil {
		if n, err := p.progress.Write(b); err == nil {
			return n, nil
		}
	}
	return p.w.Write(b)
}
