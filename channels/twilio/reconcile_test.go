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

func TestReconcileEmptyList(t *testing.T) {
	t.Parallel()
	w := newReconcileWorld(t)
	w.wantOutcome(w.secondAttempt(1, "x", w.clock.now()), channels.Absent)
}

// Reconcile doesn't take a message that this process sent for another delivery for ours.
func TestReconcileMessageOfAnotherDelivery(t *testing.T) {
	t.Parallel()
	w := newReconcileWorld(t)
	began := w.clock.now()
	w.mustSend(w.outbound(2, sameText))
	w.wantOutcome(w.secondAttempt(1, sameText, began), channels.Absent)
}

// If this process sent a message for the same delivery, it has landed, even if that couldn't be recorded.
func TestReconcileMessageOfTheSameDelivery(t *testing.T) {
	t.Parallel()
	w := newReconcileWorld(t)
	o := w.secondAttempt(1, sameText, w.clock.now())
	w.mustSend(o)
	w.wantOutcome(o, channels.Landed)
}

// Reconcile doesn't take a part that this process sent for the same delivery for the next part.
func TestReconcileNextPart(t *testing.T) {
	t.Parallel()
	w := newReconcileWorld(t)
	o := w.secondAttempt(1, sameText, w.clock.now())
	o.Files = []channels.File{publicFile(t, "a.pdf", "application/pdf", "pdf")}
	w.mustSend(o)
	o.Attempt.Part = 1
	w.wantOutcome(o, channels.Absent)
}

