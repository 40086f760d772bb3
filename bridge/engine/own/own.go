// Package own defines Parley's own facts. A fact is one thing that happened, stored in the journal under a name so that it counts
// once; most come from customers' channels and agents' chats. Parley itself journals the result of a delivery, a timer that fired, a
// provider's decision on a template, or what an agent did on one of its pages. All facts are applied in order.
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

// Fact is one of Parley's own facts. Kind decides which of the other fields it has: see the kinds.
type Fact struct {
	Kind         string               `json:"kind"`
	Conversation store.ConversationID `json:"conversation"`
	Message      store.MessageID      `json:"message,omitempty"`
	Delivery     store.DeliveryID     `json:"delivery,omitempty"`
	Attempt      int                  `json:"attempt,omitempty"`  // of which attempt at Delivery it is the result; 0 means unknown
	Class        string               `json:"class,omitempty"`    // a result's channels.Class; else see the kinds
	Text         string               `json:"text,omitempty"`     // what happened, for people
	Hint         string               `json:"hint,omitempty"`     // what to do next, for people
	External     string               `json:"external,omitempty"` // a result: the provider's id of what was sent; else see the kinds
	Root         string               `json:"root,omitempty"`     // the first message of a thread, in Surface
	Surface      store.AccountID      `json:"surface,omitempty"`
	Account      store.AccountID      `json:"account,omitempty"` // whose condition, template, file or post it is
	Post         string               `json:"post,omitempty"`    // PostFailed: the bridge.PostKind
	Due          time.Time            `json:"due,omitzero"`      // a timer: when it was due
	SentParts
	FetchedFile
	TemplateVerdict
	AnalysedBurst
	WrittenText
	Demand
}

// SentParts says in how many messages a reply left, and at which price.
type SentParts struct {
	Parts    int    `json:"parts,omitempty"`    // messages that the provider counts
	Cost     string `json:"cost,omitempty"`     // the provider's price category: "utility"; "" means unknown
	Followed bool   `json:"followed,omitempty"` // a later line of the author's left in the same message
}

// FetchedFile says which of a message's files was fetched.
type FetchedFile struct {
	File        int    `json:"file,omitempty"`
	Blob        string `json:"blob,omitempty"` // its hash in the store of files; "" means that it could not be fetched: Text says why
	Name        string `json:"name,omitempty"` // Name, ContentType and SizeBytes are as they turned out
	ContentType string `json:"type,omitempty"`
	SizeBytes   int64  `json:"size,omitempty"`
}

// TemplateVerdict is what a provider says of a template.
type TemplateVerdict struct {
	Template store.TemplateID        `json:"template,omitempty"`
	Version  int                     `json:"version,omitempty"` // of the template that State is about
	State    *channels.TemplateState `json:"state,omitempty"`
}

// AnalysedBurst is what the analysis of a burst of messages found.
type AnalysedBurst struct {
	From   store.EventID    `json:"from,omitempty"`  // the event of the first message that was analysed; 0 means that there was only one: UpTo
	UpTo   store.EventID    `json:"up_to,omitempty"` // the event of the latest message that was analysed
	Answer *analysis.Answer `json:"answer,omitempty"`
	Fits   []FittingText    `json:"fits,omitempty"`  // templates that may answer it, the best first
	Cited  []CitedSource    `json:"cited,omitempty"` // the sources on which the suggested replies draw
}

// CitedSource is a text that a suggested reply draws on.
type CitedSource struct {
	ID    string `json:"id"` // as the answer names it
	Title string `json:"title"`
	Link  string `json:"link,omitempty"` // "" means none
}

// FittingText is a template that may answer a customer.
type FittingText struct {
	Template store.TemplateID `json:"template"`
	Name     string           `json:"name"`
}

