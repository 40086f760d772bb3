package bridge

import "time"

// WeekLine tells a team how its last seven days were.
type WeekLine struct {
	Team       string          `json:"Text,omitempty"`
	From, To   string          `json:",omitempty"` // the first and the last day, yyyy-mm-dd
	Week       WeekFigures     `json:",omitzero"`
	Before     WeekFigures     `json:",omitzero"`  // of the seven days before
	Waiting    int             `json:",omitempty"` // customers who wait for an answer now
	Unassigned int             `json:",omitempty"` // of them, those whose conversation nobody has
	Longest    time.Duration   `json:",omitempty"` // how long the one of them has waited who has waited longest
	Rows       []Facts         `json:",omitempty"` // those that waited longest for their first answer
	Took       []time.Duration `json:",omitempty"` // how long, of each of Rows
}

// Kind of its line.
func (*WeekLine) Kind() LineKind { return LineWeek }

// WeekFigures are what was done in seven days. Times are averages, in business hours.
type WeekFigures struct {
	New      int64         `json:",omitempty"`
	Reopened int64         `json:",omitempty"`
	Resolved int64         `json:",omitempty"`
	Answers  int64         `json:",omitempty"` // first answers
	First    time.Duration `json:",omitempty"` // until the first answer
	Ended    time.Duration `json:",omitempty"` // until it was resolved
}
