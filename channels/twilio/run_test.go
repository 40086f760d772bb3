package twilio

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
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

// A picture from the list is fetched like any other.
func TestLostPicture(t *testing.T) {
	t.Parallel()
	for _, by := range []medium{viaWhatsApp, viaSMS} {
		t.Run(by.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, by)
			m := w.loadMemory()
			w.fake.SetLost(true)
			w.annSends(twiliofake.Message{Media: pngMedia("png!")})
			w.clock.move(time.Minute)
			w.poll(m)
			in := w.takeMessages(1)[0]
			if len(in.Attachments) != 1 {
				t.Fatalf("the picture came with %d files, want 1", len(in.Attachments))
			}
			wantEqual(t, "content of the picture", w.fetchAll(in.Attachments[0].Ref), "png!")
		})
	}
}

// If a picture is deleted at Twilio while Run reads the lists, its text is stored with a notice that the picture is gone.
func TestLostPictureThatWasDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaSMS)
	w.fake.SetLost(true)
	m := w.loadMemory()

	w.annSends(twiliofake.Message{Text: "Look", Media: pngMedia("png!")})
	w.annWrites("Did you get it?")
	w.clock.move(time.Minute)
	w.fake.AddFault(twiliofake.Fault{Route: "GET /Media.json", Kind: twiliofake.FaultCode, Code: codeNotFound, Status: http.StatusNotFound})
	w.poll(m)

	in := w.takeMessages(2)
	wantEqual(t, "text of the picture", in[0].Text, "Look")
	wantEqual(t, "number of files", len(in[0].Attachments), 0)
	wantEqual(t, "remarks", strings.Join(in[0].Notices, "\n"), "Files that came with it are no longer at Twilio: 1. Ask for them again.")
	wantEqual(t, "remarks of the other message", len(in[1].Notices), 0)
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

// Messages that customers wrote between the set-up of an account and the first look are taken.
func TestFirstLookReachesBackToTheSetUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.fake.SetLost(true)
	w.annWrites("before")
	w.clock.move(time.Hour)
	w.base.beginsAt = w.clock.now()
	w.clock.move(time.Minute)
	w.annWrites("after")
	w.clock.move(5 * time.Hour)
	w.poll(w.loadMemory())
	wantEqual(t, "text", w.takeMessages(1)[0].Text, "after")
}

// After an hour without callbacks and a restart, all messages of that hour are taken, even if the first look fails.
func TestLostForAnHour(t *testing.T) {
	t.Parallel()
	const lost = 30
	w := newWorld(t, viaWhatsApp)
	w.poll(w.loadMemory()) // sets the watermark
	w.writeLost(lost, 2*time.Minute)

	m := w.loadMemory() // a restart
	w.fake.AddFault(twiliofake.Fault{Route: "GET /Messages.json", Kind: twiliofake.FaultErrorBefore})
	if _, err := w.base.pollOnce(t.Context(), m); err == nil {
		t.Error("a look at a list that fails succeeded, want an error")
	}
	w.poll(m)
	w.wantLost(lost)
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

// The statuses of our own messages are taken from the list, too.
func TestLostStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.annWrites("hi")
	m := w.loadMemory()
	w.fake.SetLost(true)
	r := w.mustSend(w.outbound(1, "answer"))
	w.waitSettled()
	w.clock.move(time.Minute)
	w.poll(m)

	statuses := w.decoded(channels.InboundStatus)
	if len(statuses) != 1 {
		t.Fatalf("got %d statuses, want 1: %+v", len(statuses), statuses)
	}
	wantEqual(t, "state", statuses[0].Status.State, channels.StateDelivered)
	wantEqual(t, "external id", statuses[0].Status.External[0], r.ExternalID)
}

// If there are more messages than fit into memory, several looks take all of them, the oldest first.
func TestMoreThanMemory(t *testing.T) {
	t.Parallel()
	const lost = 20
	w := newWorld(t, viaSMS)
	w.base.maxKept = 3
	m := w.loadMemory()
	w.writeLost(lost, time.Minute)

	looks := 1
	for ; w.poll(m); looks++ {
		if looks > lost {
			t.Fatalf("there is more to take after %d looks", looks)
		}
	}
	if looks < 2 {
		t.Errorf("all was taken in %d look, want several", looks)
	}
	w.wantLost(lost)
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

// A message is taken from the list only after its callback had time to come.
func TestSettle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.base.opts.Settle = time.Minute
	m := w.loadMemory()
	w.fake.SetLost(true)
	w.annWrites("x")
	w.poll(m)
	wantEqual(t, "number of facts at once", len(w.accepted()), 0)

	w.clock.move(2 * w.base.opts.Settle)
	w.poll(m)
	wantEqual(t, "number of facts after twice the time", len(w.accepted()), 1)
}

// If there is more than one look takes, Run looks again at once.
func TestRunTakesTheRestAtOnce(t *testing.T) {
	t.Parallel()
	const lost = 10
	w := newWorld(t, viaSMS)
	w.base.maxKept, w.base.opts.Poll = 3, time.Hour
	w.poll(w.loadMemory()) // sets the watermark
	w.writeLost(lost, time.Minute)
	w.startRun()
	w.wait("all messages came", func() bool { return len(w.distinct()) == lost })
}

// After a failure Run looks again soon. It doubles the pause after each further failure, up to the usual pause. After a
// look that works it begins anew.
func TestRunPauses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaSMS)
	w.base.opts.Poll = 5 * time.Minute
	fail := func(times int) {
		w.fake.AddFault(twiliofake.Fault{Route: "GET /Messages.json", Kind: twiliofake.FaultErrorBefore, Times: times})
	}

	var pauses []time.Duration
	w.base.pauseFor = func(_ context.Context, d time.Duration) (goesOn bool) {
		pauses = append(pauses, d/time.Second)
		switch len(pauses) {
		case 1: // after a look that works
			fail(8)
		case 10: // after the second look that works
			fail(1)
		}
		return len(pauses) < 11
	}
	noError(t, w.channel.(channels.Runner).Run(t.Context()))
	if want := []time.Duration{300, 5, 10, 20, 40, 80, 160, 300, 300, 300, 5}; !slices.Equal(pauses, want) {
		t.Errorf("got pauses of these seconds: %d, want %d", pauses, want)
	}
}

// A failure that may pass by itself isn't reported as a fault of the account.
func TestRunReportsNoPassingFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaSMS)
	w.fake.AddFault(twiliofake.Fault{Route: "GET /Messages.json", Kind: twiliofake.FaultErrorBefore})
	w.startRun()
	w.wait("a condition is reported", func() bool { return len(w.reported()) > 0 })
	wantEqual(t, "first condition", w.reported()[0].Status, channels.Active)
}

// If Parley has no address at which Twilio can call it, that is reported, although messages are read from the list.
func TestRunReportsThatTwilioCannotCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaSMS)
	w.base.callbacks.address = ""
	w.startRun()
	w.wait("a condition is reported", func() bool { return len(w.reported()) > 0 })
	wantEqual(t, "condition", w.reported()[0], unreachableCondition())
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
