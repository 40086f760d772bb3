package engine

import (
	"slices"
	"strconv"

	"parley/bridge"
	"parley/store"
)

// When the answer to a submitted form is lost, the form stays open, and its author believes that nothing
// was done. If the author submits it again with other words, these take the place of the first ones,
// unless the customer may have those already.

const (
	formPost   = "form" // kind and channel of the posts that remember what a form sent
	formMost   = 2      // the most messages that a form becomes
	formReason = "handed_in"
)

// formKeys gives the keys under which the messages of one opened form are remembered; none for what is
// no form, or a form without a name.
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

// form adds the messages that the same form sent before.
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

// takeFormBack takes back what the same form sent before. It says no where that is on its way to the
// customer, or may have arrived.
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
			w.log.byParley(r.conv, store.DeedUndone, detail{Message: m.ID, Reason: formReason})
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
