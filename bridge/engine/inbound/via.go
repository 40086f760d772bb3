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
	said := in.At
	if said.IsZero() {
		said = e.ReceivedAt
	}
	return namesAddress && !caps.Threads && databaseNow.Sub(said) > lateAfter
}

// noteVia notes to which of our own addresses the customer of a chat wrote last: answers leave from that one. A message that was
// found late says nothing of it if the customer has said something since.
func noteVia(it *UseCases, c *book.Conversation, in channels.Inbound) {
	via := in.Envelope.Via
	if !c.Exclusive || in.Historical || via == "" || via == c.Via {
		return
	}

	isLate := NeedsLatest(it.Caps(c.AccountID), it.DatabaseNow, it.Event, in)
	if isLate && hasWrittenSince(it, c, saidAt(it.Writer, in)) {
		return
	}

	c.Via = via
	c.Touch()
}

// hasWrittenSince reports whether a customer has written after a time. If the latest messages are all by agents, it goes by when
// anything was said last: then the number to which the customer is known to have written stays.
func hasWrittenSince(it *UseCases, c *book.Conversation, at time.Time) bool {
	isByCustomer := func(m store.Message) bool { return m.Direction == store.DirectionIn }
	if !slices.ContainsFunc(c.Last, isByCustomer) {
		return c.LastAt.After(it.ByParleysClock(at))
	}
	return slices.ContainsFunc(c.Last, func(m store.Message) bool { return isByCustomer(m) && m.SaidAt.After(at) })
}
