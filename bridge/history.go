package bridge

import "time"

// History is a page of what was done to a conversation, the newest first.
type History struct {
	Rows []LogRow
	Page int  // 0 is the newest
	More bool // there are older ones

	OnlyNotes bool // it lists notes alone
}

// LogRow is one line of a conversation's history.
type LogRow struct {
	At     time.Time
	Actor  string // an agent's name, "Customer" or "Parley"
	What   string // what was done: "assigned", "resolved"
	Detail string // tags, names or a note with which it was done, or else why; "" means there is none

	// IsChosen means that a person chose the words of Detail. Otherwise Detail is a Why, as it is stored. Rows
	// that earlier versions wrote don't have it.
	IsChosen bool `json:",omitempty"`
}