// After the account got another number, Reconcile also looks among the messages of the number to which the customer wrote.
// What isn't there may have been sent from another Twilio account, so it isn't sent again.
func TestReconcileAfterTheNumberWasChanged(t *testing.T) {
	t.Parallel()
	w := newReconcileWorld(t)
	o := w.secondAttempt(1, sameText, w.clock.now())
	o.From = waNumber
	w.mustSend(o)
	w.base.number.from = "+15550109"
	w.wantOutcome(o, channels.Landed)
	other := w.secondAttempt(2, "not sent", w.clock.now().Add(time.Hour))
	other.From = waNumber
	w.wantOutcome(other, channels.CannotTell)
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

// A message with our text that left shortly before our first attempt may be ours, since clocks differ. If there is
// another one that left after the attempt began, that one is ours.
func TestReconcileSameTextShortlyBefore(t *testing.T) {
	t.Parallel()
	w := newReconcileWorld(t)
	w.mustSend(w.outbound(5, sameText))
	w.forgetSends()
	w.clock.move(2 * time.Second)
	ours := w.secondAttempt(4, sameText, w.clock.now())
	w.wantOutcome(ours, channels.CannotTell)

	w.loseAnswer(ours)
	w.wantOutcome(ours, channels.Landed)
}

// If our database's clock is ahead of Twilio's, our own message seems to have left before the first attempt.
func TestReconcileWithClockAhead(t *testing.T) {
	t.Parallel()
	w := newReconcileWorld(t)
	o := w.secondAttempt(6, "by a clock that is ahead", w.clock.now())
	w.loseAnswer(o)
	o.Attempt.FirstAt = w.clock.now().Add(10 * time.Second)
	w.wantOutcome(o, channels.CannotTell)
}

// If the list says that our message has failed, Reconcile reports that as a fact about a message that is surely ours.
func TestReconcileFailedMessage(t *testing.T) {
	t.Parallel()
	w := newReconcileWorld(t)
	o := w.secondAttempt(1, "to nobody", w.clock.now())
	w.fake.AddFault(twiliofake.Fault{Route: "POST /Messages", Kind: twiliofake.FaultFate, Code: codePhoneUnknown})
	w.loseAnswer(o)
	w.waitSettled()
	w.wantOutcome(o, channels.Landed)

	status := w.waitStatuses(1)[0].Status
	wantEqual(t, "state", status.State, channels.StateFailed)
	wantEqual(t, "another program may have sent it", status.Others, false)
	wantText(t, "id of the fact, which differs from the callback's", w.distinct()[1].ExternalID, ":failed:found")
}

// Reconcile finds a message that left in time also after the reply window has closed.
func TestReconcileAfterTheWindowClosed(t *testing.T) {
	t.Parallel()
	w := newReconcileWorld(t)
	o := w.secondAttempt(1, "in time", w.clock.now())
	o.LastIn = w.clock.now()
	w.loseAnswer(o)
	w.clock.move(25 * time.Hour)
	w.wantOutcome(o, channels.Landed)
}

// Reconcile finds a template by its words.
func TestReconcileTemplate(t *testing.T) {
	t.Parallel()
	w := newReconcileWorld(t)
	o := w.templateMessage(w.submit(sampleTemplate()).ExternalID)
	o.Attempt.FirstAt = w.clock.now()
	w.loseAnswer(o)
	w.wantOutcome(o, channels.Landed)

	o.Template.Values["order"] = "43"
	w.wantOutcome(o, channels.CannotTell)
}

// A message with the same words and a file is another message.
func TestReconcileSameTextBesideAFile(t *testing.T) {
	t.Parallel()
	w := newReconcileWorld(t)
	o := w.secondAttempt(1, sameText, w.clock.now())
	w.loseAnswer(o)
	o.Files = []channels.File{publicFile(t, "cat.png", "image/png", "png!")}
	w.wantOutcome(o, channels.CannotTell)
}

// If the text was edited so that it has fewer parts than were sent, Reconcile can't tell what became of a later part.
func TestReconcilePartThatIsNoMore(t *testing.T) {
	t.Parallel()
	w := newReconcileWorld(t)
	o := w.secondAttempt(1, "x", w.clock.now())
	o.Attempt.Part = 1
	got, _, err := w.channel.Reconcile(t.Context(), o)
	if err == nil {
		t.Error("got no error, want one")
	}
	wantEqual(t, "outcome", got, channels.CannotTell)
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

// If the list breaks off, Reconcile can't tell anything from it.
func TestReconcileCutList(t *testing.T) {
	t.Parallel()
	w := newReconcileWorld(t)
	w.fake.AddFault(twiliofake.Fault{Route: "GET /Messages", Kind: twiliofake.FaultTruncate})
	got, _, err := w.channel.Reconcile(t.Context(), w.secondAttempt(1, "y", w.clock.now()))
	if err == nil {
		t.Error("got no error, want one")
	}
	wantEqual(t, "outcome", got, channels.CannotTell)
}

// Messages that left long before our first attempt don't count.
func TestReconcileNothingSinceFirstAttempt(t *testing.T) {
	t.Parallel()
	w := newReconcileWorld(t)
	w.mustSend(w.outbound(2, "another text"))
	w.forgetSends()
	w.wantOutcome(w.secondAttempt(1, "z", w.clock.now().Add(time.Hour)), channels.Absent)
}

// The same short text is sent twice within a second, and the process ends while the second one is sent. Another
// process asks the database to which delivery the message in the list belongs.
func TestReconcileByOwner(t *testing.T) {
	t.Parallel()
	const firstMessage, secondMessage = 1, 2
	tests := []struct {
		name  string
		owner int64
		want  channels.Outcome
	}{
		{name: "the listed message belongs to the first", owner: firstMessage, want: channels.Absent},
		{name: "the listed message belongs to the second", owner: secondMessage, want: channels.Landed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, viaWhatsApp)
			w.annWrites("hi")
			sent := w.mustSend(w.outbound(firstMessage, "OK"))

			w.forgetSends()
			second := w.secondAttempt(secondMessage, "OK", w.clock.now())
			second.Attempt.Owners = func(_ context.Context, ids []string) (map[string]int64, error) {
				if !slices.Contains(ids, sent.ExternalID) {
					return nil, nil
				}
				return map[string]int64{sent.ExternalID: tt.owner}, nil
			}
			w.wantOutcome(second, tt.want)
		})
	}
}

// When the answer to a message was lost, the customer was known by WhatsApp's id of the person alone. Then the
// customer writes from a phone number. Reconcile looks for the message under both addresses.
func TestReconcileUnderEachAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp, func(o *twiliofake.Options, _ channels.Config) { o.HoldCallbacks = true })
	lost := w.outbound(1, "On its way")
	lost.To = []channels.Party{{Key: "US.12ab"}}
	lost.Attempt.FirstAt = w.clock.now()
	w.loseAnswer(lost)
	lost.To = []channels.Party{{Key: annPhone, Also: []string{"US.12ab"}}}
	w.wantOutcome(lost, channels.Landed)
}

// The list also has messages that Twilio itself wrote to a customer, such as its answer to HELP. They can't be ours.
func TestReconcileBesideTwiliosAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaSMS)
	lost := w.outbound(1, "On its way")
	lost.Attempt.FirstAt = w.clock.now()
	w.annWrites("HELP")
	w.takeInbox(1) // Twilio's answer, which is in the list now
	w.wantOutcome(lost, channels.Absent)
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
