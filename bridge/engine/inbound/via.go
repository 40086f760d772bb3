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

// NeedsLatest reports whether the latest messages have to be read for an inbound: it names the one of our own addresses to which the
// customer of a chat wrote, and was found late. See hasWrittenSince.
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

// noteOwnAddress notes to which of our own addresses the customer wrote last: answers leave from that one. A message that was found late
// doesn't count if the customer has written since.
func noteOwnAddress(it *UseCases, c *book.Conversation, in channels.Inbound) {
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

// isAddressedBy reports whether a message was written to our address by the customer. Of mails it leaves out those of machines and of
// people who get no replies, and blind copies, which don't name our address.
func isAddressedBy(it *UseCases, c *book.Conversation, in channels.Inbound) bool {
	if c.Exclusive {
		return true // a chat
	}
	return in.Automatic == "" && !in.Envelope.Blind && !it.People.IsNewcomer(c, in.From.Key)
}

// hasWrittenSince reports whether a customer has written after a time. If the latest messages aren't loaded, or are all by agents, it
// reports whether anything was said after that time.
func hasWrittenSince(it *UseCases, c *book.Conversation, at time.Time) bool {
	isByCustomer := func(m store.Message) bool { return m.Direction == store.DirectionIn }
	if !slices.ContainsFunc(c.Last, isByCustomer) {
		return c.LastAt.After(it.ByParleysClock(at))
	}
	return slices.ContainsFunc(c.Last, func(m store.Message) bool { return isByCustomer(m) && m.SaidAt.After(at) })
}
