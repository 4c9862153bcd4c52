package webhook_test

import (
	"context"
	"sync"
	"testing"

	"github.com/heimdall-sdr/heimdall/webhook"
)

// running runs d until the test ends, or stop is called.
func running(t *testing.T, d *webhook.Deliverer) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}
