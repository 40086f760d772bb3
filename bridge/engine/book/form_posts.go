package book

import (
	"slices"
	"strconv"

	"parley/bridge"
	"parley/store"
)

// FormKeys returns the keys under which the messages of one opened form are remembered; none for what is
// no form, or a form without a name.
func FormKeys(surface store.AccountID, a bridge.Action) []PostKey {
	if a.Form == "" || a.Origin != bridge.OriginForm {
		return nil
	}
	keys := make([]PostKey, maxFormMessages)
	for i := range keys {
		keys[i] = PostKey{surface, formPost, a.Actor.ID + ":" + a.Form + ":" + strconv.Itoa(i)}
	}
	return keys
}

const (
	formPost        = "form" // kind and channel of the posts that remember what a form sent
	maxFormMessages = 2      // the most messages that a form becomes
	// FormReason marks what is in doubt because the same form was handed in before.
	FormReason = "handed_in"
)

// RememberForm notes the nth message that a form became.
func (ps *Posts) RememberForm(r Request, nth int, m *Message) {
	if keys := FormKeys(r.Surface, r.Action); nth < len(keys) {
		ps.Remember(store.Post{AccountID: r.Surface, Channel: formPost, Message: keys[nth].Message, ConversationID: m.ConversationID, MessageID: m.ID, Kind: formPost})
	}
}

// HandedInBefore reports whether the same form has sent something.
func (ps *Posts) HandedInBefore(r Request) bool {
	return slices.ContainsFunc(FormKeys(r.Surface, r.Action), func(k PostKey) bool { return ps.Rows[k] != nil })
}

// StartedByForm returns the open conversation that the same form has begun.
func (b *Book) StartedByForm(r Request) *Conversation {
	for _, k := range FormKeys(r.Surface, r.Action) {
		if p := b.Posts.Rows[k]; p != nil && b.Conversations.Rows[p.ConversationID] != nil && b.Conversations.Rows[p.ConversationID].BridgeStatus().Open() {
			return b.Conversations.Rows[p.ConversationID]
		}
	}
	return nil
}
