package engine

import (
	"encoding/json"
	"time"

	"parley/bridge"
	"parley/store"
)

// A chat may deliver the events of a message out of order: first "edited to 'It left today'", then the original
// message, or never. Such an edit or deletion is called early. It is stored with the record of the message in
// the chat (a store.Post of kind book.EarlyMessage). When the message arrives, applyEarly or WithEarlyEdit
// applies the change to it. If the message doesn't arrive within maxEarlyWait, AcceptEarlyEdits treats the edit
// as the message.

// maxEarlyWait is how long an edit waits for its message. It doesn't wait if the chat says that the message
// won't come (bridge.Context.Edited).
const maxEarlyWait = 5 * time.Minute

// earlyChange is an edit or a deletion that arrived before its message. It is stored as JSON.
type earlyChange struct {
	Delete bool          `json:"delete,omitempty"` // it is a deletion
	Action bridge.Action `json:"action"`
}

// earlyChangeOf returns the early change that is stored with a post. It returns false if p is nil or has none.
func earlyChangeOf(p *store.Post) (e earlyChange, ok bool) {
	if p == nil || len(p.Early) == 0 {
		return earlyChange{}, false
	}
	err := json.Unmarshal(p.Early, &e)
	return e, err == nil
}

// keepEarlyEdit stores an edit until its message arrives. known is the record of the message, or nil.
func (w *work) keepEarlyEdit(r Request, known *store.Post) {
	hasLaterEdit := known != nil && known.Version > r.Version
	if hasLaterEdit {
		return
	}
	// Deletions have no version. An edit that is reported after a deletion was made before it, unless it
	// restores the message.
	e, isKept := earlyChangeOf(known)
	wasDeleted := isKept && e.Delete
	if wasDeleted && !r.Restored {
		return
	}

	p := rememberEarly(w.Posts, r, earlyChange{Action: r.Action})
	root := w.Posts.At(PostKey{Account: r.Surface, Channel: r.Place.Channel, Message: r.Place.Thread})
	if root != nil {
		p.ConversationID = root.ConversationID
		due := w.Now
		if !r.Edited {
			due = due.Add(maxEarlyWait)
		}
		w.Timers.Start(store.Timer{ConversationID: root.ConversationID, Kind: Early, DueAt: due})
	}
}

// keepEarlyDeletion stores a deletion until its message arrives. known is the record of the message, or nil.
func keepEarlyDeletion(posts *Posts, r Request, known *store.Post) {
	if e, isKept := earlyChangeOf(known); isKept && e.Delete {
		return
	}
	rememberEarly(posts, r, earlyChange{Delete: true, Action: r.Action})
}

// rememberEarly stores an early change in place of an earlier one.
func rememberEarly(posts *Posts, r Request, e earlyChange) *store.Post {
	return posts.Remember(store.Post{
		AccountID: r.Surface,
		Channel:   r.Place.Channel,
		Message:   r.Place.Message,
		Kind:      EarlyMessage,
		Version:   r.Version,
		Early:     bridge.JSON(e),
	})
}

// AcceptEarlyEdits treats the early edits in a conversation's threads as messages, because the chat has lost
// the messages themselves. A text that would otherwise leave for the customer needs a click by its author.
func (w *work) AcceptEarlyEdits(c *Conversation) {
	for _, p := range w.Posts.EarlyIn(c.ID) {
		e, ok := earlyChangeOf(&p)
		if !ok || e.Delete || isCommandOrEmpty(e.Action) {
			continue
		}

		a := e.Action
		a.Verb = verbOfEdited(a)
		a.Origin = bridge.OriginText

		r := Request{Action: a, Conversation: c, Surface: p.AccountID, Agent: w.Dir.AgentOf(p.AccountID, a.Actor.ID)}
		m := w.Messages.AddByPerson(r)
		p.MessageID = m.ID
		p.Kind = HumanMessage
		p.Early = nil
		w.Posts.Remember(p)
		doubt := bridge.ReasonLate
		if a.Edited {
			doubt = bridge.ReasonFoundEdited
		}
		w.decideFate(r, m, doubt)
	}
}

