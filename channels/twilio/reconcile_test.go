package twilio

import (
	"context"
	"fmt"
	"testing"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

// The same short words are sent twice within a second, and the process dies before the second ones leave. Another process knows
// from the database whose the message in Twilio's list is, and doesn't take it for the second ones.
func TestSameWordsWithinASecond(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.annWrites("hi")
	first := w.mustSend(w.outbound(1, "OK"))
	w.base.sent = newSentMessages() // another process takes over
	second := w.outbound(2, "OK")
	second.Attempt.FirstAt, second.Attempt.Number = w.clock.now(), 2
	for owner, want := range map[int64]channels.Outcome{1: channels.Absent, 2: channels.Landed} {
		second.Attempt.Owners = func(context.Context, []string) (map[string]int64, error) {
			return map[string]int64{first.ExternalID: owner}, nil
		}
		got, _, err := w.channel.Reconcile(t.Context(), second)
		if err != nil {
			t.Error(err)
		}
		wantEqual(t, fmt.Sprint("outcome of the second one while the message is of ", owner), got, want)
	}
}

// A customer is known by WhatsApp's id of the person alone, and the answer to a message to her is lost. Then she writes from her
// phone number. The message is looked for under both addresses, and isn't sent again.
func TestReconcileUnderEachAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp, func(o *twiliofake.Options, _ channels.Config) { o.HoldCallbacks = true })
	lost := w.outbound(1, "On its way")
	lost.To = []channels.Party{{Key: "US.12ab"}}
	lost.Attempt.FirstAt = w.clock.now()
	w.fake.AddFault(twiliofake.Fault{Route: "POST /Messages", Kind: twiliofake.FaultDropAfter})
	w.wantSendFails("an answer that is lost", lost, channels.Ambiguous)
	lost.To = []channels.Party{{Key: annPhone, Also: []string{"US.12ab"}}}
	got, _, err := w.channel.Reconcile(t.Context(), lost)
	if err != nil {
		t.Error(err)
	}
	wantEqual(t, "outcome of a message to the other address", got, channels.Landed)
}

// What Twilio itself writes to a customer, as its answer to HELP, stands in the list, and makes nobody doubt that a message of ours
// isn't there.
func TestReconcileBesideTwiliosAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaSMS)
	lost := w.outbound(1, "On its way")
	lost.Attempt.FirstAt = w.clock.now()
	w.annWrites("HELP")
	w.takeInbox(1) // so that there is an answer in the list
	got, _, err := w.channel.Reconcile(t.Context(), lost)
	if err != nil {
		t.Error(err)
	}
	wantEqual(t, "outcome beside an answer of Twilio's", got, channels.Absent)
}
