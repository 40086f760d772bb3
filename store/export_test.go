package store

// The hot statements, for tests that look at their plans.
const (
	ClaimSQL         = claim
	DueGatesSQL      = dueGates
	PendingEventsSQL = pendingEvents
	LockLanesSQL     = lockLanes
	DeliveriesOfSQL  = deliveriesOf
	LatestSQL        = latestMessages
	FireTimersSQL    = fireTimers
)
