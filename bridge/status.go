package bridge

import "parley/store"

// This file has the states of accounts, messages and conversations that chats, web pages and the engine have in common.
// Those that the database constrains are defined in package store, and have aliases here so that the other packages need
// not import it.

// AccountMode says to whom an account (a mailbox or phone number) may send.
type AccountMode = store.Mode

// Modes of an account.
const (
	ModeWatch = store.ModeWatch // sends to nobody
	ModeTrial = store.ModeTrial // sends to listed addresses only
	ModeLive  = store.ModeLive  // sends to every customer
)

// Fate is what happened to a message that an agent wrote: it was sent, kept inside (not sent to the customer), and so on.
type Fate = store.Fate

// Fates; see package store.
const (
	FateInside  = store.FateInside
	FateAsk     = store.FateAsk
	FateWaiting = store.FateWaiting
	FateOut     = store.FateOut
	FateFailed  = store.FateFailed
	FateUnclear = store.FateUnclear
	FateParked  = store.FateParked
	FateUndone  = store.FateUndone
	FateDropped = store.FateDropped
)

// Status is the state of a conversation.
type Status string

// Statuses.
const (
	StatusOpen     Status = "open"     // it has owners, or waits for somebody to take it
	StatusPending  Status = "pending"  // it waits for the customer
	StatusSnoozed  Status = "snoozed"  // it is hidden until Times.SnoozedUntil
	StatusResolved Status = "resolved" // it has ended, and can be reopened
	StatusClosed   Status = "closed"   // it has ended for good; the customer's next message starts another one
)

// Statuses returns all statuses.
func Statuses() []Status {
	return []Status{StatusOpen, StatusPending, StatusSnoozed, StatusResolved, StatusClosed}
}

// Values of Facts.CloseReason of conversations that ended by themselves.
const (
	CloseInactivity = "inactivity" // resolved: the customer was silent
	CloseWords      = "keyword"    // resolved: the customer said so
	CloseAbandoned  = "abandoned"  // closed: the customer left
)

// Values of Facts.CloseReason of conversations that agents closed.
const (
	CloseArchived  = "archived"
	CloseBlocked   = "blocked"   // its customer was blocked
	CloseUnblocked = "unblocked" // its customer was blocked, and isn't any more
)

// CloseByAdmin is the Facts.CloseReason of a conversation that an admin closed.
const CloseByAdmin = "admin"

// CloseMerged is the Facts.CloseReason of a conversation that was merged into another one.
const CloseMerged = "merged"

// ClosedHint says how to go on after a conversation was closed for a reason.
func ClosedHint(reason string) string {
	const next = "What the customer writes next starts a new one."
	switch reason {
	case CloseByAdmin:
		return next + " Admins can reopen this one: !reopen"
	case CloseDeleted:
		return "It was deleted. " + next
	case CloseMerged:
		return "It goes on in the conversation that it was merged into. To part them again: !unmerge"
	case CloseArchived:
		return next + " To go on here, its owners or an admin take that back: !unarchive"
	case CloseBlocked:
		return "The customer is blocked: what they write is stored. To take that back: !unblock"
	case CloseAbandoned, CloseUnblocked:
		return next + " To go on here, reopen it: !reopen"
	default:
		return next
	}
}

// CloseDeleted is the Facts.CloseReason of a conversation that an admin deleted. Nothing of it is left but that.
const CloseDeleted = "deleted"

// CloseErased is the Facts.CloseReason of a conversation whose customer's data was erased.
const CloseErased = "erased"

// Open reports whether the conversation has not ended: it is open, pending or snoozed.
func (s Status) Open() bool {
	switch s {
	case StatusOpen, StatusPending, StatusSnoozed:
		return true
	default:
		return false
	}
}