// Kinds of own facts besides those of relay.ReportKind.
const (
	Snooze     = "snooze"      // a timer: a snooze is over
	ThreadLost = "thread_lost" // the thread that begins with Root is no longer in Surface
	Digest     = "digest"      // a timer: agents are told which snoozes ended while Parley was down
	Window     = "window"      // a timer: a reply window has closed, for all or for machines
	Evening    = "evening"     // a timer: a team's list of windows that close soon. The kind also names team and day: EveningOf
	Week       = "week"        // a timer: a team is told how its week was. The kind also names team and time: WeekOf
	Account    = "account"     // an account, or the model, broke or works again: Class (its status), Text, Hint
	PostFailed = "post_failed" // a post could not be delivered to its surface: Post, Text
	Doubted    = "doubted"     // Root was posted by Delivery and may be there twice: it was first tried at Due
	Sought     = "sought"      // Root may be there twice: External is the other one, "" means none; Class is Blind if nobody could look
	Template   = "template"    // a provider said something of a template: State; Class says on which occasion
	Fetched    = "fetched"     // a file of a message was fetched, or can't be
	Analysed   = "analysed"    // a burst was analysed
	Early      = "early"       // a timer: edits whose messages have not come until now count as these messages
	Written    = "written"     // a text that was asked for is written, or Class, Text and Hint say why not
	Replying   = "replying"    // a timer: somebody opened or closed the form of a reply, or left it open too long
	Acted      = "acted"       // an agent did something on one of Parley's pages: Act
	OwnersLeft = "left"        // a timer: owners of the conversation are no agents any more
	RootLeft   = "root_left"   // Root, in the channel External, is no thread any more; Delivery is the line that says so, 0 means none
	Erase      = "erase"       // posts are removed from chats, because a customer was erased: Demand.Erase
)

// Blind is the Class of a Sought fact if the surface could not be searched.
const Blind = "blind"

// Decode reads a journalled fact.
func Decode(payload []byte) (*Fact, error) {
	var f Fact
	if err := json.Unmarshal(payload, &f); err != nil {
		return nil, fmt.Errorf("own: %w", err)
	}

	// These come from a provider or a mail server, with characters that PostgreSQL doesn't store.
	for _, s := range []*string{&f.Text, &f.Hint, &f.External, &f.Cost, &f.Name, &f.ContentType} {
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

// Event returns the row of the journal for a fact. name identifies it: a second fact of the same name is not journalled. It
// is in the queue of its conversation, unless the caller changes OrderKey.
func (f Fact) Event(name string) store.NewEvent {
	body, err := json.Marshal(f)
	if err != nil {
		panic("own: " + err.Error()) // our own plain struct
	}
	return store.NewEvent{AccountID: store.SystemAccount, ExternalID: name, OrderKey: store.ConversationKey(f.Conversation), Payload: body}
}

// EveningOf returns the kind of the timer for a team's evening list. It names team and day, so that a team gets one list a
// day, whoever sets or fires the timer.
func EveningOf(team store.TeamID, day time.Time) string {
	return fmt.Sprintf("%s:%d:%s", Evening, team, day.Format(time.DateOnly))
}

// EveningTeam reads a kind of EveningOf.
func EveningTeam(kind string) (team store.TeamID, ok bool) { return parseTeamKind(kind, Evening) }

// WeekOf returns the kind of the timer that tells a team how its week was. It names team and time, so that a team is told
// once.
func WeekOf(team store.TeamID, due time.Time) string {
	return fmt.Sprintf("%s:%d:%s", Week, team, due.UTC().Format(time.RFC3339))
}

// WeekTeam reads a kind of WeekOf.
func WeekTeam(kind string) (team store.TeamID, ok bool) { return parseTeamKind(kind, Week) }

// parseTeamKind reads the kind of a team's timer: "evening:7:2026-11-22", "week:7:2026-11-23T08:00:00Z".
func parseTeamKind(kind, prefix string) (team store.TeamID, ok bool) {
	rest, isOfPrefix := strings.CutPrefix(kind, prefix+":")
	number, _, hasTime := strings.Cut(rest, ":")
	id, err := strconv.ParseInt(number, 10, 64)
	return store.TeamID(id), isOfPrefix && hasTime && err == nil
}
