package meta

import (
	"context"
	"slices"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/graphfake"
)

// Reconcile looks for a message whose answer was lost. Facebook's list of the conversation shows no token of ours, so
// Reconcile compares text and time, and asks the database which listed messages it knows.

// arrived and missing are faults that lose the answer to a message: after Facebook took it, and before.
const (
	arrived = graphfake.ActionDropAfter
	missing = graphfake.ActionDropBefore
)

// sentText is the text of the messages whose answers are lost.
const sentText = "Hello again"

// sendUnanswered sends a message whose answer is lost, and returns it as Reconcile is given it.
func (r *rig) sendUnanswered(t *testing.T, o channels.Outbound, fate graphfake.Action) channels.Outbound {
	t.Helper()
	began := r.clock.now()
	r.addFault(t, graphfake.Fault{Route: "messenger.messages", Action: fate})
	_ = r.wantSendFails(t, o, channels.Ambiguous)
	o.Attempt.FirstAt = began
	return o
}

// sendEarlier sends a message a minute ago, and returns its id at Facebook.
func (r *rig) sendEarlier(t *testing.T, text string) (id string) {
	t.Helper()
	id = r.mustSend(t, r.outbound(1, text)).ExternalID
	r.clock.move(time.Minute)
	return id
}

// ownedByEarlier answers as the database would: it knows the listed message with this id as the one of sendEarlier.
func ownedByEarlier(id string) func(context.Context, []string) (map[string]int64, error) {
	return func(_ context.Context, ids []string) (map[string]int64, error) {
		if !slices.Contains(ids, id) {
			return nil, nil
		}
		return map[string]int64{id: messageID(1)}, nil
	}
}

// wantOutcome checks what Reconcile says of a message. One that landed has an id.
func (r *rig) wantOutcome(t *testing.T, o channels.Outbound, want channels.Outcome) channels.Receipt {
	t.Helper()
	outcome, receipt, err := r.Reconcile(t.Context(), o)
	if outcome != want {
		t.Fatalf("got the outcome %v (%v), want %v", outcome, err, want)
	}
	if outcome == channels.Landed && receipt.ExternalID == "" {
		t.Errorf("the receipt %+v has no id", receipt)
	}
	return receipt
}

func TestReconcileArrived(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.wantOutcome(t, r.sendUnanswered(t, r.outbound(5, sentText), arrived), channels.Landed)
}

func TestReconcileMissing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.wantOutcome(t, r.sendUnanswered(t, r.outbound(5, sentText), missing), channels.Absent)
}

// Facebook's list is incomplete if it lacks the customer's own, earlier message. A message that isn't in it may have been
// sent.
func TestReconcileWithoutEarlierMessages(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		hide func(*graphfake.PageCustomer)
	}{
		{name: "the conversation isn't listed", hide: (*graphfake.PageCustomer).HideConversation},
		{name: "its messages aren't listed", hide: (*graphfake.PageCustomer).HideMessages},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			o := r.sendUnanswered(t, r.outbound(5, sentText), arrived)
			tt.hide(r.customer)
			r.wantOutcome(t, o, channels.CannotTell)
		})
	}
}

// The same text was sent a minute before. Reconcile can tell that message from ours only if the database knows it.
func TestReconcileSameTextBefore(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		earlier string
		isKnown bool // to the database
		fate    graphfake.Action
		want    channels.Outcome
	}{
		{name: "known, and ours is missing", earlier: "Hello  again", isKnown: true, fate: missing, want: channels.Absent},
		{name: "known, and ours arrived", earlier: sentText, isKnown: true, fate: arrived, want: channels.Landed},
		{name: "unknown", earlier: sentText, isKnown: false, fate: missing, want: channels.CannotTell},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			id := r.sendEarlier(t, tt.earlier)
			o := r.sendUnanswered(t, r.outbound(5, sentText), tt.fate)
			if tt.isKnown {
				o.Attempt.Owners = ownedByEarlier(id)
			}
			r.wantOutcome(t, o, tt.want)
		})
	}
}

// An answer that was written in the Page's inbox since the first attempt may be ours if it has the same text, unless the
// conversation knows it already.
func TestReconcileBesideAnAnswerElsewhere(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		text    string
		isKnown bool // the conversation has it
		want    channels.Outcome
	}{
		{name: "same text", text: sentText, want: channels.CannotTell},
		{name: "another text", text: "Hi", want: channels.Landed},
		{name: "same text, known", text: sentText, isKnown: true, want: channels.Landed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			o := r.sendUnanswered(t, r.outbound(5, sentText), arrived)
			elsewhere := r.page.AnswerElsewhere(r.customer, tt.text)
			if tt.isKnown {
				o.References = []string{elsewhere}
			}
			r.wantOutcome(t, o, tt.want)
		})
	}
}
