package solved

// Statements whose plans are checked.
const (
	LikeSQL    = likeText
	ReadDueSQL = readDue
	TakeDueSQL = takeDue
	DropOldSQL = dropOld
)
