package bridge

import "time"

// This file has the contents of two lines with a team's figures of the last seven days: the weekly line in the team's
// channel, and the private answer to "!stats".

// WeekLine tells a team how its last seven days were.
type WeekLine struct {
	SevenDays

	Team string          `json:"Text,omitempty"`
	Rows []Facts         `json:",omitempty"` // the conversations that waited longest for their first answer
	Took []time.Duration `json:",omitempty"` // how long each of Rows waited, in the same order

	Missing bool `json:",omitempty"` // not everything is counted yet
}

// Kind implements LineContent.
func (*WeekLine) Kind() LineKind { return LineWeek }

// StatsLine tells one agent how the last seven days of their teams were.
type StatsLine struct {
	Weeks   []TeamWeek `json:",omitempty"`
	Left    int        `json:",omitempty"` // how many more teams the agent is in
	Missing bool       `json:",omitempty"` // not everything is counted yet
}

// Kind implements LineContent.
func (*StatsLine) Kind() LineKind { return LineStats }

// TeamWeek is how the last seven days of one team were.
type TeamWeek struct {
	SevenDays

	Team string `json:",omitempty"` // "" means of all teams together
	Link string `json:",omitempty"` // leads to the same figures on the dashboard; "" means it has no public address
}

// SevenDays are figures of seven days that are over, and who waits now.
type SevenDays struct {
	From, To   string        `json:",omitempty"` // the first and the last day, yyyy-mm-dd
	Week       WeekFigures   `json:",omitzero"`
	Before     WeekFigures   `json:",omitzero"`  // of the seven days before
	Waiting    int           `json:",omitempty"` // customers who wait for an answer now
	Unassigned int           `json:",omitempty"` // of them, those whose conversation nobody has
	Longest    time.Duration `json:",omitempty"` // how long the customer has waited who has waited longest
}

// WeekFigures are what was done in seven days. Times are averages, in business hours.
type WeekFigures struct {
	New      int64         `json:",omitempty"`
	Reopened int64         `json:",omitempty"`
	Resolved int64         `json:",omitempty"`
	Answers  int64         `json:",omitempty"` // first answers
	Further  int64         `json:",omitempty"` // next answers
	First    time.Duration `json:",omitempty"` // until the first answer
	Next     time.Duration `json:",omitempty"` // until a next answer
	Ended    time.Duration `json:",omitempty"` // until it was resolved
	Medians  *WeekMedians  `json:",omitempty"` // nil in lines of versions that did not know them
}

// WeekMedians are times in business hours within which half of what was done in seven days was done. A negative one
// means that none was done.
type WeekMedians struct {
	First time.Duration
	Next  time.Duration
	Ended time.Duration
}

// MedianKnown reports whether the median of single times is good enough for all times that were summed up. Of some
// times only the sum is known: of days that were counted before there were medians, or while everything is counted
// again. One in twenty may be missing, because the single times of erased conversations always are.
func MedianKnown(single, summed int64) bool { return 20*single >= 19*summed }
