package reply

import (
	"time"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/store"
)

// restoreMargin is how far a surface's clock may be behind the database's. Texts that were typed within that time after
// work began again count as typed before.
const restoreMargin = 5 * time.Second

// IsBeforeRestore reports whether the event that is being applied was accepted, or its text typed, before work began
// again after a restore from a backup. The Parley that was lost may have sent it already.
func (rs *UseCases) IsBeforeRestore() bool {
	since := rs.Restored
	if since.IsZero() {
		return false
	}
	wasTypedBefore := !rs.Typed.IsZero() && rs.Typed.Before(since.Add(restoreMargin))
	return wasTypedBefore || rs.Event.ReceivedAt.Before(since)
}

// parkRestored keeps a reply that may have been sent already until somebody clicks.
func (rs *UseCases) parkRestored(c *book.Conversation, m *book.Message) {
	m.SetFate(store.FateParked, bridge.ReasonRestored)
	rs.TellWith(c, m, bridge.Line{Content: &bridge.UnclearLine{Trouble: "It is older than my last restore from a backup.",
		Hint: "Look for it where sent messages are. Send it if it is not there, else drop it."},
		Verbs: []bridge.Verb{bridge.VerbSend, bridge.VerbDrop}})
}

// IsOrphaned reports whether something was typed in a thread that the backup lacks from which Parley was restored: Parley opened the
// thread after the backup was made, so that nobody knows any more to which conversation it belongs.
func (rs *UseCases) IsOrphaned(r book.Request) bool {
	if rs.Restored.IsZero() || !r.OwnThread {
		return false
	}
	opened := book.OrderTime(r.Place.Thread)
	openedBeforeRestore := !opened.IsZero() && opened.Before(rs.Restored)
	root := rs.Posts.Rows[book.PostKey{Account: r.Surface, Channel: r.Place.Channel, Message: r.Place.Thread}]
	return openedBeforeRestore && root == nil
}

// TellOrphaned says, once for each message, that nobody gets what was typed. It does nothing for notes and for words to
// colleagues.
func (rs *UseCases) TellOrphaned(r book.Request, why, hint string) {
	surface, a := r.Surface, r.Action
	k := book.PostKey{Account: surface, Channel: a.Place.Channel, Message: a.Place.Message}
	isNote := a.Verb == bridge.VerbNote || a.Marker == bridge.MarkNote
	if isNote || len(a.Mentions) > 0 {
		return
	}
	if a.Actor.Kind != bridge.ActorPerson || rs.Posts.Rows[k] != nil {
		return
	}

	rs.Posts.RememberHandled(book.Request{Surface: surface, Action: a})
	ref := bridge.You(a.Actor.ID)
	if agent := rs.Dir.AgentOf(surface, a.Actor.ID); agent != nil {
		ref = rs.Dir.Ref(surface, agent.ID)
	}

	inside := &bridge.InsideLine{Why: bridge.InWords(why), Hint: hint}
	rs.ChannelLine(surface, bridge.Place{Channel: a.Place.Channel, Thread: a.Place.Thread},
		bridge.Line{Content: inside, Mentions: []bridge.AgentRef{ref}, Text: a.Text})
}
