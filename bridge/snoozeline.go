package bridge

import "time"

// WokenBy says what ended a snooze, which hides a conversation until a time.
type WokenBy string

// The ends of a snooze. "" means that a person ended it.
const (
	WokenByCustomer WokenBy = "customer"
	WokenByTime     WokenBy = "time"
	WokenUnanswered WokenBy = "unanswered" // its time was over, and the customer has written since it was set
)

// WokeLine is the content of a line that says what ended a conversation's snooze.
type WokeLine struct {
	Cause WokenBy `json:"Reason,omitempty"`
}

// Kind implements LineContent.
func (*WokeLine) Kind() LineKind { return LineWoke }

// SnoozedLine is the content of a line that says until when a conversation is snoozed.
type SnoozedLine struct {
	Until time.Time
}

// Kind implements LineContent.
func (*SnoozedLine) Kind() LineKind { return LineSnoozed }
