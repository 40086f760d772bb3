package engine

import (
	"slices"
	"strconv"

	"parley/bridge"
	"parley/store"
)

// If the response to a submitted form is lost, its author submits the form again. To handle it once, Parley records
// which messages each opened form became, as rows of posts that no chat shows. For example, a reply that is submitted
// a second time then replaces the first one and isn't sent twice.

// FormKeys returns the keys of these rows for an opened form. It returns nil if the request didn't come from a form,
// or if the form has no name.
func FormKeys(r Request) []PostKey {
	if r.Form == "" || r.Origin != bridge.OriginForm {
		return nil
	}
	keys := make([]PostKey, maxFormMessages)
	for i := range keys {
		keys[i] = PostKey{r.Surface, formPost, string(r.Actor.ID) + ":" + r.Form + ":" + strconv.Itoa(i)}
	}
	return keys
}

const (
	formPost        = "form" // kind and channel of these rows
	maxFormMessages = 2      // a form becomes at most a text, and a separate message for its rich content (such as buttons)
)

// RememberForm records the nth message, counted from 0, that a form became.
func (ps *Posts) RememberForm(r Request, nth int, m *Message) {
	if keys := FormKeys(r); nth < len(keys) {
		ps.Remember(store.Post{
			AccountID:      r.Surface,
			Channel:        formPost,
			Message:        keys[nth].Message,
			ConversationID: m.ConversationID,
			MessageID:      m.ID,
			Kind:           formPost,
		})
	}
}

// WasSubmittedBefore reports whether the same opened form was submitted before and became a message.
func (ps *Posts) WasSubmittedBefore(r Request) bool {
	return slices.ContainsFunc(FormKeys(r), func(k PostKey) bool { return ps.At(k) != nil })
}

// StartedByForm returns the open conversation that an earlier submission of the same form began, or nil.
func (b *Book) StartedByForm(r Request) *Conversation {
	for _, k := range FormKeys(r) {
		p := b.Posts.At(k)
		if p == nil {
			continue
		}
		c := b.Conversations.Get(p.ConversationID)
		if c != nil && c.BridgeStatus().Open() {
			return c
		}
	}
	return nil
}
