package engine

import (
	"time"

	"parley/bridge"
	"parley/store"
)

// After a restore from a backup, the database no longer knows what Parley did between the backup and the
// restore. A reply that was typed at 10:05 may have been sent by the lost database, although the backup of
// 10:00 doesn't show it. Sending it again could deliver it twice, so a person decides. And a thread that was
// opened at 10:05 belongs to a conversation that nobody knows any more.

// restoreMargin is how far a chat's clock may be behind the database's. Texts typed within this time after the
// restore count as typed before it.
const restoreMargin = 5 * time.Second

// IsBeforeRestore reports whether the current event was accepted, or its text typed, before the restore, so
// that it may have been handled already.
func (w *work) IsBeforeRestore() bool {
	since := w.Restored
	if since.IsZero() {
		return false
	}
	wasTypedBefore := !w.Typed.IsZero() && w.Typed.Before(since.Add(restoreMargin))
	return wasTypedBefore || w.Event.ReceivedAt.Before(since)
}

// parkRestored keeps a reply that may have been sent already until an agent clicks Send or Drop.
func (w *work) parkRestored(c *Conversation, m *Message) {
	m.SetFate(store.FateParked, bridge.ReasonRestored)
	w.TellWith(c, m, bridge.Line{
		Content: &bridge.UnclearLine{
			Trouble: "It is older than my last restore from a backup.",
			Hint:    "Look for it where sent messages are. Send it if it is not there, else drop it.",
		},
		Verbs: []bridge.Verb{bridge.VerbSend, bridge.VerbDrop},
	})
}

// IsOrphaned reports whether r was typed in a thread that Parley opened after the backup was made. Its
// conversation is unknown.
func (w *work) IsOrphaned(r Request) bool {
	if w.Restored.IsZero() || !r.OwnThread {
		return false
	}
	opened := Time(r.Place.Thread)
	openedBeforeRestore := !opened.IsZero() && opened.Before(w.Restored)
	root := w.Posts.At(PostKey{Account: r.Surface, Channel: r.Place.Channel, Message: r.Place.Thread})
	return openedBeforeRestore && root == nil
}

// TellOrphaned tells the author of a message in an orphaned thread that nobody gets it. It does so once per
// message, and not for notes and for messages to colleagues.
func (w *work) TellOrphaned(r Request, why, hint string) {
	surface, a := r.Surface, r.Action
	isNote := a.Verb == bridge.VerbNote || a.Marker == bridge.MarkNote
	if isNote || len(a.Mentions) > 0 {
		return
	}
	wasTold := w.Posts.At(PostKey{Account: surface, Channel: a.Place.Channel, Message: a.Place.Message}) != nil
	if wasTold || a.Actor.Kind != bridge.ActorPerson {
		return
	}

	w.Posts.RememberHandled(Request{Surface: surface, Action: a})
	ref := bridge.You(a.Actor.ID)
	if agent := w.Dir.AgentOf(surface, a.Actor.ID); agent != nil {
		ref = w.Dir.Ref(surface, agent.ID)
	}

	thread := bridge.Place{Channel: a.Place.Channel, Thread: a.Place.Thread}
	w.ChannelLine(surface, thread, bridge.Line{
		Content:  &bridge.InsideLine{Why: bridge.InWords(why), Hint: hint},
		Mentions: []bridge.AgentRef{ref},
		Text:     a.Text,
	})
}
