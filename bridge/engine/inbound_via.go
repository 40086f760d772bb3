package engine

import (
	"slices"
	"time"

	"parley/channels"
	"parley/store"
)

// An account may have several addresses of its own, such as support@ and sales@, or two phone numbers. This file
// keeps track of which one the customer wrote to last (Conversation.Via): answers leave from that one.

// lateAfter is the age from which a customer's message counts as found late.
const inboundLateAfter = time.Minute

// isFoundLate reports whether an inbound is applied long after it was said.
func isFoundLate(databaseNow time.Time, e store.Event, in channels.Inbound) bool {
	said := in.At
	if said.IsZero() {
		said = e.ReceivedAt
	}
	return databaseNow.Sub(said) > inboundLateAfter
}

// noteOwnAddress records the own address that the customer wrote to last. A late message doesn't count if the
// customer has written since.
func noteOwnAddress(w *work, c *Conversation, in channels.Inbound) {
	via := in.Envelope.Via
	if in.Historical || via == "" || via == c.Via || !isAddressedBy(w, c, in) {
		return
	}
	if isFoundLate(w.DatabaseNow, w.Event, in) && hasWrittenSince(w, c, saidAt(w.Writer, in)) {
		return
	}

	c.Via = via
	c.Touch()
}

// isAddressedBy reports whether the customer wrote a message to our address. Among mails it excludes automatic
// ones, those by people who get no replies, and blind copies, which don't name our address.
func isAddressedBy(w *work, c *Conversation, in channels.Inbound) bool {
	if c.Exclusive {
		return true // a chat
	}
	return in.Automatic == "" && !in.Envelope.Blind && !w.People.IsNewcomer(c, in.From.Key)
}

// hasWrittenSince reports whether a customer has written after a time. If none of the latest messages is the customer's,
// it reports whether anything was said after that time.
func hasWrittenSince(w *work, c *Conversation, at time.Time) bool {
	isByCustomer := func(m store.Message) bool { return m.Direction == store.DirectionIn }
	latest := w.Messages.Latest(c)
	if !slices.ContainsFunc(latest, isByCustomer) {
		return c.LastAt.After(w.ByParleysClock(at))
	}
	return slices.ContainsFunc(latest, func(m store.Message) bool { return isByCustomer(m) && m.SaidAt.After(at) })
}
