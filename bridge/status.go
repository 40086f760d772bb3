package bridge

import "parley/store"

// AccountMode says to whom an account may send.
type AccountMode = store.Mode

// Modes: the account sends to nobody (watch), to chosen addresses (trial), or to every customer (live).
const (
	ModeWatch = store.ModeWatch
	ModeTrial = store.ModeTrial
	ModeLive  = store.ModeLive
)

// Fate says what became of a message.
type Fate = store.Fate

// Fates of what an agent wrote. Package store says what each means.
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

// Status of a conversation.
type Status string

// Statuses.
const (
	StatusOpen     Status = "open"     // it has owners, or waits for somebody to take it
	StatusPending  Status = "pending"  // it waits for the customer
	StatusSnoozed  Status = "snoozed"  // it comes back at Times.SnoozedUntil
	StatusResolved Status = "resolved" // it is over; it can be reopened
	StatusClosed   Status = "closed"   // it is over for good: what the customer writes next begins another one
)

// CloseErased is the Facts.CloseReason of a conversation whose customer was erased.
const CloseErased = "erased"

// Open reports whether the conversation is not over: it is open, pending or snoozed.
func (s Status) Open() bool {
	switch s {
	case StatusOpen, StatusPending, StatusSnoozed:
		return true
	default:
		return false
	}
}
