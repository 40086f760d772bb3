package background_test

import (
	"sync/atomic"
	"testing"

	"parley/bot/background"
)

func TestWork(t *testing.T) {
	t.Parallel()
	w := background.New(2)
	release := make(chan struct{})
	var ended atomic.Int32
	for range 2 {
		if !w.Go(func() { <-release; ended.Add(1) }) {
			t.Fatal("there was room")
		}
	}
	if w.Go(func() { t.Error("it ran without room") }) {
		t.Error("a third was taken")
	}
	close(release)
	w.Wait()
	if ended.Load() != 2 {
		t.Errorf("%d had ended", ended.Load())
	}
	if !w.Go(func() { ended.Add(1) }) {
		t.Error("there is room again")
	}
	w.Wait()
}
