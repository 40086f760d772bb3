package own

import (
	"strconv"
	"strings"

	"parley/bridge"
	"parley/bridge/analysis"
)

// Ask is what a text is asked for with: it waits in a row (store/request), and comes back with the answer.
type Ask struct {
	Task        analysis.Task  `json:"task"`
	Language    string         `json:"language,omitempty"` // as analysis.Request has it
	Style       string         `json:"style,omitempty"`    // Rephrase: one of analysis.Styles
	Text        string         `json:"text,omitempty"`     // the draft or the question; "" with Translate = what the customer wrote last
	Asker       Asker          `json:"asker,omitzero"`     // who asked; zero means Parley did by itself
	Occasion    Occasion       `json:"occasion,omitempty"` // why Parley asked; "" means a person asked
	From        bridge.EventID `json:"from,omitempty"`     // OnMessage: the events of what is translated
	UpTo        bridge.EventID `json:"up_to,omitempty"`
	MinMessages int            `json:"least,omitempty"`     // how many messages there must be, or nothing is written
	After       bridge.EventID `json:"after,omitempty"`     // the event up to which the last summary goes; 0 if there is none, or nobody knows
	MinNew      int            `json:"least_new,omitempty"` // how many messages there must be after After
}

// Asker is who asked for a text, and where.
type Asker struct {
	Agent   bridge.AgentID     `json:"agent,omitempty"`
	Surface bridge.AccountID   `json:"surface,omitempty"`
	User    bridge.SurfaceUser `json:"user,omitempty"`
	Place   bridge.Place       `json:"place,omitzero"`
}

// Occasion is why Parley asks for a text by itself.
type Occasion string

// Occasions.
const (
	OnMessage  Occasion = "message"   // the customer wrote in another language than the team's
	OnHandOver Occasion = "hand_over" // somebody else gets the conversation
	OnResolve  Occasion = "resolve"
)

// WrittenText is a text that was asked for.
type WrittenText struct {
	Ask       *Ask           `json:"ask,omitempty"`
	Written   *analysis.Text `json:"written,omitempty"`    // nil means there is none: Class says why
	Covered   int            `json:"covered,omitempty"`    // messages of the conversation that it was made of
	CoveredTo bridge.EventID `json:"covered_to,omitempty"` // the event of the last of them; 0 in facts of earlier versions
}

// summedUpPrefix begins what SummedUpTo returns. Earlier versions kept a bare number: of how many messages a summary was made.
const summedUpPrefix = "event:"

// SummedUpTo returns the value of bridge.TraitSummedUp that says up to which event the latest summary goes.
func SummedUpTo(event bridge.EventID) string {
	return summedUpPrefix + strconv.FormatInt(int64(event), 10)
}

// ReadSummedUp reads a value of bridge.TraitSummedUp: the event up to which the latest summary goes or, where an earlier version
// has made it, of how many messages it was made. Both are 0 if there is none.
func ReadSummedUp(value string) (event bridge.EventID, messages int) {
	number, isEvent := strings.CutPrefix(value, summedUpPrefix)
	n, err := strconv.ParseInt(number, 10, 64)
	switch {
	case err != nil:
		return 0, 0
	case isEvent:
		return bridge.EventID(n), 0
	}
	return 0, int(n)
}

// Classes of a fact Written without a text.
const (
	NeedsModel  = "needs_model"  // only a model could write it
	LeftOut     = "left_out"     // what a model wrote could not be shown
	SwitchedOff = "switched_off" // nothing of the conversation may be sent to a model
	NoText      = "no_text"      // there is nothing to be worked on
	NoAnswer    = "no_answer"    // the model gave none
	NoTokens    = "no_tokens"    // the model may not be asked any more today
)
