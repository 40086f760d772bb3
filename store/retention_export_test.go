package store

// These are the statements of this package, for tests that look at their plans.
const (
	OldEventsSQL     = oldEvents
	RetainOpenSQL    = retainOpen
	EmptyEventsSQL   = emptyEvents
	FreedEventsSQL   = freedEvents
	NextBlobsSQL     = nextBlobs
	DropBlobsSQL     = dropBlobs
	DropReactionsSQL = dropReactions
	SeenOfEventsSQL  = seenOfEvents
	DropEmptiedSQL   = dropEmptied
	DropPassingSQL   = dropDeliveries
	DropLanesSQL     = dropLanes
	DateKeptSQL      = dateKept
	DropEarlySQL     = dropEarly
	DropToldSQL      = dropTold
)
