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
