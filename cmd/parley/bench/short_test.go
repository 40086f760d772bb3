package bench

import (
	"testing"

	"parley/cmd/parley/bench/accept"
	"parley/cmd/parley/bench/talk"
)

// Every event that got a 2xx is in the journal, with the appliers held, and while
// customers and agents talk.
func TestAccept(t *testing.T) {
	t.Parallel()
	shortForm(t, accept.Measure, "accept_ratio", "accept_idle")
}

func TestAcceptChat(t *testing.T) {
	t.Parallel()
	shortForm(t, accept.MeasureChat, "accept_chat")
}

func TestBusy(t *testing.T) {
	t.Parallel()
	shortForm(t, talk.MeasureBusy, "accept_ratio_busy")
}

// Every message arrives once and in order, both ways, and all receipts count.
func TestRelay(t *testing.T) {
	t.Parallel()
	shortForm(t, talk.MeasureRelay, "relay_ratio", "commits_per_message")
}

func TestHop(t *testing.T) {
	t.Parallel()
	shortForm(t, talk.MeasureHop, "hop", "hop_p95")
}

// What is accepted under overload is kept, what is refused says when to come back.
func TestOverload(t *testing.T) {
	t.Parallel()
	shortForm(t, accept.MeasureOverload, "overload")
}
