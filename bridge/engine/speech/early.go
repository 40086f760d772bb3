package speech

import (
	"encoding/json"
	"time"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/own"
	"parley/store"
)

// A chat may report the edit or the deletion of a message before the message, or without ever reporting the message. Such a change is
// kept with the post's record (kind book.EarlyMessage), and applied when the message comes, by applyEarly or WithEarlyEdit. If the
// message doesn't come within maxEarlyWait, AcceptEarlyEdits takes an edit for the message.

// maxEarlyWait is how long an edit waits for its message, unless the chat says that the message won't come (bridge.Context.Edited).
const maxEarlyWait = 5 * time.Minute

// earlyChange is an edit or a deletion that came before the message itself. It is kept as JSON with the message's post.
type earlyChange struct {
	Delete bool          `json:"delete,omitempty"` // it is a deletion
	Action bridge.Action `json:"action"`
}

// earlyChangeOf returns the edit or the deletion that came before a message. It returns false if p, which may be nil, has none.
func earlyChangeOf(p *store.Post) (e earlyChange, ok bool) {
	if p == nil || len(p.Early) == 0 {
		return earlyChange{}, false
	}
	err := json.Unmarshal(p.Early, &e)
	return e, err == nil
}

// keepEarlyEdit keeps an edit until its message comes. known is the record of its post, or nil.
func (sp *UseCases) keepEarlyEdit(r book.Request, known *store.Post) {
	hasLaterEdit := known != nil && known.Version > r.Version
	if hasLaterEdit {
		return
	}
	// Deletions carry no version. An edit that is read after a deletion was made before it, unless the edit restores the message.
	e, isKept := earlyChangeOf(known)
	wasDeleted := isKept && e.Delete
	if wasDeleted && !r.Restored {
		return
	}

	p := rememberEarly(sp.Posts, r, earlyChange{Action: r.Action})
	root := sp.Posts.Rows[book.PostKey{Account: r.Surface, Channel: r.Place.Channel, Message: r.Place.Thread}]
	if root != nil {
		p.ConversationID = root.ConversationID
		due := sp.Now
		if !r.Edited {
			due = due.Add(maxEarlyWait)
		}
		sp.Timers.Start(store.Timer{ConversationID: root.ConversationID, Kind: own.Early, DueAt: due})
	}
}

// keepEarlyDeletion keeps a deletion until its message comes. known is the record of its post, or nil.
func keepEarlyDeletion(posts *book.Posts, r book.Request, known *store.Post) {
	if e, isKept := earlyChangeOf(known); isKept && e.Delete {
		return
	}
	rememberEarly(posts, r, earlyChange{Delete: true, Action: r.Action})
}

// rememberEarly records what came before a message, in place of what was recorded for it.
func rememberEarly(posts *book.Posts, r book.Request, e earlyChange) *store.Post {
	return posts.Remember(store.Post{
		AccountID: r.Surface,
		Channel:   r.Place.Channel,
		Message:   r.Place.Message,
		Kind:      book.EarlyMessage,
		Version:   r.Version,
		Early:     bridge.JSON(e),
	})
}

// AcceptEarlyEdits takes the edits in a conversation's threads for the messages that have not come meanwhile: a chat may lose a
// message and still report its edit. A text that would leave is only offered to its author.
func (sp *UseCases) AcceptEarlyEdits(c *book.Conversation) {
	for _, p := range sp.Posts.EarlyIn(c.ID) {
		e, ok := earlyChangeOf(&p)
		if !ok || e.Delete || isCommandOrEmpty(e.Action) {
			continue
		}

		a := e.Action
		a.Verb = verbOfEdited(a)
		a.Origin = bridge.OriginText

		r := book.Request{Action: a, Conversation: c, Surface: p.AccountID, Agent: sp.Dir.AgentOf(p.AccountID, a.Actor.ID)}
		m := sp.Messages.AddByPerson(r)
		p.MessageID = m.ID
		p.Kind = book.HumanMessage
		p.Early = nil
		sp.Posts.Remember(p)
		doubt := bridge.ReasonLate
		if a.Edited {
			doubt = bridge.ReasonFoundEdited
		}
		sp.decideFate(r, m, doubt)
	}
}

// verbOfEdited returns the verb that an edited text, reported as VerbEdit, would have if it were typed now.
func verbOfEdited(a bridge.Action) bridge.Verb {
	if a.Marker == bridge.MarkNote {
		return bridge.VerbNote
	}
	return bridge.VerbSay
}

// EarlyEdit says what an edit that came before its text means for the text.
type EarlyEdit string

// Values of EarlyEdit.
const (
	// NotEdited: no edit came before the text, which is applied as it was typed.
	NotEdited EarlyEdit = "not_edited"
	// EditedBefore: the text has the words of the edit now. It mustn't leave without a click, since it may be for another conversation
	// now, or for colleagues.
	EditedBefore EarlyEdit = "edited_before"
	// NothingToApply: the text was applied before, was deleted, or was edited so that it doesn't speak to Parley any more.
	NothingToApply EarlyEdit = "nothing_to_apply"
)

// WithEarlyEdit returns a text that was typed outside of its conversation's thread with the words of an edit that came before it. A
// text that the chat reports with the words of its edit (r.Edited) has them already.
func WithEarlyEdit(posts *book.Posts, r book.Request) (book.Request, EarlyEdit) {
	known := posts.Rows[r.PostKey()]
	wasTyped := r.TypedPlace() != bridge.Place{}
	if !wasTyped || known == nil {
		if r.Edited {
			return r, EditedBefore
		}
		return r, NotEdited
	}

	e, ok := earlyChangeOf(known)
	wasApplied := known.Kind != book.EarlyMessage
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

// isCommandOrEmpty reports whether an edited text isn't for a customer: it says nothing, or is a command other than !reply.
func isCommandOrEmpty(a bridge.Action) bool {
	hasSign := a.Marker == bridge.MarkBang || a.Marker == bridge.MarkSlash
	isCommand := hasSign && !a.Explicit
	isEmpty := a.Text == "" && len(a.Files) == 0
	return isCommand || isEmpty
}

// applyEarly applies an edit or a deletion that came before a text to the text's request, message and post. known is the record of
// what came early. It returns true if nothing more is to be done: the text was deleted, or its author is asked, because the edit made
// a reply of a text that wouldn't have left.
func (sp *UseCases) applyEarly(r *book.Request, m *book.Message, post, known *store.Post) bool {
	e, ok := earlyChangeOf(known)
	if !ok {
		return false
	}
	if e.Delete {
		m.Fate, m.Reason = store.FateUndone, bridge.ReasonDeleted
		sp.Log.ByParley(r.Conversation, store.DeedUndone, book.Detail{Message: m.ID, Why: bridge.Because(bridge.ReasonDeleted)})
		return true
	}

	before, _ := Speak(sp.speechOf(*r))
	takeEdit(&r.Action, e.Action)
	post.Version = known.Version
	m.Text, m.Files = r.Text, book.SurfaceFiles(r.Files)
	m.Promotional = m.Promotional || e.Action.Args.Promotional

	now, _ := Speak(sp.speechOf(*r))
	hasBecomeReply := before != Out && now == Out
	if hasBecomeReply {
		sp.colleagueTexts.askEdited(r.Conversation, m)
	}
	return hasBecomeReply
}

// takeEdit gives a typed text everything that its edit changed.
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
