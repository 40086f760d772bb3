package engine_test

import (
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/store"
)

// openReplyForm lets an agent open the form of a reply to the first conversation. A replica is told of it. It returns the
// time.
func (w *world) openReplyForm(replica int, agent store.SurfaceUser) time.Time {
	w.t.Helper()
	at := must(store.Now(w.t.Context(), w.pool))(w.t)
	w.eventually("the form is noted", func() bool { // the database has a second for it
		return w.engines[replica].Desk(w.surface).ReplyOpened(w.t.Context(), 1, agent, at) == nil
	})
	return at
}

// closeReplyForm lets an agent close the form that was opened at this time.
func (w *world) closeReplyForm(replica int, agent store.SurfaceUser, at time.Time) {
	w.t.Helper()
	w.eventually("that the form is closed is noted", func() bool {
		return w.engines[replica].Desk(w.surface).ReplyClosed(w.t.Context(), 1, agent, at) == nil
	})
}

// waitReplying lets some time pass, and waits until the card names exactly these agents as replying.
func (w *world) waitReplying(thread string, after time.Duration, names ...string) {
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
	w.waitIdle()
}

// waitIdle waits until nothing is under way except replies in their hold.
func (w *world) waitIdle() {
	w.t.Helper()
	w.eventually("idle", func() bool {
		return w.count(`SELECT (SELECT count(*) FROM queued) + (SELECT count(*) FROM timers WHERE due_at <= parley_now()) +
			(SELECT count(*) FROM lanes WHERE head < tail AND due_at < parley_now() + interval '5 seconds')`) == 0
	})
}

// replyFormCosts counts what an opened or closed form has cost so far: edits of cards, and events of the journal.
func (w *world) replyFormCosts() (edits, events int) {
	w.t.Helper()
	return w.chat.Calls("update"), w.count(`SELECT count(*) FROM events WHERE external_id LIKE 'timer:%:replying:%'`)
}

// The card names the agents who have the form of a reply open. It does so whichever replica was told, even if that one
// has ended. A reply ends it, typed or by the form. Each change costs one update of the card and one event.
// Requirement R-241: Colleagues see who writes.
func TestReplying(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{engines: 2, hold: time.Hour})
	thread := w.openThread()
	edits, events := w.replyFormCosts()
	wantCost := func(what string, moreEdits, moreEvents int) {
		t.Helper()
		nowEdits, nowEvents := w.replyFormCosts()
		wantEqual(t, what+": edits of the card", nowEdits-edits, moreEdits)
		wantEqual(t, what+": events", nowEvents-events, moreEvents)
		edits, events = nowEdits, nowEvents
	}

	w.openReplyForm(0, "ben")
	w.stops[0]()
	w.waitReplying(thread, 2*time.Second, "Ben")
	wantCost("opened", 1, 1)

	ann := w.openReplyForm(1, "ann")
	w.waitReplying(thread, 2*time.Second, "Ben", "Ann")
	wantCost("opened by a second agent", 1, 1)
	f := must(w.engines[1].Desk(w.surface).Facts(t.Context(), 1, "ann"))(t)
	if len(f.Replying) != 2 {
		t.Fatalf("a form shows that %+v are replying, want two agents", f.Replying)
	}
	wantEqual(t, "who is replying for longest", f.Replying[0].By.Name, "Ben")
	if since := f.Now.Sub(f.Replying[0].Since); since < 4*time.Second {
		t.Errorf("Ben is replying for %v, want 4 s at least", since)
	}

	w.closeReplyForm(1, "ann", ann)
	w.waitReplying(thread, 2*time.Second, "Ben")
	wantCost("closed", 1, 1)

	w.closeReplyForm(1, "ann", ann) // again, as after a submission
	w.advance(2 * time.Second)
	w.waitIdle()
	wantCost("closed again", 0, 0)

	w.chat.Submit("ben", support, "", formOf(bridge.VerbReply), "By the form")
	w.waitShown("By the form")
	w.waitReplying(thread, 2*time.Second)
	wantCost("answered", 1, 0)

	w.advance(time.Hour / 2)
	w.waitIdle()
	wantCost("long after the answer", 0, 0)
}

// If a colleague answers while an agent has the form open, the agent is asked before her text is sent, since she wrote it
// without that answer.
func TestAnsweredWhileAFormWasOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()

	form := formOf(bridge.VerbReply)
	form.OpenedAt = w.openReplyForm(0, "ann")
	w.waitReplying(thread, 2*time.Second, "Ann")
	w.waitFate(w.chat.Say("ben", support, thread, "It is on its way"), "waiting")
	w.waitReplying(thread, 6*time.Minute) // the card names nobody any more, but the form is still open

	w.chat.Submit("ann", support, "", form, "By the form")
	question := w.waitLineAbout(thread, bridge.LineAsk, "answered_meanwhile")
	w.chat.Press(t, "ann", question, bridge.VerbSend)
	w.waitOutcome(question, bridge.OutcomeWaiting)

	w.advance(2 * time.Second)
	form.OpenedAt = w.openReplyForm(0, "ann") // one that shows the answer
	w.waitReplying(thread, 2*time.Second, "Ann")
	w.chat.Submit("ann", support, "", form, "And one more thing")
	w.waitShown("And one more thing")
}

// A form that is opened and closed at once costs no update. The late end of a first form doesn't end a second one. A
// typed reply ends only its author's form. Any other form ends after some minutes.
// Requirement R-241: Colleagues see who writes.
func TestReplyingEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	edits, _ := w.replyFormCosts()
	w.closeReplyForm(0, "ben", w.openReplyForm(0, "ben"))
	w.advance(2 * time.Second)
	w.waitIdle()
	if now, _ := w.replyFormCosts(); now != edits {
		t.Errorf("a form that was closed at once cost %d edits", now-edits)
	}

	first := w.openReplyForm(0, "ben")
	w.waitReplying(thread, 2*time.Second, "Ben")
	w.openReplyForm(0, "ben")
	w.closeReplyForm(0, "ben", first)
	w.openReplyForm(0, "ann")
	w.openReplyForm(0, "dan") // isn't an agent
	w.waitReplying(thread, time.Minute, "Ben", "Ann")

	w.waitFate(w.chat.Say("ben", support, thread, "note: not yet"), "inside")
	w.waitReplying(thread, 2*time.Second, "Ben", "Ann")

	w.reply(thread, "Typed in the thread")
	w.waitReplying(thread, 2*time.Second, "Ben")

	w.waitReplying(thread, 3*time.Minute, "Ben")
	w.waitReplying(thread, time.Minute)
	if rows := w.count(`SELECT (SELECT count(*) FROM replying) + (SELECT count(*) FROM timers)`); rows != 0 {
		t.Errorf("%d rows are left, want none\n%s", rows, w.dump())
	}
}
