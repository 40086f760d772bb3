package bridge

import "time"

// WokenBy says what ended a snooze.
type WokenBy string

// What ends a snooze; "" means a person did.
const (
	WokenByCustomer WokenBy = "customer"
	WokenByTime     WokenBy = "time"
	WokenUnanswered WokenBy = "unanswered" // its time was over, and the customer has written since it was set
)

// WokeLine says what ended the snooze.
type WokeLine struct {
	Cause WokenBy `json:"Reason,omitempty"`
}

// Kind implements LineContent.
func (*WokeLine) Kind() LineKind { return LineWoke }

// SnoozedLine says until when.
type SnoozedLine struct {
	Until time.Time
}

// Kind implements LineContent.
func (*SnoozedLine) Kind() LineKind { return LineSnoozed }
