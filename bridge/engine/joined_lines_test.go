package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/channels/channelstest"
	"parley/store"
	"parley/store/storetest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// lineHold is a hold in which several lines can be typed and edited. Replies of these tests are held for up to twice as
// long, since lines wait for each other and edits prolong the hold.
const lineHold = 5 * time.Minute

// Lines that are typed within a hold leave as one message (requirement R-267). Each line has the message's mark
// (requirement R-248) and its own fate, that is what became of it.
func TestLinesLeaveAsOneMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: lineHold})
	thread := w.openThread()
	first := w.replyInHold(thread, "Hi Kim,")
	second := w.replyInHold(thread, "I looked.")
	last := w.replyInHold(thread, "All is well.")
	w.advance(2 * lineHold)
	w.provider.WaitTexts(t, "Hi Kim,\n\nI looked.\n\nAll is well.")
	lines := []string{first, second, last}
	for _, line := range lines {
		w.waitMarked(line, "sent")
	}
	external := w.provider.Sent()[0].ID
	w.reportStatus(channelstest.Event{ID: external + ".r", State: "read", External: []string{external}})
	for _, line := range lines {
		w.waitMarked(line, "read")
		w.waitFate(line, "out")
	}
	w.waitDrained()
	wantEqual(t, "messages to the customer", len(w.sentTexts()), 1)
}

// A line is taken back, or held for longer, just when its message is about to leave: it doesn't leave with the message,
// and no line is lost. The statement that claims the message began before the change and sees the lines as they were.
func TestLineThatChangesWhileItIsTakenUp(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		change    string // of the second line's delivery
		wantFirst string // what leaves at once
		wantLater []string
		wantLeft  int // lines that wait meanwhile
	}{
		{
			name:      "the second line is taken back",
			change:    `state = 'cancelled'`,
			wantFirst: "One\n\nThree",
		},
		{
			name:      "the second line is held for longer, and the third one waits for it",
			change:    `not_before = not_before + interval '1 h'`,
			wantFirst: "One",
			wantLater: []string{"Two\n\nThree"},
			wantLeft:  2,
		},
	}
	const deliveryOf = `kind = 'reply' AND message_id = (SELECT id FROM messages WHERE text = $1)`
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{hold: lineHold})
			thread := w.openThread()
			for _, text := range []string{"One", "Two", "Three"} {
				w.replyInHold(thread, text)
			}

			slow := storetest.Begin(t, w.pool) // what claims the message has to wait for its first line
			must(slow.Exec(t.Context(), `SELECT FROM deliveries WHERE `+deliveryOf+` FOR UPDATE`, "One"))(t)
			w.advance(2 * lineHold)
			w.waitBlocked(1, `%budget AS MATERIALIZED%`) // the claim
			w.exec(`UPDATE deliveries SET `+tt.change+` WHERE `+deliveryOf, "Two")
			check(t, slow.Commit(t.Context()))

			w.provider.WaitTexts(t, tt.wantFirst)
			w.waitDrainedBut(tt.wantLeft)
			w.advance(2 * time.Hour)
			want := append([]string{tt.wantFirst}, tt.wantLater...)
			w.provider.WaitTexts(t, want...)
			w.waitDrained()
			wantList(t, "what the customer got", w.sentTexts(), want)
		})
	}
}

// Lines that were typed for different recipients, or with different copies, are messages of their own.
func TestLinesForOthersAreNotJoined(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *world, first, thread string){
		"a mail changes the recipient": func(w *world, first, _ string) {
			w.customerSends(mail, channelstest.Event{From: "lee@x.test", Cc: []string{"kim@x.test"}, Text: "Me too", References: []string{first}})
			w.waitShown("Me too")
		},
		"a command takes the copy away": func(w *world, _, thread string) {
			w.reply(thread, "!cc -lee@x.test")
			w.waitLine(thread, bridge.LineRecipients)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{hold: lineHold})
			first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Subject: "Printer", Text: "Hello"})
			thread := w.waitThread("Hello")
			w.replyInHold(thread, "One")
			change(w, first, thread)
			w.replyInHold(thread, "Two")
			w.advance(2 * lineHold)
			w.provider.WaitTexts(t, "One", "Two")
			w.waitDrained()
			wantList(t, "what the customers got", w.sentTexts(), []string{"One", "Two"})
		})
	}
}

// The answer to a message of two lines is lost. The message is found, or sent again as a whole, and both lines count as
// accepted.
func TestLinesWithALostAnswer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault channelstest.FaultKind
	}{
		{name: "the provider has taken it", fault: channelstest.FaultDropAfter},
		{name: "the provider has not taken it", fault: channelstest.FaultDropBefore},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{hold: lineHold, lossy: true})
			thread := w.openThread()
			w.provider.AddFault(channelstest.Fault{Kind: tt.fault})
			one, two := w.replyInHold(thread, "One"), w.replyInHold(thread, "Two")
			w.advance(2 * lineHold)
			w.waitDeliveryState(one, store.Accepted)
			w.waitDeliveryState(two, store.Accepted)
			w.waitDrained()
			wantList(t, "what the customer got", w.sentTexts(), []string{"One\n\nTwo"})
		})
	}
}
