package relay_test

import (
	"strings"
	"testing"

	"parley/store"
)

// An event whose bytes are gone is given up like any other that fails, and its queue goes on.
func TestPayloadIsGone(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects().start()
	_, err := store.InsertEvents(t.Context(), s.pool, []store.NewEvent{{AccountID: 7, ExternalID: "gone", OrderKey: "7/k", Blob: strings.Repeat("0", 64), SizeBytes: 5}})
	check(t, err)
	check(t, s.Accept(t.Context(), 7, fact("k", "behind it")))
	for s.text(`SELECT count(*) FROM quarantine`) == "0" && !t.Failed() {
		s.dueNow()
		if s.text(`SELECT coalesce(max(epoch), 0) > 100 FROM queues`) == "true" {
			t.Fatal("it is tried again and again")
		}
	}
	s.eventually("behind it", `SELECT string_agg(name, ' ') FROM effects`)
}
