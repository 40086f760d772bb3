package app

import (
	"context"
	"log/slog"
	"testing"

	"parley/store"
	"parley/store/storetest"
)

// A task that has very much to look at, such as all deliveries once a day, stops after some batches. It leaves the rest for
// the next run, so that the tasks behind it have their turn.
func TestBatchesOfARun(t *testing.T) {
	t.Parallel()
	loop := NewTidy(TidyOptions{Pool: storetest.Reused(t), Log: slog.New(slog.DiscardHandler), Holder: "one"})
	batches := 0
	goesOn := loop.runBatches(t.Context(), 2, func(context.Context) (store.Emptied, error) {
		batches++
		return store.Emptied{More: true}, nil
	})
	if batches != 2 || !goesOn {
		t.Errorf("%d batches, the run goes on: %v", batches, goesOn)
	}
}
