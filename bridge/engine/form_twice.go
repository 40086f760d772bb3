package engine

import (
	"slices"
	"strconv"

	"parley/bridge"
	"parley/store"
)

// A form of which the answer was lost on the way stays open, and its author takes what it asked
// for as not done. What is handed in again with other words takes the place of the first, as
// long as the customer can't have that.

const (
	formPost   = "form" // kind, and channel, of what a form is remembered by
	formMost   = 2      // messages that a form becomes
	formReason = "handed_in"
)

// formKeys name what an opened form sent; none where it isn't known.
func formKeys(surface int64, a bridge.Action) []postKey {
	if a.Form == "" || a.Origin != bridge.OriginForm {
		return nil
	}
	keys := make([]postKey, formMost)
	for i := range keys {
		keys[i] = postKey{surface, formPost, a.Actor.ID + ":" + a.Form + ":" + strconv.Itoa(i)}
	}
	return keys
}

// form adds what a form sent before.
func (n *wanted) form(surface int64, a bridge.Action) {
	for _, k := range formKeys(surface, a) {
		n.postAcc, n.postChannels, n.postMessages = append(n.postAcc, k.account), append(n.postChannels, k.channel), append(n.postMessages, k.message)
	}
}

// rememberForm notes the nth message that a form became.
func (ps *posts) rememberForm(r request, nth int, m *message) {
	if keys := formKeys(r.surface, r.Action); nth < len(keys) {
		ps.remember(store.Post{AccountID: r.surface, Channel: formPost, Message: keys[nth].message, ConversationID: m.ConversationID, MessageID: m.ID, Kind: formPost})
	}
}

// takeFormBack takes back what the same form sent before. It says no where that is on its way
// to the customer, or may be there.
func (w *work) takeFormBack(r request) bool {
	for _, k := range formKeys(r.surface, r.Action) {
		p := w.posts.rows[k]
		if p == nil || w.messages.rows[p.MessageID] == nil || p.ConversationID != r.conv.ID {
			continue
		}
		m := w.messages.rows[p.MessageID]
		switch m.Fate {
		case store.FateIn, store.FateInside, store.FateFailed, store.FateUndone, store.FateDropped: // as it was
		case store.FateAsk, store.FateParked:
			m.Fate, m.dirty = store.FateDropped, true
		case store.FateWaiting:
			if !w.outbox.cancelReply(m) {
				return false
			}
			m.Fate, m.dirty = store.FateUndone, true
			w.log.byParley(r.conv, "undone", detail{Message: m.ID, Reason: formReason})
			w.tellAuthor(r.conv, m, &bridge.UndoneLine{Reason: formReason})
			w.messages.unanswered(r.conv)
		case store.FateOut, store.FateUnclear:
			return false
		}
	}
	return true
}

// handedInBefore says that the same form has sent something.
func (ps *posts) handedInBefore(r request) bool {
	return slices.ContainsFunc(formKeys(r.surface, r.Action), func(k postKey) bool { return ps.rows[k] != nil })
}

// startedBy gives the open conversation that the same form has begun.
func (b *book) startedBy(r request) *conv {
	for _, k := range formKeys(r.surface, r.Action) {
		if p := b.posts.rows[k]; p != nil && b.convs.rows[p.ConversationID] != nil && b.convs.rows[p.ConversationID].status().Open() {
			return b.convs.rows[p.ConversationID]
		}
	}
	return nil
}
