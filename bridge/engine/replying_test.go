package engine_test

import (
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/store"
)

// opensReply lets an agent open the form of a reply to the first conversation by way of a replica,
// and gives when.
func (w *world) opensReply(replica int, agent string) time.Time {
	w.t.Helper()
	at := must(store.Now(w.t.Context(), w.pool))(w.t)
	check(w.t, w.engines[replica].Desk(w.surface).ReplyOpened(w.t.Context(), 1, agent, at))
	return at
}

// closesReply lets an agent close a form that was opened at a time.
func (w *world) closesReply(replica int, agent string, at time.Time) {
	w.t.Helper()
	check(w.t, w.engines[replica].Desk(w.surface).ReplyClosed(w.t.Context(), 1, agent, at))
}

// cardReplies lets some time pass and waits until the card names these, and nobody else, as replying.
func (w *world) cardReplies(thread string, after time.Duration, names ...string) {
	w.t.Helper()
	w.advance(after)
	w.chat.Wait(w.t, "the card names who is replying: "+strings.Join(names, ", "), func() bool {
		card := w.chat.Get(support, thread).Plain()
		for _, name := range names {
			if !strings.Contains(card, " | "+name+" is replying") {
				return false
			}
		}
		return strings.Count(card, "is replying") == len(names)
	})
	w.idle()
}

// idle waits until nothing is under way but replies in their hold.
func (w *world) idle() {
	w.t.Helper()
	w.eventually("idle", func() bool {
		return w.count(`SELECT (SELECT count(*) FROM queued) + (SELECT count(*) FROM timers WHERE due_at <= parley_now()) +
			(SELECT count(*) FROM lanes WHERE head < tail AND due_at < parley_now() + interval '5 seconds')`) == 0
	})
}

// replyCosts counts what an opened or closed form has cost so far: edits of cards, and events of the journal.
func (w *world) replyCosts() (edits, events int) {
	w.t.Helper()
	return w.chat.Calls("update"), w.count(`SELECT count(*) FROM events WHERE external_id LIKE 'timer:%:replying:%'`)
}

// The card names who has the form of a reply open, whichever replica was told, also when that one has
// ended; a reply ends it, in whatever way it was sent. Each change is one edit of the card and one event.
//
func TestReplying(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{engines: 2, hold: time.Hour})
	thread := w.opened()
	edits, events := w.replyCosts()
	cost := func(what string, moreEdits, moreEvents int) {
		t.Helper()
		nowEdits, nowEvents := w.replyCosts()
		if nowEdits-edits != moreEdits || nowEvents-events != moreEvents {
			t.Errorf("%s: %d edits and %d events, want %d and %d", what, nowEdits-edits, nowEvents-events, moreEdits, moreEvents)
		}
		edits, events = nowEdits, nowEvents
	}
	w.opensReply(0, "ben")
	w.stops[0]()
	w.cardReplies(thread, 2*time.Second, "Ben")
	cost("opened", 1, 1)

	ann := w.opensReply(1, "ann")
	w.cardReplies(thread, 2*time.Second, "Ben", "Ann")
	cost("opened by a second agent", 1, 1)
	f := must(w.engines[1].Desk(w.surface).Facts(t.Context(), 1, "ann"))(t)
	if len(f.Replying) != 2 || f.Replying[0].By.Name != "Ben" || f.Now.Sub(f.Replying[0].Since) < 4*time.Second {
		t.Errorf("a form shows %+v at %v", f.Replying, f.Now)
	}

	w.closesReply(1, "ann", ann)
	w.cardReplies(thread, 2*time.Second, "Ben")
	cost("closed", 1, 1)
	w.closesReply(1, "ann", ann) // again, as after a submission
	w.advance(2 * time.Second)
	w.idle()
	cost("closed again", 0, 0)

	w.chat.Submit("ben", support, "", submit(bridge.VerbReply), "By the form")
	w.shown("By the form")
	w.cardReplies(thread, 2*time.Second)
	cost("answered", 1, 0)
	w.advance(time.Hour / 2)
	w.idle()
	cost("long after the answer", 0, 0)
}

// What is opened and closed at once costs no edit; what is opened again isn't ended by the first form's
// late end; a colleague's text in the thread ends only the colleague's; and time ends the rest.
//
func TestReplyingEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.opened()
	edits, _ := w.replyCosts()
	w.closesReply(0, "ben", w.opensReply(0, "ben"))
	w.advance(2 * time.Second)
	w.idle()
	if now, _ := w.replyCosts(); now != edits {
		t.Errorf("a form that was closed at once cost %d edits", now-edits)
	}

	first := w.opensReply(0, "ben")
	w.cardReplies(thread, 2*time.Second, "Ben")
	w.opensReply(0, "ben")
	w.closesReply(0, "ben", first)
	w.opensReply(0, "ann")
	w.opensReply(0, "dan") // is no agent
	w.cardReplies(thread, time.Minute, "Ben", "Ann")
	w.fate(w.chat.Say("ben", support, thread, "note: not yet"), "inside")
	w.cardReplies(thread, 2*time.Second, "Ben", "Ann")
	w.reply(thread, "Typed in the thread")
	w.cardReplies(thread, 2*time.Second, "Ben")

	w.cardReplies(thread, 3*time.Minute, "Ben")
	w.cardReplies(thread, time.Minute)
	if rows := w.count(`SELECT (SELECT count(*) FROM replying) + (SELECT count(*) FROM timers)`); rows != 0 {
		t.Errorf("%d rows are left\n%s", rows, w.dump())
	}
}
