// Package own defines Parley's own facts. A fact is one thing that happened, stored in the journal under a name so that it counts
// once; most come from customers' channels and agents' chats. Parley itself journals the result of a delivery, a timer that fired, a
// provider's decision on a template, or what an agent did on one of its pages. All facts are applied in order.
//
// What does not belong here: what a fact means for a conversation.
package own

import (
	"encoding/json"
	"fmt"
	"time"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/engine/clean"
	"parley/channels"
	"parley/store"
)

// Fact is one of Parley's own facts. Kind decides which of the other fields it has: see kind.go. For example, this says that a reply
// could not be sent:
//
//	Fact{Kind: "failed", Conversation: 7, Message: 8, Delivery: 9, Attempt: 2, Class: "bad_content", Text: "Too long."}
//
// Facts are stored as JSON, which replicas of the version before read and write, too.
type Fact struct {
	Kind         Kind                 `json:"kind"`
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
	return store.NewEvent{
		AccountID:  store.SystemAccount,
		ExternalID: name,
		OrderKey:   store.ConversationKey(f.Conversation),
		Payload:    bridge.JSON(f),
	}
}
