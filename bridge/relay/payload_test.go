package relay_test

import (
	"strings"
	"testing"

	"parley/store"
)

// An event whose bytes are gone is given up like any other that fails, and its queue goes on.
func TestPayloadIsGone(t *testing.T) {
	t.Parallel()
	s := newStage(t).start()
	_, err := store.InsertEvents(t.Context(), s.pool, []store.NewEvent{{AccountID: 7, ExternalID: "gone", OrderKey: "7/k", Blob: strings.Repeat("0", 64), SizeBytes: 5}})
	check(t, err)
	check(t, s.Accept(t.Context(), 7, fact("k", "behind it")))
	tryAgain := func() {
		s.endWaits()
		s.wantText("false", `SELECT coalesce(max(epoch), 0) > 100 FROM queues`) // it isn't tried again and again
	}
	s.repeatUntil("it is given up", tryAgain, func() bool { return s.isGivenUp() || t.Failed() })
	s.waitText("behind it", `SELECT string_agg(name, ' ') FROM effects`)
}
