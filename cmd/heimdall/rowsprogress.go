package main

import (
	"sync"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// A rowsProgress is a bar over rows, with words made of the last report R, if somebody looks at it.
type rowsProgress[R any] struct {
	share    func(R) int64 // of barSteps
	progress *mpb.Progress // nil when nobody looks
	bar      *mpb.Bar

	mu   sync.Mutex
	last R // guarded by mu
}

func newRowsProgress[R any](a *app, share func(R) int64, words func(R) string) *rowsProgress[R] {
	p := &rowsProgress[R]{share: share}
	if isTerminal(a.stderr) {
		text := func(decor.Statistics) string {
			p.mu.Lock()
			defer p.mu.Unlock()
			return words(p.last)
		}
		p.progress = mpb.New(mpb.WithOutput(a.stderr), mpb.WithWidth(40))
		p.bar = p.progress.AddBar(barSteps, mpb.PrependDecorators(decor.Name("rows ")),
			mpb.AppendDecorators(decor.Percentage(), decor.Any(text), decor.OnComplete(decor.AverageETA(decor.ET_STYLE_GO), "")))
	}
	return p
}

func (p *rowsProgress[R]) update(r R) {
	if p.bar == nil {
		return
	}
	p.mu.Lock()
	p.last = r
	p.mu.Unlock()
	p.bar.SetCurrent(p.share(r))
}

func (p *rowsProgress[R]) end() {
	if p.bar != nil {
		p.bar.Abort(false)
		p.progress.Wait()
	}
}
