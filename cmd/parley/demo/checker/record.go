package checker

import "slices"

// Record is what Parley's own database says of a message.
type Record struct {
	Fate     string
	Reason   string
	Delivery string // state; "" means there is none
	Attempt  int
	Held     bool // it waits for its time
	Error    string
}

// needsPerson reports whether Parley waits for a person to decide.
func (r *Record) needsPerson() bool {
	return slices.Contains([]string{"ask", "parked", "unclear"}, r.Fate) || r.Delivery == "needs_decision"
}

// isSentByPerson reports whether a person's click sent the message.
func (r *Record) isSentByPerson() bool { return r.Reason == "clicked" || r.Reason == "revived" }

// isTakenBack reports whether Parley took a message back, or dropped it, as its author wanted. What counts as deleted must be gone.
func (r *Record) isTakenBack(isDeleted bool) bool {
	isUndone := r.Fate == "undone" && (isDeleted || r.Reason != "deleted")
	return isUndone || r.Fate == "dropped"
}
