package engine

import (
	"encoding/json"
	"fmt"
	"time"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/channels"
	"parley/store"
)

// Fact is one of Parley's own facts. Kind decides which of the other fields are set; see kind.go. For example, this
// fact records that a reply could not be sent:
//
//	Fact{Kind: "failed", Conversation: 7, Message: 8, Delivery: 9, Attempt: 2, Class: "bad_content", Text: "Too long."}
//
// Facts are stored as JSON. During an update, processes of the previous version also read and write them, so keys must
// not change.
type Fact struct {
	Kind         Kind                 `json:"kind"`
	Conversation store.ConversationID `json:"conversation"`
	Message      store.MessageID      `json:"message,omitempty"`
	Delivery     store.DeliveryID     `json:"delivery,omitempty"`
	Attempt      int                  `json:"attempt,omitempty"`  // the number of the attempt at Delivery; 0 means unknown
	Class        string               `json:"class,omitempty"`    // of a result: its channels.Class; else see the kinds
	Text         string               `json:"text,omitempty"`     // what happened, for people
	Hint         string               `json:"hint,omitempty"`     // what to do next, for people
	External     string               `json:"external,omitempty"` // of a result: the provider's id of what was sent; else see the kinds
	Root         string               `json:"root,omitempty"`     // the first message of a thread, in Surface
	Surface      store.AccountID      `json:"surface,omitempty"`  // the agents' chat
	Account      store.AccountID      `json:"account,omitempty"`  // the account of the condition, template, file or post
	Post         string               `json:"post,omitempty"`     // of PostFailed: the bridge.PostKind
	Due          time.Time            `json:"due,omitzero"`       // of a timer: when it was due
	SentParts
	FetchedFile
	TemplateVerdict
	AnalysedBurst
	WrittenText
	Demand
	RoutedTo
}

// RoutedTo says to whom rules give a conversation, and by which of them: see routing.Decision.
type RoutedTo struct {
	Agent store.AgentID `json:"agent,omitempty"` // 0 means that Team gets it
	Team  store.TeamID  `json:"team,omitempty"`
	By    string        `json:"by,omitempty"`
	Word  string        `json:"word,omitempty"` // the rule's skill or field
	Why   string        `json:"why,omitempty"`  // by which rule, and why nobody else: in words
}

// SentParts describes how a reply was sent.
type SentParts struct {
	Parts int    `json:"parts,omitempty"` // messages that the provider counts, such as SMS segments
	Cost  string `json:"cost,omitempty"`  // the provider's price category, such as "utility"; "" means unknown
}

// FetchedFile describes a fetched file of a message.
type FetchedFile struct {
	File        int    `json:"file,omitempty"` // its index in the message
	Blob        string `json:"blob,omitempty"` // its name in the blob store; "" means that fetching failed: Text says why
	Name        string `json:"name,omitempty"` // Name, ContentType and SizeBytes are those of the fetched file
	ContentType string `json:"type,omitempty"`
	SizeBytes   int64  `json:"size,omitempty"`
}

// TemplateVerdict is a provider's report on a message template.
type TemplateVerdict struct {
	Template store.TemplateID        `json:"template,omitempty"`
	Version  int                     `json:"version,omitempty"` // the template's version to which State applies
	State    *channels.TemplateState `json:"state,omitempty"`
}

// AnalysedBurst is the result of analysing a burst: the messages that a customer wrote in one go.
type AnalysedBurst struct {
	From   store.EventID    `json:"from,omitempty"`  // the event of the first message; 0 means that there was only one, UpTo
	UpTo   store.EventID    `json:"up_to,omitempty"` // the event of the last message
	Answer *analysis.Answer `json:"answer,omitempty"`
	Fits   []FittingText    `json:"fits,omitempty"`  // templates that may answer it, best first
	Cited  []CitedSource    `json:"cited,omitempty"` // the sources of the suggested replies
}

// CitedSource is a text on which a suggested reply is based.
type CitedSource struct {
	ID    string `json:"id"` // as in analysis.Answer
	Title string `json:"title"`
	Link  string `json:"link,omitempty"`
}

// FittingText is a template that may answer a customer.
type FittingText struct {
	Template store.TemplateID `json:"template"`
	Name     string           `json:"name"`
}

// Decode decodes a stored fact.
func Decode(payload []byte) (*Fact, error) {
	var f Fact
	if err := json.Unmarshal(payload, &f); err != nil {
		return nil, fmt.Errorf("own: %w", err)
	}

	// These texts come from providers and mail servers, and may contain characters that PostgreSQL can't store.
	for _, s := range []*string{&f.Text, &f.Hint, &f.External, &f.Cost, &f.Name, &f.ContentType} {
		*s = Text(*s)
	}

	if w := f.Written; w != nil {
		w.Text, w.By = Text(w.Text), Text(w.By)
	}
	if s := f.State; s != nil {
		State(s)
	}

	return &f, nil
}

// Event returns the event that stores a fact in the journal. name identifies it: a second fact with the same name is
// not stored. Facts of a conversation are applied in order; the caller may change OrderKey to order a fact differently.
func (f Fact) Event(name string) store.NewEvent {
	return store.NewEvent{
		AccountID:  store.SystemAccount,
		ExternalID: name,
		OrderKey:   store.ConversationKey(f.Conversation),
		Payload:    bridge.JSON(f),
	}
}
