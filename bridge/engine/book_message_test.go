package engine

import (
	"testing"

	"parley/store"
)

// Each batch takes its ids from a block, so that a later message may have a lower id. Events are numbered as they come.
func TestMessagesAreInTheOrderOfTheirEvents(t *testing.T) {
	t.Parallel()
	earlier := &store.Message{ID: 7000, EventID: 5}
	later := &store.Message{ID: 30, EventID: 6}
	ofSameEvent := &store.Message{ID: 7001, EventID: 5, Part: 1}
	if !WasSaidAfter(later, earlier) || WasSaidAfter(earlier, later) {
		t.Error("the message of the later event wasn't said after the other")
	}
	if !WasSaidAfter(ofSameEvent, earlier) {
		t.Error("of two messages of one event the second wasn't said after the first")
	}
}
