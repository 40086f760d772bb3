package retention

// What retention asks, for tests that look at its plans.
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
