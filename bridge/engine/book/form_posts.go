package book

import (
	"slices"
	"strconv"

	"parley/bridge"
	"parley/store"
)

// If the answer to a submitted form is lost, its author submits it again. Posts that no chat shows remember which messages an opened form
// became, so that those of the second time can take their place.

// FormKeys returns the keys of the posts that remember which messages an opened form became. It returns none if the request
// didn't come from a form, or if the form has no name.
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
	formPost        = "form" // kind and channel of these posts
	maxFormMessages = 2      // a form becomes at most a text, and a message that its rich content needs for itself
)

// RememberForm notes the nth message, counted from 0, that a form became.
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

// WasSubmittedBefore reports whether the same opened form was submitted before, and something came of it.
func (ps *Posts) WasSubmittedBefore(r Request) bool {
	return slices.ContainsFunc(FormKeys(r), func(k PostKey) bool { return ps.Rows[k] != nil })
}

// StartedByForm returns the open conversation that the same form has begun before, or nil if there is none.
func (b *Book) StartedByForm(r Request) *Conversation {
	for _, k := range FormKeys(r) {
		p := b.Posts.Rows[k]
		if p == nil {
			continue
		}
		c := b.Conversations.Rows[p.ConversationID]
		if c != nil && c.BridgeStatus().Open() {
			return c
		}
	}
	return nil
}
