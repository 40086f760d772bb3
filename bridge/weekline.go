package bridge

import "time"

// This file has the content of the private answer to the command "!stats": a team's figures of the last seven days.

// StatsLine has the figures of an agent's teams.
type StatsLine struct {
	Weeks   []TeamWeek `json:",omitempty"`
	Left    int        `json:",omitempty"` // the number of the agent's teams that are not in Weeks
	Missing bool       `json:",omitempty"` // the figures are still incomplete
}

// Kind implements LineContent.
func (*StatsLine) Kind() LineKind { return LineStats }

// TeamWeek has the figures of one team.
type TeamWeek struct {
	SevenDays

	Team string `json:",omitempty"` // "" means all teams together
	Link string `json:",omitempty"` // the same figures on the dashboard; "" if the dashboard has no public address
}

// SevenDays are the figures of seven past days, and of the customers who are waiting now.
type SevenDays struct {
	From, To   string        `json:",omitempty"` // the first and the last day, yyyy-mm-dd
	Week       WeekFigures   `json:",omitzero"`
	Before     WeekFigures   `json:",omitzero"`  // of the seven days before
	Waiting    int           `json:",omitempty"` // the number of customers who are waiting for an answer
	Unassigned int           `json:",omitempty"` // how many of them have a conversation without an owner
	Longest    time.Duration `json:",omitempty"` // the longest time that one of them has been waiting
}

// WeekFigures are counts of conversations and answers in seven days, with mean times in business hours.
type WeekFigures struct {
	New      int64         `json:",omitempty"`
	Reopened int64         `json:",omitempty"`
	Resolved int64         `json:",omitempty"`
	Answers  int64         `json:",omitempty"` // the number of first answers
	Further  int64         `json:",omitempty"` // the number of later answers
	First    time.Duration `json:",omitempty"` // mean time to the first answer
	Next     time.Duration `json:",omitempty"` // mean time to a later answer
	Ended    time.Duration `json:",omitempty"` // mean time to the resolution
	Medians  *WeekMedians  `json:",omitempty"` // nil in lines of versions without medians
}

// WeekMedians are median times in business hours. A negative one means that there is no value.
type WeekMedians struct {
	First time.Duration // to the first answer
	Next  time.Duration // to a later answer
	Ended time.Duration // to the resolution
}

// MedianKnown reports whether enough single times are stored to calculate a median for all times of a period. single is
// their number, and summed is the number of times in the period's sum. Single times are missing for days from before
// medians were introduced, and while all figures are recalculated. One in twenty may be missing, because the single times
// of erased conversations are deleted.
func MedianKnown(single, summed int64) bool { return 20*single >= 19*summed }
