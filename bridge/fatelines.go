package bridge

import "time"

// The structs in this file are the contents of lines about what became of a message that an agent typed: it stayed
// inside, was sent, failed, or waits. See Line. A reply is "parked" if it can't leave now: it waits until the
// provider's window for free text ("reply window") opens, or a person decides.

// AskLine asks the author whether a text is for the customer. If the line's Verb is VerbUnknown, the text began like
// a command that doesn't exist.
type AskLine struct {
	Why   Why    `json:"Reason,omitzero"`
	Hint  string `json:",omitempty"` // what to do next, in place of the usual words
	Meant *Meant `json:",omitempty"` // the verb that was probably meant, as the first button
}

// Kind implements LineContent.
func (*AskLine) Kind() LineKind { return LineAsk }

// InsideLine says why a text stayed inside.
type InsideLine struct {
	Why  Why    `json:"Reason,omitzero"`
	Hint string `json:",omitempty"` // what to do next
}

// Kind implements LineContent.
func (*InsideLine) Kind() LineKind { return LineInside }

// ParkedLine says why a reply can't leave now. It is kept.
type ParkedLine struct {
	Why   Why       `json:"Reason,omitzero"`
	Until time.Time `json:",omitzero"`  // of ReasonWindow: when it closed; zero means it was never open, or only the provider knows
	Hint  string    `json:",omitempty"` // what the provider said of the window, or what to do next
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
	Trouble string `json:"Reason,omitempty"` // in the words of whoever refused it
	Hint    string `json:",omitempty"`       // what to do next, in place of the usual words
	// Recipient is the address that the line is about, if it is about this one alone; "" means all of them. Whether
	// the reply as a whole counts as sent isn't said here then. If anything says it, another line does.
	Recipient string `json:",omitempty"`
	Missed    string `json:",omitempty"` // the one address of several that did not get it; the others may have it
	Copied    bool   `json:",omitempty"` // Recipient was to get a copy
	Sent      bool   `json:",omitempty"` // with Copied: the reply counted as sent when this was told
}

// Kind implements LineContent.
func (*FailedLine) Kind() LineKind { return LineFailed }

// RetryingLine says why a reply is not out yet.
type RetryingLine struct {
	Since   time.Time `json:",omitzero"`        // the first attempt
	Trouble string    `json:"Reason,omitempty"` // what failed
	Hint    string    `json:",omitempty"`       // what to do next, in place of the usual words
}

// Kind implements LineContent.
func (*RetryingLine) Kind() LineKind { return LineRetrying }

// DelayedLine says that the recipient's server has not delivered a mail yet, and goes on trying.
type DelayedLine struct {
	Trouble   string `json:"Reason,omitempty"` // what the server says
	Recipient string `json:",omitempty"`       // the address that doesn't have it yet; "" means the customer's
}

// Kind implements LineContent.
func (*DelayedLine) Kind() LineKind { return LineDelayed }

// UnclearLine says why nobody knows whether the customer got a reply.
type UnclearLine struct {
	Trouble string `json:"Reason,omitempty"` // what failed
	Hint    string `json:",omitempty"`       // what to do next, in place of the usual words
}

// Kind implements LineContent.
func (*UnclearLine) Kind() LineKind { return LineUnclear }

// EditLateLine says what became of the files that an edit changed after a reply was sent, or while it was under way.
type EditLateLine struct {
	OnlyFiles bool     `json:",omitempty"` // the text is the same
	Unclear   bool     `json:",omitempty"` // nobody knows whether Customer has the earlier text
	Left      []string `json:",omitempty"` // names of removed files that Customer has
	Leaving   []string `json:",omitempty"` // removed files that could not be stopped, though perhaps they had not left
	Failed    []string `json:",omitempty"` // removed files that perhaps failed, and leave if the reply is sent again
	Stopped   []string `json:",omitempty"` // removed files that had not left
	Added     []string `json:",omitempty"` // added files; they didn't leave

	// Earlier is the text that Customer has. It is set once the line shows what became of the correction, whose text then is Line.Text.
	Earlier string `json:",omitempty"`
}

// Kind implements LineContent.
func (*EditLateLine) Kind() LineKind { return LineEditLate }

// DeleteLateLine says that a reply was deleted when it was too late.
type DeleteLateLine struct {
	Unclear bool `json:",omitempty"` // nobody knows whether Customer has it
}

// Kind implements LineContent.
func (*DeleteLateLine) Kind() LineKind { return LineDeleteLate }

// UndoneLine says that a reply was taken back before it left. Why is set if By did not simply undo it.
type UndoneLine struct {
	Why Why `json:"Reason,omitzero"`
}

// Kind implements LineContent.
func (*UndoneLine) Kind() LineKind { return LineUndone }

// TopLevelLine offers the conversations for which a text that was typed outside all threads may have been meant.
type TopLevelLine struct {
	Rows []Facts `json:",omitempty"`
}

// Kind implements LineContent.
func (*TopLevelLine) Kind() LineKind { return LineTopLevel }

// TextsLine says as how many text messages the provider counts a long reply.
type TextsLine struct {
	Count  int  `json:",omitempty"`
	Joined bool `json:",omitempty"` // the reply is counted with the lines that leave as one message with it
}

// Kind implements LineContent.
func (*TextsLine) Kind() LineKind { return LineTexts }

// PartsLine says as how many text messages the provider counted what was sent.
type PartsLine struct {
	Count int `json:"Text,string"`
}

// Kind implements LineContent.
func (*PartsLine) Kind() LineKind { return LineParts }
