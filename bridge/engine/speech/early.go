package speech

import (
	"encoding/json"
	"strings"
	"time"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/own"
	"parley/store"
)

// maxEarlyWait is how long an edit waits for its message. After that the edit is taken for the message.
const maxEarlyWait = 5 * time.Minute

// early is an edit or a deletion that came before the message itself. It is kept as JSON with the message's post.
type early struct {
	Delete bool          `json:"delete,omitempty"`
	Action bridge.Action `json:"action"`
}

// keepEarly keeps an edit or a deletion until its message comes. known is the post's record, or nil.
func (sp *UseCases) keepEarly(r book.Request, known *store.Post, deleted bool) {
	hasLaterEdit := known != nil && known.Version > r.Version
	if hasLaterEdit && !deleted {
		return
	}
	if known != nil && isDeletion(known.Early) && !r.Restored {
		return // a deletion has no version: an edit that is read after it was made before
	}

	body, err := json.Marshal(early{Delete: deleted, Action: r.Action})
	if err != nil {
		return // can't happen: an Action has only plain fields
	}

	p := sp.Posts.Remember(store.Post{AccountID: r.Surface, Channel: r.Place.Channel, Message: r.Place.Message, Kind: book.EarlyMessage,
		Version: r.Version, Early: body})
	root := sp.Posts.Rows[book.PostKey{Account: r.Surface, Channel: r.Place.Channel, Message: r.Place.Thread}]
	if root != nil && !deleted {
		p.ConversationID = root.ConversationID
		sp.Timers.Start(store.Timer{ConversationID: root.ConversationID, Kind: own.Early, DueAt: sp.Now.Add(maxEarlyWait)})
	}
}

// isDeletion reports whether what came before a message is its deletion.
func isDeletion(kept []byte) bool {
	var e early
	return json.Unmarshal(kept, &e) == nil && e.Delete
}

// AcceptEarlyEdits takes the edits in a conversation's threads for the messages, if these have not come meanwhile: a surface
// may lose a message and still report its edit. A text that would leave is offered to its author, and doesn't leave by itself.
func (sp *UseCases) AcceptEarlyEdits(c *book.Conversation) {
	for _, p := range sp.Posts.EarlyIn(c.ID) {
		var e early
		if json.Unmarshal(p.Early, &e) != nil {
			continue // it was written by us, so that this doesn't happen
		}
		if e.Delete || isCommandOrEmpty(e.Action) {
			continue
		}

		a := e.Action
		a.Verb, a.Origin = bridge.VerbSay, bridge.OriginText
		if a.Marker == bridge.MarkNote {
			a.Verb = bridge.VerbNote
		}

		r := book.Request{Action: a, Conversation: c, Surface: p.AccountID, Agent: sp.Dir.AgentOf(p.AccountID, a.Actor.ID)}
		m := sp.Messages.AddByPerson(r)
		p.MessageID, p.Kind = m.ID, book.HumanMessage
		p.Early = nil
		sp.Posts.Remember(p)
		sp.decideFate(r, m, true)
	}
}

// ApplyEarlyEdit applies the edit that came before a text, if the text was typed outside of its conversation's thread.
// It returns proceed false if nothing is to be done: the text was handled before, was deleted, or doesn't speak to
// Parley any more. An edited text mustn't leave without a click, since it may be for another conversation now, or for
// colleagues.
func ApplyEarlyEdit(posts *book.Posts, r *book.Request) (proceed, edited bool) {
	k := posts.KeyOfTypedText(*r)
	if k == nil || posts.Rows[*k] == nil {
		return true, false
	}

	var e early
	known := posts.Rows[*k]
	if known.Kind != book.EarlyMessage || json.Unmarshal(known.Early, &e) != nil {
		return false, false
	}

	speaksToParley := e.Action.Explicit || e.Action.MentionsBot
	if e.Delete || !speaksToParley {
		return false, false
	}

	r.Text, r.Raw, r.Files = e.Action.Text, e.Action.Raw, e.Action.Files
	r.Args.Promotional = r.Args.Promotional || e.Action.Args.Promotional
	return true, true
}

// isCommandOrEmpty reports whether an edited text is a command, or says nothing. Then it was never for a customer.
func isCommandOrEmpty(a bridge.Action) bool {
	isCommand := strings.HasPrefix(strings.TrimSpace(a.Raw), "!")
	isEmpty := a.Text == "" && len(a.Files) == 0
	return isCommand || isEmpty
}

// applyEarly applies an edit or a deletion that came before its message. It returns true if nothing more is to be done: the
// message was deleted, or its author is asked, because the edit made a reply of a text that wouldn't have left by itself.
func (sp *UseCases) applyEarly(r *book.Request, m *book.Message, post, known *store.Post) bool {
	var e early
	if json.Unmarshal(known.Early, &e) != nil {
		return false
	}

	c, a := r.Conversation, &r.Action
	if e.Delete {
		m.Fate, m.Reason = store.FateUndone, book.DeletedReason
		sp.Log.ByParley(c, store.DeedUndone, book.Detail{Message: m.ID, Reason: book.DeletedReason})
		return true
	}

	before, _ := Speak(sp.speechOf(*r))
	post.Version = known.Version
	a.Text, a.Raw = e.Action.Text, e.Action.Raw
	a.Files, a.Marker = e.Action.Files, e.Action.Marker
	a.Quotes, a.Forwards = e.Action.Quotes, e.Action.Forwards
	a.Verb = bridge.VerbSay
	if e.Action.Marker == bridge.MarkNote {
		a.Verb = bridge.VerbNote
	}

	a.Mentions, a.MentionsBot = e.Action.Mentions, e.Action.MentionsBot
	a.Explicit = e.Action.Explicit
	m.Promotional = m.Promotional || e.Action.Args.Promotional
	m.Text, m.Files = a.Text, book.SurfaceFiles(a.Files)
	now, _ := Speak(sp.speechOf(*r))
	if before == Out || now != Out {
		return false
	}

	(amongColleagues{sp}).askEdited(c, m)
	return true
}
