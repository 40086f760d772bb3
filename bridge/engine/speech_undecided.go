package engine

import (
	"slices"

	"parley/bridge"
	"parley/store"
)

// A reply may have failed, or it may be unclear whether it was sent, because the provider's answer was lost. A
// line in the thread then has the buttons Send again and Mark as sent. A reply with several files has several
// deliveries (its parts), and each may need a decision. This file finds the delivery that a click is about, and
// applies the decision.

func sendAgainVerb() useCase {
	return useCase{
		Rules: Rules{
			Name: bridge.VerbSendAgain, NamesMessage: true, CanApply: isUnclearOrFailed, Deed: store.DeedSentAgain,
		},
		Do: (*work).decideDelivery,
	}
}

func markSentVerb() useCase {
	return useCase{
		Rules: Rules{
			Name: bridge.VerbMarkSent, NamesMessage: true, CanApply: isUnclear, Deed: store.DeedMarkedSent,
		},
		Do: (*work).decideDelivery,
	}
}

func isUnclear(_ *store.Conversation, m *store.Message) bool { return m.Fate == store.FateUnclear }

func isUnclearOrFailed(_ *store.Conversation, m *store.Message) bool {
	return m.Fate == store.FateUnclear || m.Fate == store.FateFailed
}

// decideDelivery applies Send again, and Mark as sent.
func (w *work) decideDelivery(r Request) {
	d, m := speechDeliveryToDecide(w.Book, r)
	if d == nil {
		w.Refuse(r, "unknown_message", "I don't know which message you mean.", "Use the button under the message.")
		return
	}

	if w.refuseSeveral(r, m) {
		return
	}

	if !mayBeDecided(w.Outbox, r, d, m) {
		w.RefuseDecided(r, m)
		return
	}
	if r.Verb == bridge.VerbSendAgain && (w.refuseOtherWords(r, m) || w.refuseAgain(r, d)) {
		return
	}

	w.NoteDecision(m, r.Agent, ByFate)
	if r.Verb == bridge.VerbMarkSent {
		w.markSent(r, d, m)
		return
	}

	toSend := Parts{d}
	wasDeleted := m.Reason == bridge.ReasonDeleted
	if wasDeleted {
		m.Reason = bridge.ReasonRevived // an attempt must not look for the message in the chat, which no longer has it
	} else {
		toSend = append(toSend, w.Outbox.PartsOf(m).Added(m)...)
	}
	requeueParts(w.Outbox, toSend)

	m.Direction, m.Fate = store.DirectionOut, store.FateWaiting
	m.Dirty = true
	w.Log.Did(r, Detail{Message: m.ID})
}

// mayBeDecided reports whether a delivery still waits for the decision in r. Somebody else may have decided
// first, or the message may have been sent again.
func mayBeDecided(o *Outbox, r Request, d *Delivery, m *Message) bool {
	parts := o.PartsOf(m)
	if !slices.Contains(parts, d) { // it belongs to an earlier sending of the message
		return false
	}

	switch d.State {
	case store.NeedsDecision:
	case store.Failed:
		if r.Verb == bridge.VerbMarkSent {
			return false
		}
	default:
		return false
	}

	switch m.Fate {
	case store.FateFailed, store.FateUnclear:
		return true
	case store.FateWaiting: // because other parts are queued
		return len(parts) > 1
	default:
		return false
	}
}

// deliveryToDecide returns the delivery that a request decides about, and its message. It is the first of these
// that exists:
//   - the delivery that the request names;
//   - the first undecided part of the message that the request names;
//   - the latest delivery of that message.
//
// Both results are nil if there is none or if it isn't a reply of the request's conversation.
func speechDeliveryToDecide(b *Book, r Request) (*Delivery, *Message) {
	d := b.Outbox.Delivery(r.Args.Delivery)
	if d == nil {
		if m := b.MessageOfAction(r); m != nil {
			d = b.Outbox.ReplyOf(m)
			if undecided := undecidedParts(b.Outbox, r, m); len(undecided) > 0 {
				d = undecided[0]
			}
		}
	}

	isReply := d != nil && d.Kind == KindReply
	if !isReply || b.Outbox.Lanes[d.LaneID] == nil {
		return nil, nil
	}

	m := b.Messages.Get(d.MessageID)
	if m == nil || m.ConversationID != r.Conversation.ID {
		return nil, nil
	}
	return d, m
}

// undecidedParts returns the parts of a reply that r may decide about: the unclear ones and, for Send again,
// the failed ones.
func undecidedParts(o *Outbox, r Request, m *Message) Parts {
	if r.Verb == bridge.VerbSendAgain {
		return o.PartsOf(m).UnclearOrFailed()
	}
	return o.PartsOf(m).Unclear()
}
