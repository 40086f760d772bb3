// Package analysis defines how customers' messages are analysed: the question that an Analyzer gets, the answer
// that it gives, and the checks that every answer must pass.
//
// For example, for the message "Where is order 4711? I am still waiting!" an Analyzer answers: language "en",
// sentiment Frustrated, intent "order_status", reference {order 4711}, and possibly a reply that an agent may send.
//
// There are two implementations: package offline uses rules and needs no network, package openai asks a language
// model. An answer is only data. Nothing is done or sent because of it, and Check removes what it may not contain.
//
// When a conversation is analysed, and where answers are stored and shown, is decided in bridge/engine. This package
// names no provider of models.
package analysis

import (
	"context"
	"time"
)

// An Analyzer reads what a customer wrote. Implementations are safe for use by several goroutines.
type Analyzer interface {
	// Analyze answers within the context's deadline. It may be called again with the same question. On an error there
	// is no answer. The error's text doesn't quote the customer.
	Analyze(ctx context.Context, q Question) (Answer, error)
}

// Question is the input of an Analyzer: the messages to analyse and the values that the answer may choose from.
type Question struct {
	Burst  []Message // the messages to analyse, sent by the customer in one go; oldest first, at least one
	Before []Message // the earlier messages of customer and agents, oldest first; the oldest may be missing
	Desk   Desk
	Terms  Terms     // the conditions under which a model may be asked
	Now    time.Time // the current time, to read dates without a year; zero if unknown
}

// Message is one message of a conversation, as plain text or Markdown, without quoted history.
type Message struct {
	FromAgent bool
	Subject   string // of an email; "" in other channels
	Text      string
	Files     []string // names of attached files
}

// Desk is the setup of one helpdesk, as far as an analysis needs it. An answer may only use the intents, tags, sources
// and actions that are listed here.
type Desk struct {
	Language   string       // the team's language, as an ISO 639-1 code: "en"
	Intents    []Intent     // empty means DefaultIntents
	Tags       []Tag        // tags that may be suggested
	References []Pattern    // the formats of order, quote and invoice numbers; empty means those that package offline knows
	Sources    []Source     // texts that a suggested reply may be based on, best first
	Actions    []ActionName // next actions that may be suggested; empty means that no action is suggested
}

// Intent is one thing that customers want, such as to know where an order is.
type Intent struct {
	Name  string   // "order_status"
	About string   // a description for people and models: "asks where an order is, or when it comes"
	Words []string // more words that this desk's customers use for it; may be empty
	Tags  []string // tags that usually go with it, if the desk has them; case-insensitive
}

// Tag is a tag of the desk, with the words that indicate it. Its name always is one of them.
type Tag struct {
	Name  string
	Words []string
}

// Pattern is the format of one kind of reference numbers.
type Pattern struct {
	Kind   string // "order", "quote", "invoice", "shipment", "ticket", or a kind of the desk's own
	Regexp string // in Go's syntax; the number is the first group if there is one, or else the whole match
	Link   string // a URL that contains {number}; "" means no link
}

// Source is a text that a reply may be based on: a template or a page of the knowledge base.
type Source struct {
	ID    string // the desk's name for it; replies cite it by this ID
	Title string
	Link  string // may be empty
	Text  string
}

// ActionName names something that an agent could do next.
type ActionName string

// Actions that may be suggested. They are never performed without an agent's click.
const (
	Snooze   ActionName = "snooze"   // Value: the time that the customer named, as "2026-11-27" or RFC 3339
	Template ActionName = "template" // Value: a Source's ID
	Priority ActionName = "priority" // Value: "high" or "urgent"
)

// Answer is the result of an analysis.
type Answer struct {
	Language   string // ISO 639-1; "" means unknown
	Sentiment  Sentiment
	Urgency    Urgency
	Intents    []string // names of the desk's intents, the main one first; at most two; empty if no intent is clear
	References []Reference
	Tags       []string // names of the desk's tags, best first; at most three
	Replies    []Reply  // best first; at most three
	Actions    []Action // at most two
	By         string   // "offline", or the model's name
	Degraded   bool     // a model was asked but gave no valid answer, so this answer was found without it
}

// Sentiment is the customer's mood in the messages of a Question's Burst.
type Sentiment string

// The sentiments. If Negative and Frustrated both fit, it is Frustrated. Pressing is only for messages that would
// otherwise be Neutral.
const (
	Positive   Sentiment = "positive"   // satisfied, grateful, full of praise
	Neutral    Sentiment = "neutral"    // matter-of-fact, even with a polite greeting or a “thank you in advance”
	Negative   Sentiment = "negative"   // unhappy with a product, a service or a decision: disappointed, angry, sad
	Frustrated Sentiment = "frustrated" // unhappy because effort or waiting leads nowhere: asks again, still waits, tried everything
	Pressing   Sentiment = "urgent"     // calm, but needs an answer now
)

// Sentiments returns all sentiments. Tables show them in this order, and the weights of trained models are stored in it.
func Sentiments() []Sentiment { return []Sentiment{Positive, Neutral, Negative, Frustrated, Pressing} }

// SentimentNames returns the names of all sentiments, in the order of Sentiments.
func SentimentNames() []string {
	var names []string
	for _, s := range Sentiments() {
		names = append(names, string(s))
	}
	return names
}

// Urgency reports whether an agent should look at the messages soon.
type Urgency struct {
	Urgent  bool
	Because string // the reason, quoted from the customer's text; at most 120 characters; may be empty
}

// Reference is a number that the customer mentioned, such as "SO-4711" in "my order SO-4711".
type Reference struct {
	Kind  string // a Pattern's Kind
	Value string // the number as the customer wrote it, without words like "order no."
	Link  string // may be empty
}

// Reply is a suggested reply. It is sent only if an agent chooses to send it.
type Reply struct {
	Text    string
	Sources []string // IDs of the Sources that it is based on
}

// Action is a suggested next action.
type Action struct {
	Name  ActionName
	Value string // what it means depends on Name
}
