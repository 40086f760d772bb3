package store

// The statements, for tests that look at their plans.
const (
	ClaimSQL        = claimedRow
	ClaimSharedSQL  = claimShared
	DueGatesSQL     = dueGates
	OtherGatesSQL   = otherGates
	FenceSQL        = fence
	FinishDelivSQL  = finishDeliveries
	FinishLanesSQL  = finishLanes
	DropOldMarksSQL = dropOldMarks
	GiveWaySQL      = giveWay
	HurryCardsSQL   = hurryCards
)

// DeliveryResults gives the arguments of FinishDelivSQL.
var DeliveryResults = deliveryResults
