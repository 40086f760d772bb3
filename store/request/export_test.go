package request

// Statements whose plans are checked.
const (
	ClaimSQL   = claimRequests
	FinishSQL  = finishRequest
	DropOldSQL = dropOld
)
