package engine

import (
	"strconv"
	"strings"

	"parley/bridge"
	"parley/bridge/analysis"
)

// This file defines the stored format of requests to a language model. For example, an agent asks for a summary with "!ai". The
// request (Ask) waits in the table of store/request; a background job has the text written, and records a fact with the request and
// the text (WrittenText). All of it is stored as JSON, whose keys must not change.

// Ask is a request for a text: a summary, a translation, a rephrased draft, or the answer to a question.
type Ask struct {
	Task        analysis.Task  `json:"task"`
	Language    string         `json:"language,omitempty"` // see analysis.Request
	Style       string         `json:"style,omitempty"`    // of Rephrase: one of analysis.Styles
	Text        string         `json:"text,omitempty"`     // the draft or the question; for Translate, "" means the customer's latest text
	Asker       Asker          `json:"asker,omitzero"`     // zero if Parley itself made the request
	Others      []Asker        `json:"others,omitempty"`   // who made the same request before it was answered; see package store/request
	Occasion    Occasion       `json:"occasion,omitempty"` // why Parley made the request; "" if a person did
	From        bridge.EventID `json:"from,omitempty"`     // of OnMessage: the first and the last event to translate
	UpTo        bridge.EventID `json:"up_to,omitempty"`
	MinMessages int            `json:"least,omitempty"`     // nothing is written if the conversation has fewer messages
	After       bridge.EventID `json:"after,omitempty"`     // the last event that the previous summary covers; 0 if unknown
	MinNew      int            `json:"least_new,omitempty"` // nothing is written if there are fewer messages after After
}

// Asker is the agent who requested a text, and where the request was made.
type Asker struct {
	Agent   bridge.AgentID     `json:"agent,omitempty"`
	Surface bridge.AccountID   `json:"surface,omitempty"`
	User    bridge.SurfaceUser `json:"user,omitempty"`
	Place   bridge.Place       `json:"place,omitzero"`
}

// Occasion is the reason for which Parley itself requests a text.
type Occasion string

// Occasions.
const (
	OnMessage  Occasion = "message"   // the customer wrote in a language other than the team's
	OnHandOver Occasion = "hand_over" // the conversation is handed to another team or agent
	OnResolve  Occasion = "resolve"
)

// WrittenText is the result of a request.
type WrittenText struct {
	Ask       *Ask           `json:"ask,omitempty"`
	Written   *analysis.Text `json:"written,omitempty"`    // nil if nothing was written: Fact.Class says why
	Covered   int            `json:"covered,omitempty"`    // how many messages of the conversation it is based on
	CoveredTo bridge.EventID `json:"covered_to,omitempty"` // the event of the last of them
}

// summedUpPrefix begins the values that SummedUpTo returns.
const summedUpPrefix = "event:"

// SummedUpTo returns the value of bridge.TraitSummedUp for a summary that covers all events up to the given one, such as "event:4711".
func SummedUpTo(event bridge.EventID) string {
	return summedUpPrefix + strconv.FormatInt(int64(event), 10)
}

// ReadSummedUp parses a value of bridge.TraitSummedUp. It returns the last event that the latest summary covers; 0 if there is no summary.
func ReadSummedUp(value string) bridge.EventID {
	number, _ := strings.CutPrefix(value, summedUpPrefix)
	event, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0
	}
	return bridge.EventID(event)
}

// Reasons for which a text was not written: the Class of a Written fact.
const (
	NeedsModel  = "needs_model"  // the task needs a model, and none is configured
	LeftOut     = "left_out"     // the model's text failed a check, so it isn't shown
	TooLong     = "too_long"     // likewise: it is too long
	SwitchedOff = "switched_off" // analysis is switched off for the conversation
	NoText      = "no_text"      // there is no text to work on
	NoAnswer    = "no_answer"    // the model didn't answer
	NoTokens    = "no_tokens"    // the account's daily token limit is used up
)
