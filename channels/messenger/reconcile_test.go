package messenger

import (
	"context"
	"encoding/json"
	"maps"
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

// A message with the same text isn't taken for ours if it is older than the first attempt by more than the clocks may
// differ.
func TestReconcileSameTextLongBefore(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.sendEarlier(t, sentText)
	o := r.sendUnanswered(t, r.outbound(5, sentText), missing)
	o.Attempt.FirstAt = o.Attempt.FirstAt.Add(clockSkew)
	r.wantOutcome(t, o, channels.Absent)
}

// If our database's clock is ahead of Facebook's, our own message seems to be older than the first attempt.
func TestReconcileWithClockAhead(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{10 * time.Second, 45 * time.Second} {
		t.Run(ahead.String(), func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			o := r.sendUnanswered(t, r.outbound(5, sentText), arrived)
			o.Attempt.FirstAt = o.Attempt.FirstAt.Add(ahead)
			r.wantOutcome(t, o, channels.CannotTell)
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

// The customer's own message with the same text isn't ours.
func TestReconcileSameTextByTheCustomer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.sendUnanswered(t, r.outbound(5, sentText), missing)
	r.customer.Text(sentText)
	r.wantOutcome(t, o, channels.Absent)
}

func TestReconcileWithoutATime(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.sendUnanswered(t, r.outbound(5, sentText), arrived)
	o.Attempt.FirstAt = time.Time{}
	r.wantOutcome(t, o, channels.CannotTell)
}

// If more messages were written since than Facebook lists, ours may be older than the list.
func TestReconcileLongConversation(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.sendUnanswered(t, r.outbound(5, sentText), missing)
	for range maxListed {
		r.customer.Text("and another thing")
	}
	r.wantOutcome(t, o, channels.CannotTell)
}

func TestReconcileWhenFacebookIsDown(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.sendUnanswered(t, r.outbound(5, sentText), missing)
	r.addFault(t, graphfake.Fault{Route: "messenger.conversations", Action: graphfake.ActionStatus})
	r.wantOutcome(t, o, channels.CannotTell)
}

func TestReconcileWithRevokedToken(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.sendUnanswered(t, r.outbound(5, sentText), arrived)
	r.meta.RevokeToken(testToken)
	r.wantOutcome(t, o, channels.CannotTell)
}

// The text and the file of a message are looked for separately: the text isn't taken for the file.
func TestReconcileParts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.outbound(5, "Here it is")
	o.Files = []channels.File{attached("a.png", "image/png", []byte("PNG"))}

	// The text arrives.
	o = r.sendUnanswered(t, o, arrived)
	text := r.wantOutcome(t, o, channels.Landed)
	wantEqual(t, "more to send after the text", text.More, true)

	o.Attempt.Part = 1
	r.wantOutcome(t, o, channels.Absent) // it wasn't sent yet

	o = r.sendUnanswered(t, o, arrived)
	file := r.wantOutcome(t, o, channels.Landed)
	wantEqual(t, "more to send after the file", file.More, false)
	r.takeInbox(t, 2)
}

// The author has edited the message since the first attempt. That the new words aren't listed doesn't show that the old ones
// didn't arrive.
func TestReconcileEditedMessage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.sendUnanswered(t, r.outbound(5, "You get 100 back"), arrived)
	o.Text, o.Attempt.Reworded = "You get 10 back", true
	r.wantOutcome(t, o, channels.CannotTell)
}

// If the new words of an edited message are listed, they have arrived.
func TestReconcileEditedMessageThatArrived(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.sendUnanswered(t, r.outbound(5, "You get 10 back"), arrived)
	o.Attempt.Reworded = true
	r.wantOutcome(t, o, channels.Landed)
}

// Reconcile can't look for a part that the message no longer has after an edit.
func TestReconcilePartThatIsNoMore(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.sendUnanswered(t, r.outbound(5, sentText), arrived)
	o.Attempt.Part = 1
	r.wantOutcome(t, o, channels.CannotTell)
}

// If Facebook lists as many messages as it can, the list tells something only if it begins before the first attempt, by more
// than the clocks may differ.
func TestSearchPartInAFullList(t *testing.T) {
	t.Parallel()
	firstAt := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name    string
		oldest  time.Duration // the age of the oldest listed message, at the first attempt
		isThere bool          // the part is listed
		want    channels.Outcome
	}{
		{name: "back to long before, and it is missing", oldest: time.Hour, want: channels.Absent},
		{name: "back to long before, and it is there", oldest: time.Hour, isThere: true, want: channels.Landed},
		{name: "back to just before, and it is missing", oldest: time.Second, want: channels.CannotTell},
		{name: "not so far, and it is there", oldest: -time.Second, isThere: true, want: channels.CannotTell},
	}
	c := plainChannel(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			list := slices.Repeat([]listedMessage{{ID: "m_1", From: person{ID: testPSID}, at: firstAt.Add(time.Minute)}}, maxListed)
			list[maxListed-1].at = firstAt.Add(-tt.oldest)
			if tt.isThere {
				list[0] = listedMessage{ID: "m_2", From: person{ID: testPage}, Message: sentText, at: firstAt.Add(time.Minute)}
			}
			_, got := c.searchPart(list, firstAt, nil, part{text: sentText})
			wantEqual(t, "outcome", got, tt.want)
		})
	}
}

// A listed message may be a text if it has the same words, and a file if it has an attachment and no words. It may be a
// template in both cases, since Facebook doesn't always list the words of a template.
func TestIsPart(t *testing.T) {
	t.Parallel()
	const isFile, isText, isTemplate = "file", "text", "template"
	parts := map[string]part{isFile: {file: &channels.File{}}, isText: {text: "Hi"}, isTemplate: {text: "Hi", template: true}}
	withFile := `"attachments":{"data":[{"mime_type":"image/png"}]}`
	tests := []struct {
		listed string
		want   []string // the parts that it may be
	}{
		{listed: `{"message":"Hi"}`, want: []string{isTemplate, isText}},
		{listed: `{"message":"Ho"}`},
		{listed: `{"message":""}`},
		{listed: `{"message":"","attachments":{"data":[]}}`},
		{listed: `{"message":"",` + withFile + `}`, want: []string{isFile, isTemplate}},
		{listed: `{"message":"Ho",` + withFile + `}`},
	}
	for _, tt := range tests {
		var m listedMessage
		noError(t, json.Unmarshal([]byte(tt.listed), &m))
		var got []string
		for _, name := range slices.Sorted(maps.Keys(parts)) {
			if m.isPart(parts[name]) {
				got = append(got, name)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s may be the parts %q, want %q", tt.listed, got, tt.want)
		}
	}
}
