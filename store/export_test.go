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
	FenceSQL         = fence
	FinishDelivSQL   = finishDeliveries
	FinishLanesSQL   = finishLanes
	FindPostsSQL     = findPosts
	FindExternalSQL  = findExternalIDs
	LockConvSQL      = lockConversations
	LatestOfSQL      = latestOfIdentities
	SuccessorsSQL    = successors
)
