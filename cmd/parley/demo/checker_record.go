package demo

import "slices"

// Record is what Parley's own database says of a message.
type Record struct {
	Fate     string // of the message, such as "out" or "inside"
	Reason   string // of its fate
	Delivery string // the state of its delivery; "" means there is none
	Attempt  int    // how often it was tried
	Held     bool   // it waits until its hold ends
	Error    string // of the last attempt
}

// needsPerson reports whether Parley waits for a person to decide.
func (r *Record) needsPerson() bool {
	return slices.Contains([]string{"ask", "parked", "unclear"}, r.Fate) || r.Delivery == "needs_decision"
}

// isSentByPerson reports whether a person's click sent the message.
func (r *Record) isSentByPerson() bool { return r.Reason == "clicked" || r.Reason == "revived" }

// isTakenBack reports whether Parley took a message back, or dropped it, as its author wanted. A message that Parley took
// back because it was deleted must be gone.
func (r *Record) isTakenBack(isDeleted bool) bool {
	isUndone := r.Fate == "undone" && (isDeleted || r.Reason != "deleted")
	return isUndone || r.Fate == "dropped"
}
