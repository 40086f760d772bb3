// Package own has the facts that Parley tells itself: results of deliveries, timers, what a provider says of a
// template, what agents do on its own pages. They are journalled and applied in order, like everything else that
// changes a conversation.
//
// What does not belong here: what a fact means for a conversation.
package own

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"parley/bridge/analysis"
	"parley/bridge/engine/clean"
	"parley/channels"
	"parley/store"
)

// Fact is what Parley tells itself: results and timers, applied in order like
// everything else that changes a conversation.
type Fact struct {
	Kind         string               `json:"kind"`
	Conversation store.ConversationID `json:"conversation"`
	Message      store.MessageID      `json:"message,omitempty"`
	Delivery     store.DeliveryID     `json:"delivery,omitempty"`
	Attempt      int                  `json:"attempt,omitempty"` // which attempt at the delivery it is the result of; 0 means nobody knows
	Class        string               `json:"class,omitempty"`
	Text         string               `json:"text,omitempty"`
	Hint         string               `json:"hint,omitempty"`
	External     string               `json:"external,omitempty"`
	Root         string               `json:"root,omitempty"`
	Surface      store.AccountID      `json:"surface,omitempty"`
	Account      store.AccountID      `json:"account,omitempty"`
	Post         string               `json:"post,omitempty"` // the kind of post that failed
	Due          time.Time            `json:"due,omitzero"`   // a timer's time
	SentParts
	FetchedFile
	LearnedState
	AnalysedBurst
	WrittenText
	Demand
}

// SentParts says in how many messages a reply left, and what they cost.
type SentParts struct {
	Parts    int    `json:"parts,omitempty"` // messages that the provider counts
	Cost     string `json:"cost,omitempty"`
	Followed bool   `json:"followed,omitempty"` // a later line left with it as one message
}

// FetchedFile says which of a message's files was fetched.
type FetchedFile struct {
	File        int    `json:"file,omitempty"`
	Blob        string `json:"blob,omitempty"` // where it is; "" means it never came: Text says why
	Name        string `json:"name,omitempty"` // what it turned out to be called, of which type and how large
	ContentType string `json:"type,omitempty"`
	SizeBytes   int64  `json:"size,omitempty"`
}

// LearnedState is what a provider says of a template.
type LearnedState struct {
	Template store.TemplateID        `json:"template,omitempty"`
	Version  int                     `json:"version,omitempty"` // of the template that State is about
	State    *channels.TemplateState `json:"state,omitempty"`
}

// AnalysedBurst is what the analysis of a burst of messages found.
type AnalysedBurst struct {
	From   store.EventID    `json:"from,omitempty"`  // the event of the first message that was analysed; 0 means that of UpTo
	UpTo   store.EventID    `json:"up_to,omitempty"` // the event of the latest message that was analysed
	Answer *analysis.Answer `json:"answer,omitempty"`
	Fits   []FittingText    `json:"fits,omitempty"`  // templates that may answer it, the best first
	Cited  []CitedSource    `json:"cited,omitempty"` // what the answer's replies draw on
}

// CitedSource is a text that a suggested reply draws on.
type CitedSource struct {
	ID    string `json:"id"` // as the answer names it
	Title string `json:"title"`
	Link  string `json:"link,omitempty"` // "" means none
}

// SolverOf names an agent in what an Analyzer is asked and answers.
func SolverOf(agent store.AgentID) string { return solverPrefix + strconv.FormatInt(int64(agent), 10) }

const solverPrefix = "agent:"

// Solver reads what SolverOf wrote. It returns 0 if name names no agent.
func Solver(name string) store.AgentID {
	id, err := strconv.ParseInt(strings.TrimPrefix(name, solverPrefix), 10, 64)
	if err != nil || !strings.HasPrefix(name, solverPrefix) {
		return 0
	}
	return store.AgentID(id)
}

// FittingText is a template that may answer a customer.
type FittingText struct {
	Template store.TemplateID `json:"template"`
	Name     string           `json:"name"`
}

// Kinds of own facts besides those of relay.ReportKind.
const (
	Snooze     = "snooze"
	ThreadLost = "thread_lost"
	Digest     = "digest"
	Window     = "window"
	Evening    = "evening" // with a team and a day: see EveningOf
	Week       = "week"    // with a team and a time: see WeekOf
	Account    = "account"
	PostFailed = "post_failed"
	Doubted    = "doubted"  // Root, which Delivery posted and first tried to post at Due, may be there twice
	Sought     = "sought"   // another root beside Root was looked for: External is where it is, Class is Blind where nobody could look
	Template   = "template" // what a provider says of a template
	Fetched    = "fetched"
	Analysed   = "analysed"
	Early      = "early"     // messages may never have come of which edits are known
	Written    = "written"   // a text that was asked for, or why there is none: Class, Text and Hint
	Replying   = "replying"  // a form of a reply was opened or closed, or its time is over
	Acted      = "acted"     // an agent did something on a page of Parley's own: Act
	OwnersLeft = "left"      // owners are no agents any more
	RootLeft   = "root_left" // Root, in the channel External, is no thread any more; Delivery has the line that says so, 0 means none
	Erase      = "erase"     // posts go from chats: Demand.Erase
)

// Blind is the Class of a Sought fact where nobody could look.
const Blind = "blind"

// Decode reads a journalled fact.
func Decode(payload []byte) (*Fact, error) {
	var f Fact
	if err := json.Unmarshal(payload, &f); err != nil {
		return nil, fmt.Errorf("own: %w", err)
	}

	for _, s := range []*string{&f.Text, &f.Hint, &f.External, &f.Cost, &f.Name, &f.ContentType} { // as a provider or a mail server said it
		*s = clean.Text(*s)
	}

	if w := f.Written; w != nil {
		w.Text, w.By = clean.Text(w.Text), clean.Text(w.By)
	}
	if s := f.State; s != nil {
		clean.State(s)
	}

	return &f, nil
}

// Event makes the journal's row of an own fact; name is unique for the fact.
func (f Fact) Event(name string) store.NewEvent {
	body, err := json.Marshal(f)
	if err != nil {
		panic("own: " + err.Error()) // our own plain struct
	}
	return store.NewEvent{AccountID: store.SystemAccount, ExternalID: name, OrderKey: store.ConversationKey(f.Conversation), Payload: body}
}

// EveningOf returns the kind of an evening's timer, which names its team and its day: whoever sets or fires it, a team gets one
// list a day.
func EveningOf(team store.TeamID, day time.Time) string {
	return fmt.Sprintf("%s:%d:%s", Evening, team, day.Format(time.DateOnly))
}

// WeekOf returns the kind of the timer that tells a team how its week was, which names its time: whoever sets or fires it,
// a team is told once.
func WeekOf(team store.TeamID, due time.Time) string {
	return fmt.Sprintf("%s:%d:%s", Week, team, due.UTC().Format(time.RFC3339))
}

// WeekTeam reads a kind of WeekOf.
func WeekTeam(kind string) (team store.TeamID, ok bool) {
	parts := strings.SplitN(kind, ":", 3)
	if len(parts) != 3 || parts[0] != Week {
		return 0, false
	}
	number, err := strconv.ParseInt(parts[1], 10, 64)
	return store.TeamID(number), err == nil
}

// EveningTeam reads a kind of EveningOf.
func EveningTeam(kind string) (team store.TeamID, ok bool) {
	parts := strings.Split(kind, ":")
	if len(parts) != 3 || parts[0] != Evening {
		return 0, false
	}
	number, err := strconv.ParseInt(parts[1], 10, 64)
	return store.TeamID(number), err == nil
}
