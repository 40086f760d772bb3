package engine

import (
	"context"
	"time"

	"parley/bridge"
	"parley/store"
)

// restoreMargin is how far a surface's clock may be behind the database's. Texts that were typed within
// it after work began again are asked about as well.
const restoreMargin = 5 * time.Second

// beginAgain is the pause between two tries to begin work while the database does not answer.
const beginAgain = 200 * time.Millisecond

// restoredReason marks a text that was typed before Parley was restored from a backup.
const restoredReason string = "restored"

// afterRestore reads when work on this database began after its last restore. The Parley that was lost may
// have dealt with anything older. It asks until the database answers, and says no if ctx ends before.
func (e *Engine) afterRestore(ctx context.Context) bool {
	for {
		err := e.askServedSince(ctx)
		if err == nil || ctx.Err() != nil {
			return err == nil
		}
		e.log.Warn("work can't begin yet", "error", err)
		timer := time.NewTimer(beginAgain)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return false
		}
	}
}

func (e *Engine) askServedSince(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	e.restored, err = store.ServedSince(ctx, e.pool)
	return err
}

// beforeRestore says that what is being applied was typed, clicked or accepted before
// work began again after a restore.
func (w *work) beforeRestore() bool {
	since := w.e.restored
	if since.IsZero() {
		return false
	}
	return w.event.ReceivedAt.Before(since) || !w.typed.IsZero() && w.typed.Before(since.Add(restoreMargin))
}

// parkRestored keeps a reply that may have been sent already until somebody clicks.
func (w *work) parkRestored(c *conv, m *message) {
	m.Fate, m.Reason, m.dirty = store.FateParked, restoredReason, true
	w.tellWith(c, m, bridge.Line{Content: &bridge.UnclearLine{Reason: "It is older than my last restore from a backup.",
		Hint: "Look for it where sent messages are. Send it if it is not there, else drop it."},
		Verbs: []bridge.Verb{bridge.VerbSend, bridge.VerbDrop}})
}

// orphaned says that something was typed in a thread that Parley opened after the backup from which it
// was restored: nobody knows any more which conversation the thread belongs to.
func (w *work) orphaned(r request) bool {
	opened := orderTime(r.Place.Thread)
	return !w.e.restored.IsZero() && r.OwnThread && !opened.IsZero() && opened.Before(w.e.restored) &&
		w.posts.rows[postKey{r.surface, r.Place.Channel, r.Place.Thread}] == nil
}

// tellOrphaned says that nobody gets what was typed, once for each message.
func (w *work) tellOrphaned(r request, reason, hint string) {
	surface, a := r.surface, r.Action
	k := postKey{surface, a.Place.Channel, a.Place.Message}
	if a.Actor.Kind != bridge.ActorPerson || a.Verb == bridge.VerbNote || a.Marker == bridge.MarkNote || len(a.Mentions) > 0 || w.posts.rows[k] != nil {
		return
	}
	w.posts.remember(store.Post{AccountID: surface, Channel: a.Place.Channel, Message: a.Place.Message, Kind: humanMessage})
	ref := bridge.AgentRef{User: a.Actor.ID, Name: "you"}
	if agent := w.dir.AgentOf(surface, a.Actor.ID); agent != nil {
		ref = w.dir.Ref(surface, agent.ID)
	}
	inside := &bridge.InsideLine{Reason: reason, Hint: hint}
	w.channelLine(surface, bridge.Place{Channel: a.Place.Channel, Thread: a.Place.Thread},
		bridge.Line{Content: inside, Mentions: []bridge.AgentRef{ref}, Text: a.Text})
}
