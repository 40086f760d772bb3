package engine

import (
	"fmt"
	"testing"
	"time"

	"parley/bridge"
	"parley/store"
)

// A text comes late if it was typed some seconds before it comes. Parley then reads it again before it leaves.
func TestCameLate(t *testing.T) {
	t.Parallel()
	w := &Moment{DatabaseNow: time.Unix(1700000060, 0)}
	tests := []struct {
		name  string
		order string // begins with the second in which it was typed
		want  bool
	}{
		{name: "a second ago", order: "1700000059.000100", want: false},
		{name: "ten seconds ago", order: "1700000050.000100", want: true},
		{name: "by a clock that is ahead", order: "1700000070.000100", want: false},
		{name: "nobody knows when", order: "", want: false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := w.HasComeLate(tt.order); got != tt.want {
				t.Errorf("HasComeLate(%q) = %v, want %v", tt.order, got, tt.want)
			}
		})
	}
}

// A typed verb means a message that was said before it. If Parley finds "!send" late, it sends the text before it and not
// the one after it. Times of one surface are compared exactly, times of different clocks only if the verb came late.
func TestVerbMeansWhatWasSaidBefore(t *testing.T) {
	t.Parallel()
	const (
		chat = store.AccountID(1) // where the verb was typed
		mail = store.AccountID(2) // another account, with a clock of its own

		earlier = store.MessageID(1) // said nine minutes ago, before each verb
		later   = store.MessageID(2) // said before the verb or after it
	)
	now := time.Unix(1700000600, 0)
	// asked returns a message whose author is asked whether it leaves. place is empty if it was written in a form.
	asked := func(place string, account store.AccountID, ago time.Duration) store.Message {
		return store.Message{Fate: store.FateAsk, MessagePlace: store.MessagePlace{Place: place, AccountID: account}, CreatedAt: now.Add(-ago)}
	}
	tests := []struct {
		name  string
		later store.Message
		verb  string // the order of the verb
		want  store.MessageID
	}{
		{name: "typed before the verb", later: asked("1700000099.000100", chat, 0), verb: "1700000100.000100", want: later},
		{
			name:  "typed after the verb, which came late",
			later: asked("1700000101.000100", chat, 0),
			verb:  "1700000100.000100",
			want:  earlier,
		},
		{
			name:  "typed after the verb, which came at once",
			later: asked("1700000599.000100", chat, 0),
			verb:  "1700000598.000100",
			want:  earlier,
		},
		{
			name:  "typed in Teams, in the second of the verb",
			later: asked("1700000100101", chat, 0),
			verb:  "1700000100.522000",
			want:  later,
		},
		{name: "written in a form after the verb", later: asked("", chat, time.Minute), verb: "1700000100.000100", want: earlier},
		{
			name:  "written in a form before the verb",
			later: asked("", chat, 510*time.Second),
			verb:  "1700000100.000100", // 500 s ago
			want:  later,
		},
		{name: "written by another clock, and the verb came at once", later: asked("", mail, 0), verb: "1700000599.000100", want: later},
		{name: "nobody knows when the verb was typed", later: asked("1700000599.000100", chat, 0), verb: "", want: later},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			isAsked := func(_ *store.Conversation, m *store.Message) bool { return m.Fate == store.FateAsk }
			verbs := Table{bridge.VerbSend: {CanApply: isAsked}}
			ms := newMessages(&Moment{Now: now, DatabaseNow: now}, nil, nil, nil, verbs)
			c, talk := talkOf(asked("1700000050.000100", chat, 9*time.Minute), tt.later)
			ms.Rows = talk.Rows

			got := ms.newestFor(Request{
				Conversation: c,
				Surface:      chat,
				Action:       bridge.Action{Verb: bridge.VerbSend, Origin: bridge.OriginCatchUp, Order: tt.verb},
			})

			if got == nil {
				t.Fatalf("the verb means no message, want %d", tt.want)
			}
			if got.ID != tt.want {
				t.Errorf("the verb means message %d, want %d", got.ID, tt.want)
			}
		})
	}
}

// If Parley missed events and finds a command when it catches up, it compares the command's time with the customer's
// message. Clocks may differ a little. A command that comes by itself within two
// minutes counts as typed after that message.
func TestTypedBeforeTheCustomerWrote(t *testing.T) {
	t.Parallel()
	now := time.Unix(1700000600, 0)
	w := &Moment{Now: now.Add(time.Hour), DatabaseNow: now} // Parley's clock is ahead
	tests := []struct {
		name   string
		origin bridge.Origin
		typed  time.Duration // ago; 0 means unknown
		wrote  time.Duration // ago
		want   bool
	}{
		{
			name:   "found by catching up with a gap of a minute",
			origin: bridge.OriginCatchUp,
			typed:  time.Minute,
			wrote:  30 * time.Second,
			want:   true,
		},
		{
			name:   "found by catching up, within the difference of clocks",
			origin: bridge.OriginCatchUp,
			typed:  time.Minute,
			wrote:  57 * time.Second,
			want:   false,
		},
		{
			name:   "found by catching up, typed after the customer wrote",
			origin: bridge.OriginCatchUp,
			typed:  30 * time.Second,
			wrote:  time.Minute,
			want:   false,
		},
		{
			name:   "found by catching up with a long gap",
			origin: bridge.OriginCatchUp,
			typed:  10 * time.Minute,
			wrote:  time.Minute,
			want:   true,
		},
		{
			name:   "come by itself within two minutes",
			origin: bridge.OriginText,
			typed:  time.Minute,
			wrote:  30 * time.Second,
			want:   false,
		},
		{
			name:   "come by itself after ten minutes",
			origin: bridge.OriginText,
			typed:  10 * time.Minute,
			wrote:  time.Minute,
			want:   true,
		},
		{
			name:   "typed at an unknown time",
			origin: bridge.OriginText,
			wrote:  time.Minute,
			want:   false,
		},
		{
			name:   "found by catching up, typed at an unknown time",
			origin: bridge.OriginCatchUp,
			wrote:  time.Minute,
			want:   false,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			order := "opaque"
			if tt.typed > 0 {
				order = fmt.Sprintf("%d.000100", now.Add(-tt.typed).Unix())
			}
			got := w.WasTypedBefore(bridge.Action{Origin: tt.origin, Order: order}, w.Now.Add(-tt.wrote))
			if got != tt.want {
				t.Errorf("typed %s ago, and the customer wrote %s ago: WasTypedBefore = %v, want %v", tt.typed, tt.wrote, got, tt.want)
			}
		})
	}
}
