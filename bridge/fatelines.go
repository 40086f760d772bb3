package bridge

import "time"

// ReasonWindow is why a reply is parked until the reply window is open.
const ReasonWindow = "window"

// AskLine asks its author whether a text is for the customer. With VerbUnknown it began like a command that there isn't.
type AskLine struct {
	Reason string `json:",omitempty"` // why it is asked: a code of Speak, or a sentence
	Hint   string `json:",omitempty"` // what to do next, in place of the usual words
	Meant  *Meant `json:",omitempty"` // the verb that was probably meant, as the first button
}

// Kind implements LineContent.
func (*AskLine) Kind() LineKind { return LineAsk }

// InsideLine says why a text stayed inside.
type InsideLine struct {
	Reason string `json:",omitempty"` // a code of Speak, or a sentence
	Hint   string `json:",omitempty"` // what to do next
}

// Kind implements LineContent.
func (*InsideLine) Kind() LineKind { return LineInside }

// ParkedLine says why a reply is kept.
type ParkedLine struct {
	Reason string    `json:",omitempty"` // a code, or a sentence; ReasonWindow: the reply window is closed
	Until  time.Time `json:",omitzero"`  // when that window closed; zero means it was never open, or only the provider knows
	Hint   string    `json:",omitempty"` // what the provider said of the window, or what to do next
}

// Kind implements LineContent.
func (*ParkedLine) Kind() LineKind { return LineParked }

// OfferedLine offers a reply that was parked for the reply window.
type OfferedLine struct {
	Until    time.Time `json:",omitzero"`      // until when the window is open
	Provider string    `json:"Hint,omitempty"` // what the provider said when it refused the reply
}

// Kind implements LineContent.
func (*OfferedLine) Kind() LineKind { return LineOffered }

// FailedLine says why the customer did not get a reply, or with Recipient, why one of several recipients did not.
type FailedLine struct {
	Reason string `json:",omitempty"` // in the words of whoever refused it
	Hint   string `json:",omitempty"` // what to do next, in place of the usual words
	// Recipient is the address that the line is about, if it is about this one alone. Whether the reply counts as sent, and what
	// may be done with it, another line tells, or none.
	Recipient string `json:",omitempty"`
	Missed    string `json:",omitempty"` // the address that did not get it, if it went to several: the others may have it
	Copied    bool   `json:",omitempty"` // Recipient was to get a copy
	Sent      bool   `json:",omitempty"` // with Copied: the reply counted as sent when this was told
}

// Kind implements LineContent.
func (*FailedLine) Kind() LineKind { return LineFailed }

// RetryingLine says why a reply is not out yet.
type RetryingLine struct {
	Since  time.Time `json:",omitzero"`  // the first attempt
	Reason string    `json:",omitempty"` // what failed
	Hint   string    `json:",omitempty"` // what to do next, in place of the usual words
}

// Kind implements LineContent.
func (*RetryingLine) Kind() LineKind { return LineRetrying }

// DelayedLine says what the other side tells of the delay.
type DelayedLine struct {
	Reason    string `json:",omitempty"`
	Recipient string `json:",omitempty"` // the address of who doesn't have it yet; "" means the customer
}

// Kind implements LineContent.
func (*DelayedLine) Kind() LineKind { return LineDelayed }

// UnclearLine says why nobody knows whether the customer got a reply.
type UnclearLine struct {
	Reason string `json:",omitempty"` // what failed
	Hint   string `json:",omitempty"` // what to do next, in place of the usual words
}

// Kind implements LineContent.
func (*UnclearLine) Kind() LineKind { return LineUnclear }

// EditLateLine says what became of the files that an edit changed after a reply was sent, or while it was under way.
type EditLateLine struct {
	OnlyFiles bool     `json:",omitempty"` // the text is the same
	Unclear   bool     `json:",omitempty"` // nobody knows whether Customer has the earlier text
	Left      []string `json:",omitempty"` // names of removed files that Customer has
	Leaving   []string `json:",omitempty"` // of removed files that could not be stopped, though they had perhaps not left
	Failed    []string `json:",omitempty"` // of removed files that failed, perhaps, and leave if the reply is sent again
	Stopped   []string `json:",omitempty"` // of removed files that had not left
	Added     []string `json:",omitempty"` // of added files, which didn't leave
}

// Kind implements LineContent.
func (*EditLateLine) Kind() LineKind { return LineEditLate }

// DeleteLateLine says that a reply was deleted when it was too late.
type DeleteLateLine struct {
	Unclear bool `json:",omitempty"` // nobody knows whether Customer has it
}

// Kind implements LineContent.
func (*DeleteLateLine) Kind() LineKind { return LineDeleteLate }

// UndoneLine says why a reply was taken back, where By did not simply undo it.
type UndoneLine struct {
	Reason string `json:",omitempty"` // a code, or a sentence
}

// Kind implements LineContent.
func (*UndoneLine) Kind() LineKind { return LineUndone }

// TopLevelLine offers the conversations in which a text in the channel may have been meant.
type TopLevelLine struct {
	Rows []Facts `json:",omitempty"`
}

// Kind implements LineContent.
func (*TopLevelLine) Kind() LineKind { return LineTopLevel }

// TextsLine says as how many texts the provider counts a reply.
type TextsLine struct {
	Count  int  `json:",omitempty"`
	Joined bool `json:",omitempty"` // the reply is counted with the lines that leave as one message with it
}

// Kind implements LineContent.
func (*TextsLine) Kind() LineKind { return LineTexts }

// PartsLine says as how many texts the provider counted a message.
type PartsLine struct {
	Count int `json:"Text,string"`
}

// Kind implements LineContent.
func (*PartsLine) Kind() LineKind { return LineParts }
