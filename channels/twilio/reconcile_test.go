package twilio

import (
	"context"
	"testing"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

// The same short words are sent twice within a second, and the process dies before the second ones leave. Another process knows
// from the database whose the message in Twilio's list is, and doesn't take it for the second ones.
func TestSameWordsWithinASecond(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	w.write("hi")
	first := w.sent(w.outbound(1, "OK"))
	w.base.sent = newSentMessages() // another process takes over
	second := w.outbound(2, "OK")
	second.Attempt.FirstAt, second.Attempt.Number = w.clock.now(), 2
	owner := int64(1)
	second.Attempt.Owners = func(context.Context, []string) (map[string]int64, error) {
		return map[string]int64{first.ExternalID: owner}, nil
	}
	for _, c := range []struct {
		owner int64
		want  channels.Outcome
	}{{1, channels.Absent}, {2, channels.Landed}} {
		owner = c.owner
		if got, _, err := w.channel.Reconcile(t.Context(), second); err != nil || got != c.want {
			t.Errorf("the message of %d is taken for the second one: %v, %v", c.owner, got, err)
		}
	}
}

// A customer is known by WhatsApp's id of the person alone, and the answer to a message to her is lost. Then she writes from her
// phone number. The message is looked for under both addresses, and isn't sent again.
func TestReconcileUnderEachAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true, func(o *twiliofake.Options, _ channels.Config) { o.HoldCallbacks = true })
	lost := w.outbound(1, "On its way")
	lost.To = []channels.Party{{Key: "US.12ab"}}
	lost.Attempt.FirstAt = w.clock.now()
	w.fake.AddFault(twiliofake.Fault{Route: "POST /Messages", Kind: twiliofake.FaultDropAfter})
	if _, err := w.send(lost); classOf(t, err).Class != channels.Ambiguous {
		t.Fatal(err)
	}
	lost.To = []channels.Party{{Key: annPhone, Also: []string{"US.12ab"}}}
	if got, _, err := w.channel.Reconcile(t.Context(), lost); err != nil || got != channels.Landed {
		t.Errorf("a message to the other address: %v, %v", got, err)
	}
}
