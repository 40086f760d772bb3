package solved

// Statements whose plans are checked.
const (
	LikeSQL    = likeText
	TakeDueSQL = takeDue
	DropOldSQL = dropOld
)
