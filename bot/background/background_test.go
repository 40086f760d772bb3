package background_test

import (
	"sync/atomic"
	"testing"

	"parley/bot/background"
)

// At most as much work runs at once as there is room for, and Wait waits for all of it.
func TestWork(t *testing.T) {
	t.Parallel()
	const room = 2
	w := background.New(room)
	release := make(chan struct{})
	var ended atomic.Int32
	for range room {
		if !w.Go(func() { <-release; ended.Add(1) }) {
			t.Fatal("work is refused, but there is room")
		}
	}
	if w.Go(func() { t.Error("work runs without room") }) {
		t.Error("work is taken, but there is no room")
	}

	// What ends makes room for more.
	close(release)
	w.Wait()
	if got := ended.Load(); got != room {
		t.Errorf("Wait came back after %d of %d had ended", got, room)
	}
	if !w.Go(func() { ended.Add(1) }) {
		t.Error("work is refused, but there is room again")
	}
	w.Wait()
}
