package twilio

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

// Reconcile looks in Twilio's list for a message whose answer was lost. The list doesn't say which delivery a message
// belongs to: Reconcile compares the text, the customer and the time, and what this process remembers of its own sends.

// newReconcileWorld makes a world in which Twilio reports no statuses. Only its list tells what became of a message.
func newReconcileWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, viaWhatsApp, func(o *twiliofake.Options, _ channels.Config) { o.HoldCallbacks = true })
	w.annWrites("hi") // opens the reply window
	return w
}

// forgetSends lets the channel forget what it sent, as if another process took over.
func (w *world) forgetSends() { w.base.sent = newSentMessages() }

// secondAttempt is a message to Ann that is sent for the second time. The first attempt began at firstAt and had no
// answer.
func (w *world) secondAttempt(id int64, text string, firstAt time.Time) channels.Outbound {
	o := w.outbound(id, text)
	o.Attempt.FirstAt, o.Attempt.Number = firstAt, 2
	return o
}

// wantOutcome checks which outcome Reconcile returns for a message, and that it returns no error.
func (w *world) wantOutcome(o channels.Outbound, want channels.Outcome) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	got, _, err := w.channel.Reconcile(ctx, o)
	if err != nil {
		w.t.Errorf("Reconcile(%q): %v", o.Text, err)
	}
	wantEqual(w.t, "outcome of the message "+o.Text, got, want)
}

const sameText = "the same text"

// Reconcile doesn't take a message that this process sent for another delivery for ours.
func TestReconcileMessageOfAnotherDelivery(t *testing.T) {
	t.Parallel()
	w := newReconcileWorld(t)
	began := w.clock.now()
	w.mustSend(w.outbound(2, sameText))
	w.wantOutcome(w.secondAttempt(1, sameText, began), channels.Absent)
}

// If no process remembers for which delivery a message with our text was sent, Reconcile takes it for ours.
func TestReconcileSameText(t *testing.T) {
	t.Parallel()
	w := newReconcileWorld(t)
	began := w.clock.now()
	w.mustSend(w.outbound(2, sameText))
	w.forgetSends()
	w.wantOutcome(w.secondAttempt(1, sameText, began), channels.Landed)
}

// If a message has another text and no process remembers it, it may be ours in another form.
func TestReconcileBesideUnknownMessage(t *testing.T) {
	t.Parallel()
	w := newReconcileWorld(t)
	began := w.clock.now()
	w.mustSend(w.outbound(2, "another text"))
	w.forgetSends()
	w.wantOutcome(w.secondAttempt(1, "x", began), channels.CannotTell)
}

// If two messages have our text, Reconcile can't tell whether one of them is ours.
func TestReconcileSameTextTwice(t *testing.T) {
	t.Parallel()
	w := newReconcileWorld(t)
	began := w.clock.now()
	w.mustSend(w.outbound(2, sameText))
	w.mustSend(w.outbound(3, sameText))
	w.forgetSends()
	w.wantOutcome(w.secondAttempt(1, sameText, began), channels.CannotTell)
}

// listed is a message of ours to Ann as Twilio lists it, with some fields changed.
func listed(createdAt time.Time, changed map[string]any) map[string]any {
	row := map[string]any{"sid": "SM1", "direction": "outbound-api", "from": smsNumber, "to": annPhone, "body": sameText,
		"date_created": createdAt.Format(time.RFC1123Z)}
	maps.Copy(row, changed)
	return row
}

// Reconcile reads the list page by page until all messages of a page are older than the first attempt. If it can't
// read that far, it returns an error and believes nothing of the list.
func TestReconcileList(t *testing.T) {
	t.Parallel()
	firstAt := callbackAt()
	now, old := firstAt.Add(time.Second), firstAt.Add(-time.Hour)
	ours := listed(now, nil)
	another := listed(now, map[string]any{"sid": "SM2", "body": "another text"})
	older := listed(old, nil)
	undated := listed(now, map[string]any{"date_created": nil})
	tests := []struct {
		name      string
		pages     [][]any
		want      channels.Outcome
		wantError bool
	}{
		{name: "our message", pages: [][]any{{ours}}, want: channels.Landed},
		{name: "behind an empty page", pages: [][]any{{}, {ours}}, want: channels.Landed},
		{name: "behind a page with an older message", pages: [][]any{{another, older}, {ours}}, want: channels.Landed},
		{name: "older messages, and no end", pages: [][]any{{older}, {undated}}, want: channels.Absent},
		{name: "from another number", pages: [][]any{{listed(now, map[string]any{"from": foreignNumber})}}, want: channels.Absent},
		{name: "to a number that is ours, too", pages: [][]any{{listed(now, map[string]any{"direction": "inbound"})}}, want: channels.Absent},
		{name: "without a time", pages: [][]any{{undated}}, want: channels.CannotTell, wantError: true},
		{name: "not a message", pages: [][]any{{"SM1"}}, want: channels.CannotTell, wantError: true},
		{name: "as many as are looked at", pages: [][]any{slices.Repeat([]any{ours}, maxSeen)}, want: channels.Landed},
		{name: "more than are looked at", pages: [][]any{slices.Repeat([]any{ours}, maxSeen+1)}, want: channels.CannotTell, wantError: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, viaSMS)
			server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				n, _ := strconv.Atoi(r.URL.Query().Get("Page")) // 0 for the first page, which has no number
				page := map[string]any{"messages": tt.pages[n]}
				if n+1 < len(tt.pages) {
					page["next_page_uri"] = fmt.Sprint("/2010-04-01/Messages.json?Page=", n+1)
				}
				_ = json.NewEncoder(rw).Encode(page)
			}))
			t.Cleanup(server.Close)
			w.base.api.base = server.URL
			got, _, err := w.channel.Reconcile(t.Context(), w.secondAttempt(1, sameText, firstAt))
			wantEqual(t, "outcome", got, tt.want)
			wantEqual(t, "it fails", err != nil, tt.wantError)
		})
	}
}

// If the answer to a message was lost, the statuses that follow resolve it, since they name the message by our token.
func TestStatusResolvesLostAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaSMS)
	w.loseAnswer(w.outbound(5, "x"))
	last := w.waitStatuses(2)[1].Status // after "sent"
	wantEqual(t, "message of the status", last.MessageID, 5)
	wantEqual(t, "state", last.State, channels.StateDelivered)
}

// If Twilio refuses the connection, it is certain that nothing left, and the message is sent again.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaSMS)
	w.fake.Close()
	w.wantSendFails("without Twilio", w.outbound(1, "x"), channels.Retry)
}
