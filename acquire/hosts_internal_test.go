package acquire

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestAHostHasOneHolderAtATimeAndThoseWhoAskedFirstAreServedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHosts()
		var got []string
		take := func(who string, names ...string) {
			if err := h.take(t.Context(), names); err != nil {
				t.Error(err)
			}
			got = append(got, who)
		}
		take("first", "a", "b")
		go take("second", "b", "c", "b") // waits for b
		synctest.Wait()
		go take("third", "c", "d") // c is free, but the second asked for it before
		synctest.Wait()
		take("fourth", "e") // in nobody's way
		h.giveBack("b")
		synctest.Wait()
		h.giveBack("c")
		synctest.Wait()
		want := []string{"first", "fourth", "second", "third"}
		if !slices.Equal(got, want) {
			t.Errorf("served %v, want %v", got, want)
		}
	})
}

func TestWaitingForAHostEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHosts()
		if err := h.take(t.Context(), []string{"a"}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := h.take(ctx, []string{"a", "b"}); err == nil {
			t.Error("a host was held twice")
		}
		// What the one that gave up had asked for is free again.
		if err := h.take(t.Context(), []string{"b"}); err != nil {
			t.Error(err)
		}
	})
}
