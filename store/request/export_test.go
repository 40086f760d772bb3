package request

// Statements whose plans are checked.
const (
	AddSQL     = addRequests
	ClaimSQL   = claimRequests
	FinishSQL  = finishRequest
	DropOldSQL = dropOld
)
