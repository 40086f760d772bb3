package messenger

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/graphfake"
)

// If Facebook finds the answer too large, a look asks for fewer conversations at once, and still finds all messages.
func TestLookAtLargeConversations(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	since := r.pauseHooks()
	missed := r.customer.Text("Is anybody there?")
	for i := range fewPerPage {
		r.page.Customer(fmt.Sprintf("Person %d", i)).Text("Hello")
	}
	r.clock.move(missedAfter + time.Second)
	r.addFault(t, graphfake.Fault{Route: "messenger.conversations", Action: graphfake.ActionError, Code: codeUnknown, Status: 500,
		Text: "Please reduce the amount of data you're asking for, then retry your request"})

	ids, _ := r.lookForMissed(t, since, r.annIsKnown())
	wantEqual(t, "the oldest message is found", slices.Contains(ids, messageFact+missed), true)
	var limits []string
	for _, req := range r.meta.RequestsTo("messenger.conversations") {
		limits = append(limits, req.Query.Get("limit"))
	}
	wantEqual(t, "conversations that were asked for at once", strings.Join(limits, ", "), "25, 5, 5")
}

// A clock that ran ahead for one look, and was put right, keeps no message away: the next look reads the list as far back
// as the first one.
func TestLookAfterTheClockWasPutRight(t *testing.T) {
	t.Parallel()
	const ahead = 30 * 24 * time.Hour
	r := newRig(t)
	r.beginsAt = r.pauseHooks()
	missed := r.customer.Text("Is anybody there?")
	for i := range conversationsPerPage {
		r.page.Customer(fmt.Sprintf("Person %d", i)).Text("Hello")
	}

	r.clock.move(ahead)
	ctx, cancel := context.WithCancel(t.Context())
	looks := 0
	r.pause = func(context.Context) {
		if looks++; looks == 2 {
			cancel()
			return
		}
		r.clock.move(missedAfter + time.Second - ahead)
	}
	noError(t, r.Run(ctx))
	isMissed := func(f channels.Fact) bool { return f.ExternalID == messageFact+missed }
	wantEqual(t, "the oldest message is found", slices.ContainsFunc(r.takeFacts(t), isMissed), true)
}
