package acquire

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/heimdall-sdr/heimdall/dsp"
)

func TestWhoWaitsForItsTurnToBeMeasuredStopsWithItsWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &Acquirer{measuring: make(chan struct{}, 1)}
		a.measuring <- struct{}{} // another's, for ever
		ctx, stop := context.WithCancelCause(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, err := a.measure(ctx, nil, nil, dsp.Config{}, dsp.End{})
			ended <- err
		}()
		synctest.Wait()
		select {
		case err := <-ended:
			t.Fatalf("it did not wait: %v", err)
		default:
		}
		stop(errStopped)
		if err := <-ended; !errors.Is(err, errStopped) {
			t.Errorf("stopped it gives error %v", err)
		}
		if len(a.measuring) != 1 {
			t.Error("it gave up a turn that was another's")
		}
	})
}