// verbOfEdited returns the verb that an edited text would have if it were typed now.
func verbOfEdited(a bridge.Action) bridge.Verb {
	if a.Marker == bridge.MarkNote {
		return bridge.VerbNote
	}
	return bridge.VerbSay
}

// EarlyEdit is the effect of an early edit on its text.
type EarlyEdit string

// Values of EarlyEdit.
const (
	// NotEdited means that there was no early edit. The text is applied as it was typed.
	NotEdited EarlyEdit = "not_edited"
	// EditedBefore means that the text is the edited one. It must not leave without a click, because after the
	// edit it may be for another conversation or for colleagues.
	EditedBefore EarlyEdit = "edited_before"
	// NothingToApply means that the text was applied before, was deleted, or is no longer addressed to Parley.
	NothingToApply EarlyEdit = "nothing_to_apply"
)

// WithEarlyEdit applies an early edit to a text that was typed outside of its conversation's thread. If the
// chat has already reported the edited text (r.Edited), it returns r unchanged with EditedBefore.
func WithEarlyEdit(posts *Posts, r Request) (Request, EarlyEdit) {
	known := posts.At(r.PostKey())
	wasTyped := r.TypedPlace() != bridge.Place{}
	if !wasTyped || known == nil {
		if r.Edited {
			return r, EditedBefore
		}
		return r, NotEdited
	}

	e, ok := earlyChangeOf(known)
	wasApplied := known.Kind != EarlyMessage
	if wasApplied || !ok || e.Delete {
		return r, NothingToApply
	}
	speaksToParley := e.Action.Explicit || e.Action.MentionsBot
	if !speaksToParley {
		return r, NothingToApply
	}

	r.Text = e.Action.Text
	r.Raw = e.Action.Raw
	r.Files = e.Action.Files
	r.Args.Promotional = r.Args.Promotional || e.Action.Args.Promotional
	return r, EditedBefore
}

// isCommandOrEmpty reports whether an edited text can't be a reply: it is empty, or a command other than !reply.
func isCommandOrEmpty(a bridge.Action) bool {
	hasSign := a.Marker == bridge.MarkBang || a.Marker == bridge.MarkSlash
	isCommand := hasSign && !a.Explicit
	isEmpty := a.Text == "" && len(a.Files) == 0
	return isCommand || isEmpty
}

// applyEarly applies an early change to the request, the message and the post of its text. known is the post
// with the early change. It returns true if the text is done: it was deleted, or the edit turned a text for
// colleagues into a reply and its author is asked.
func (w *work) applyEarly(r *Request, m *Message, post, known *store.Post) bool {
	e, ok := earlyChangeOf(known)
	if !ok {
		return false
	}
	if e.Delete {
		m.Fate, m.Reason = store.FateUndone, bridge.ReasonDeleted
		w.Log.ByParley(r.Conversation, store.DeedUndone, Detail{Message: m.ID, Why: bridge.Because(bridge.ReasonDeleted)})
		return true
	}

	before, _ := Speak(w.speechOf(*r))
	takeEdit(&r.Action, e.Action)
	post.Version = known.Version
	m.Text, m.Files = r.Text, SurfaceFiles(r.Files)
	m.Promotional = m.Promotional || e.Action.Args.Promotional

	now, _ := Speak(w.speechOf(*r))
	hasBecomeReply := before != Out && now == Out
	if hasBecomeReply {
		w.askEdited(r.Conversation, m)
	}
	return hasBecomeReply
}

// takeEdit copies to a typed text all fields that an edit can change.
func takeEdit(a *bridge.Action, edited bridge.Action) {
	a.Verb = verbOfEdited(edited)
	a.Text = edited.Text
	a.Raw = edited.Raw
	a.Files = edited.Files
	a.Marker = edited.Marker
	a.Quotes = edited.Quotes
	a.Forwards = edited.Forwards
	a.Mentions = edited.Mentions
	a.MentionsBot = edited.MentionsBot
	a.Explicit = edited.Explicit
}
