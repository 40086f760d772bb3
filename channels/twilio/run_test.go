package twilio

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

// Run looks at Twilio's lists from time to time, and takes messages from them whose callbacks didn't come. memory.Since
// is the watermark, which is the time up to which it has looked.

// writeLost lets Ann write n messages whose callbacks are lost. The clock moves on after each.
func (w *world) writeLost(n int, every time.Duration) {
	w.t.Helper()
	w.fake.SetLost(true)
	for i := range n {
		w.annWrites(fmt.Sprint("lost ", i))
		w.clock.move(every)
	}
}

// wantLost checks that all n messages of writeLost arrived once and in order.
func (w *world) wantLost(n int) {
	w.t.Helper()
	for i, in := range w.takeMessages(n) {
		wantEqual(w.t, "text", in.Text, fmt.Sprint("lost ", i))
	}
}

// A message whose callback is lost is taken from the list. When the callback arrives after all, both are one fact.
func TestLostCallbackThatArrivesLate(t *testing.T) {
	t.Parallel()
	for _, by := range []medium{viaWhatsApp, viaSMS} {
		t.Run(by.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, by)
			w.startRun()
			w.wait("the watermark is set", func() bool { return w.storedState() != "" })
			w.fake.SetLost(true)
			sid := w.annWrites("lost")
			w.wait("the list brought the message", func() bool { return len(w.distinct()) == 1 })

			w.fake.SetLost(false)
			noError(t, w.fake.Redeliver(sid))
			in := w.takeMessages(1)[0]
			wantEqual(t, "text", in.Text, "lost")
			wantEqual(t, "customer", in.From.Key, annPhone)
			wantEqual(t, "the message lacks a time", in.At.IsZero(), false)
			fact := w.distinct()[0]
			wantEqual(t, "external id", fact.ExternalID, sid)
			wantEqual(t, "order key", fact.OrderKey, annPhone)
			w.wantNoAnswers()
		})
	}
}

// Messages from the list have the order in which they were written.
func TestLostCallbacksKeepTheirOrder(t *testing.T) {
	t.Parallel()
	for _, by := range []medium{viaWhatsApp, viaSMS} {
		t.Run(by.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, by)
			m := w.loadMemory()
			w.writeLost(3, 0)
			w.clock.move(time.Minute)
			w.poll(m)
			w.wantLost(3)
		})
	}
}

// Messages that were written before the account was set up aren't taken.
func TestFirstLookBringsNothingOld(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.fake.SetLost(true)
	w.annWrites("long ago")
	w.clock.move(2 * time.Hour)
	w.poll(w.loadMemory())
	wantEqual(t, "number of facts", len(w.accepted()), 0)
}

// If the database loses its last hour, as after a restore, a channel that runs on reads the messages of that hour again.
func TestMessagesOfALostDatabaseComeAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaSMS)
	w.startRun()
	w.wait("the watermark is set", func() bool { return w.storedState() != "" })
	w.fake.SetLost(true)
	w.annWrites("lost")
	w.wait("the list brought the message", func() bool { return len(w.distinct()) == 1 })
	then := w.storedState()
	w.clock.move(time.Hour)
	w.wait("the watermark is an hour later", func() bool { return w.storedState()[:25] != then[:25] })

	// The database goes back to the state of an hour ago.
	w.mu.Lock()
	w.state, w.facts = []byte(then), nil
	w.mu.Unlock()
	w.wait("the list brought the message again", func() bool { return len(w.distinct()) == 1 })
}

// If a message can't be stored, the watermark stays and the next look takes it again. A stored message isn't taken again.
func TestWatermarkWaitsForTheJournal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaSMS)
	m := w.loadMemory()
	before := m.Since
	w.writeLost(1, time.Minute)

	w.refuse = channels.ErrOverloaded
	if _, err := w.base.pollOnce(t.Context(), m); !errors.Is(err, channels.ErrOverloaded) {
		t.Errorf("a look whose facts are refused: got %v, want %v", err, channels.ErrOverloaded)
	}
	if !m.Since.Equal(before) {
		t.Errorf("the watermark moved to %v without the message, want %v", m.Since, before)
	}

	w.refuse = nil
	w.poll(m)
	wantEqual(t, "number of facts after the second look", len(w.accepted()), 1)
	if !m.Since.After(before) {
		t.Errorf("the watermark stayed at %v, though the message is stored", m.Since)
	}
	w.poll(m)
	wantEqual(t, "number of facts after the third look", len(w.distinct()), 1)
}

// If Twilio refuses the token or has suspended the account, Run reports that with a hint. It also reports that the
// account works again.
func TestRunReportsTheAccount(t *testing.T) {
	t.Parallel()
	for _, code := range []int{codeUnauthorized, codeAccountSuspended} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, viaSMS)
			w.fake.AddFault(twiliofake.Fault{Route: "GET /Messages.json", Kind: twiliofake.FaultCode, Code: code, Status: http.StatusUnauthorized})
			w.startRun()
			w.wait("it works again", func() bool {
				c := w.reported()
				return len(c) > 0 && c[len(c)-1].Status == channels.Active
			})
			first := w.reported()[0]
			wantEqual(t, "first condition", first.Status, channels.Broken)
			if first.Hint == "" {
				t.Errorf("the condition %+v has no hint", first)
			}
		})
	}
}
