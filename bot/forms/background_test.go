package forms_test

import (
	"sync/atomic"
	"testing"

	"parley/bot/forms"
)

// fillWithWork gives w as much work as it has room for. All of it goes on until release is closed, and then counts itself in ended.
func fillWithWork(t *testing.T, w *forms.Work, room int, release <-chan struct{}) (ended *atomic.Int32) {
	t.Helper()
	ended = new(atomic.Int32)
	for n := range room {
		accepted := w.Go(func() {
			<-release
			ended.Add(1)
		})
		if !accepted {
			t.Fatalf("work %d of %d is refused, but there is room", n+1, room)
		}
	}
	return ended
}

func TestWorkWithoutRoomIsRefused(t *testing.T) {
	t.Parallel()
	const room = 2
	w := forms.New(room)
	release := make(chan struct{})
	fillWithWork(t, w, room, release)
	if w.Go(func() { t.Error("refused work runs") }) {
		t.Error("work is accepted, but there is no room")
	}
	close(release)
	w.Wait()
}

func TestWaitWaitsForAllWork(t *testing.T) {
	t.Parallel()
	const room = 2
	w := forms.New(room)
	release := make(chan struct{})
	ended := fillWithWork(t, w, room, release)
	close(release)
	w.Wait()
	if got := ended.Load(); got != room {
		t.Errorf("Wait returned when %d had ended, want all %d", got, room)
	}
}

func TestWorkThatEndsMakesRoom(t *testing.T) {
	t.Parallel()
	const room = 2
	w := forms.New(room)
	release := make(chan struct{})
	fillWithWork(t, w, room, release)
	close(release)
	w.Wait()

	var ran atomic.Bool
	if !w.Go(func() { ran.Store(true) }) {
		t.Error("work is refused, but there is room again")
	}
	w.Wait()
	if !ran.Load() {
		t.Error("work was accepted, but did not run")
	}
}
