package bridge

import "time"

// A Line is a remark of Parley's own in a conversation's thread. This file has the contents of the lines about a message
// that an agent typed: it was kept inside (among colleagues), is waiting, or failed. For example, a FailedLine becomes
//
//	⚠️ @Ann Not delivered: Carla Diaz did not get this. The mailbox is full. Try another address.
//
// A parked reply is one that can't be sent now. It waits until the reply window opens, in which the provider allows free
// text to the customer, or until somebody decides about it.

// AskLine asks the author whether a text is meant for the customer. If the line's Verb is VerbUnknown, the text began like
// a command that doesn't exist.
type AskLine struct {
	Why   Why    `json:"Reason,omitzero"`
	Hint  string `json:",omitempty"` // what to do next; "" means the default words
	Meant *Meant `json:",omitempty"` // the verb that was probably meant, offered as the first button
}

// Kind implements LineContent.
func (*AskLine) Kind() LineKind { return LineAsk }

// InsideLine reports why a text was kept inside.
type InsideLine struct {
	Why  Why    `json:"Reason,omitzero"`
	Hint string `json:",omitempty"` // what to do next
}

// Kind implements LineContent.
func (*InsideLine) Kind() LineKind { return LineInside }

// ParkedLine reports why a reply is parked.
type ParkedLine struct {
	Why   Why       `json:"Reason,omitzero"`
	Until time.Time `json:",omitzero"`  // ReasonWindow: when the window closed; zero if it was never open or only the provider knows
	Hint  string    `json:",omitempty"` // ReasonWindow: the provider's explanation; otherwise what to do next
}

// Kind implements LineContent.
func (*ParkedLine) Kind() LineKind { return LineParked }

// OfferedLine offers to send a reply that was parked until the reply window opened.
type OfferedLine struct {
	Until    time.Time `json:",omitzero"`      // until when the window is open
	Provider string    `json:"Hint,omitempty"` // the provider's explanation when it refused the reply
}

// Kind implements LineContent.
func (*OfferedLine) Kind() LineKind { return LineOffered }

// FailedLine reports that a reply was not delivered.
type FailedLine struct {
	Trouble string `json:"Reason,omitempty"` // in the words of the server that refused it
	Hint    string `json:",omitempty"`       // what to do next; "" means the default words
	// Recipient is set if the line is about one of several recipients. The line then says nothing about the reply as a
	// whole, whose result another line may report.
	Recipient string `json:",omitempty"`
	Missed    string `json:",omitempty"` // the only one of several addresses that is known not to have got it
	Copied    bool   `json:",omitempty"` // Recipient was in copy
	Sent      bool   `json:",omitempty"` // with Copied: the reply already counted as sent when the line was made
}

// Kind implements LineContent.
func (*FailedLine) Kind() LineKind { return LineFailed }

// RetryingLine reports that attempts to send a reply keep failing, and continue.
type RetryingLine struct {
	Since   time.Time `json:",omitzero"`        // time of the first attempt
	Trouble string    `json:"Reason,omitempty"` // what failed
	Hint    string    `json:",omitempty"`       // what to do next; "" means the default words
}

// Kind implements LineContent.
func (*RetryingLine) Kind() LineKind { return LineRetrying }

// DelayedLine reports that the recipient's server has accepted a mail but not delivered it yet, and keeps trying.
type DelayedLine struct {
	Trouble   string `json:"Reason,omitempty"` // what the server says
	Recipient string `json:",omitempty"`       // the address concerned; "" means the customer's
}

// Kind implements LineContent.
func (*DelayedLine) Kind() LineKind { return LineDelayed }

// UnclearLine reports that the result of sending a reply is unknown, for example because a connection broke before the
// server answered.
type UnclearLine struct {
	Trouble string `json:"Reason,omitempty"` // what failed
	Hint    string `json:",omitempty"`       // what to do next; "" means the default words
}

// Kind implements LineContent.
func (*UnclearLine) Kind() LineKind { return LineUnclear }

// EditLateLine reports that an agent edited a reply after it was sent, or while it was being sent. The lists hold the names
// of files that the edit added or removed, by what happened to each.
type EditLateLine struct {
	OnlyFiles bool     `json:",omitempty"` // the text did not change
	Unclear   bool     `json:",omitempty"` // it is unknown whether the customer has the earlier text
	Left      []string `json:",omitempty"` // removed, but the customer has them
	Leaving   []string `json:",omitempty"` // removed, but it was too late to stop them
	Failed    []string `json:",omitempty"` // removed; they may have failed, and would be sent if the reply is sent again
	Stopped   []string `json:",omitempty"` // removed before they were sent
	Added     []string `json:",omitempty"` // added, and not sent

	// Earlier is the text that the customer has. It is set when a correction is sent; Line.Text is then the text of the
	// correction.
	Earlier string `json:",omitempty"`
}

// Kind implements LineContent.
func (*EditLateLine) Kind() LineKind { return LineEditLate }

// DeleteLateLine reports that an agent deleted a reply after it was sent.
type DeleteLateLine struct {
	Unclear bool `json:",omitempty"` // it is unknown whether the customer has it
}

// Kind implements LineContent.
func (*DeleteLateLine) Kind() LineKind { return LineDeleteLate }

// UndoneLine reports that a reply was taken back before it was sent. Why is ReasonUndone after a plain Undo.
type UndoneLine struct {
	Why Why `json:"Reason,omitzero"`
}

// Kind implements LineContent.
func (*UndoneLine) Kind() LineKind { return LineUndone }

// TopLevelLine answers a text that was typed outside all threads.
type TopLevelLine struct {
	Rows []Facts `json:",omitempty"` // the conversations for which the text may be meant
}

// Kind implements LineContent.
func (*TopLevelLine) Kind() LineKind { return LineTopLevel }

// TextsLine warns that the provider will count a long reply as several text messages.
type TextsLine struct {
	Count  int  `json:",omitempty"`
	Joined bool `json:",omitempty"` // Count includes further messages of the author, which are sent together with the reply
}

// Kind implements LineContent.
func (*TextsLine) Kind() LineKind { return LineTexts }

// PartsLine reports as how many text messages the provider counted a sent reply.
type PartsLine struct {
	Count int `json:"Text,string"`
}

// Kind implements LineContent.
func (*PartsLine) Kind() LineKind { return LineParts }
