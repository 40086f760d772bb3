package inbound

import (
	"slices"
	"time"

	"parley/bridge/engine/book"
	"parley/channels"
	"parley/store"
)

// lateAfter is how long after it was said a customer's message may be applied without counting as found late.
const lateAfter = time.Minute

// NeedsLatest reports whether it matters for an inbound what the customer said last: it names the one of our own addresses to which
// the customer of a chat wrote, and was found late, by a channel or in quarantine.
func NeedsLatest(caps channels.Capabilities, databaseNow time.Time, e store.Event, in channels.Inbound) bool {
	namesAddress := in.Envelope.Via != "" && !in.Historical
	return namesAddress && !caps.Threads && isFoundLate(databaseNow, e, in)
}

// isFoundLate reports whether an inbound is applied long after it was said.
func isFoundLate(databaseNow time.Time, e store.Event, in channels.Inbound) bool {
	said := in.At
	if said.IsZero() {
		said = e.ReceivedAt
	}
	return databaseNow.Sub(said) > lateAfter
}

// noteVia notes to which of our own addresses the customer wrote last: answers leave from that one. A message that was found late
// says nothing of it if something has been said since.
func noteVia(it *UseCases, c *book.Conversation, in channels.Inbound) {
	via := in.Envelope.Via
	if in.Historical || via == "" || via == c.Via || !isAddressedBy(it, c, in) {
		return
	}
	if isFoundLate(it.DatabaseNow, it.Event, in) && hasWrittenSince(it, c, saidAt(it.Writer, in)) {
		return
	}

	c.Via = via
	c.Touch()
}

// isAddressedBy reports whether the address of ours that a message came to is one to which its author wrote as the customer. In mail a
// machine may have written it, somebody who gets no replies, or it names none of our addresses: we have it as a blind copy.
func isAddressedBy(it *UseCases, c *book.Conversation, in channels.Inbound) bool {
	if c.Exclusive {
		return true // a chat
	}
	return in.Automatic == "" && !in.Envelope.Blind && !it.People.IsNewcomer(c, in.From.Key)
}

// hasWrittenSince reports whether a customer has written after a time. If the latest messages aren't loaded, or are all by agents, it
// goes by when anything was said last: then the address to which the customer is known to have written stays.
func hasWrittenSince(it *UseCases, c *book.Conversation, at time.Time) bool {
	isByCustomer := func(m store.Message) bool { return m.Direction == store.DirectionIn }
	if !slices.ContainsFunc(c.Last, isByCustomer) {
		return c.LastAt.After(it.ByParleysClock(at))
	}
	return slices.ContainsFunc(c.Last, func(m store.Message) bool { return isByCustomer(m) && m.SaidAt.After(at) })
}
