// Package analysis says what an analysis of customers' messages is: what an Analyzer is asked, what it
// answers, and what an answer may hold. Package offline answers by rules and needs no network, package
// openai asks a model. Neither of them acts: an answer is data, and Check removes what it may not say.
//
// What does not belong here: when a conversation is analysed, where the answer is kept and shown
// (bridge/engine), and any provider's name.
package analysis

import (
	"context"
	"time"
)

// An Analyzer reads what a customer wrote. Implementations are safe for use by several goroutines.
type Analyzer interface {
	// Analyze answers within the context's deadline. The same question may be asked again. An error says that
	// there is no answer; it names no customer's words.
	Analyze(ctx context.Context, q Question) (Answer, error)
}

// Question is what an Analyzer is asked: what a customer wrote in one go, and what the answer may choose from.
type Question struct {
	Burst  []Message // what is to be analysed, oldest first; at least one, all by the customer
	Before []Message // what both said before, oldest first; may be cut at its beginning
	Desk   Desk
	Terms  Terms     // under which a model may be asked
	Now    time.Time // when it is asked, to read dates without a year; zero if that is not known
}

// Message is one message of a conversation, as plain text or Markdown, without the history that it quotes.
type Message struct {
	FromAgent bool
	Subject   string // of a mail, "" elsewhere
	Text      string
	Files     []string // names of attached files
}

// Desk is what a helpdesk has to choose from: an answer names nothing else.
type Desk struct {
	Language   string       // the team's, as a code of ISO 639-1: "en"
	Intents    []Intent     // empty means DefaultIntents
	Tags       []Tag        // tags that may be suggested
	References []Pattern    // what numbers of orders, quotes and invoices look like; empty means those which offline knows
	Sources    []Source     // what a suggested reply may draw on, best first
	Examples   []Example    // conversations which the team tagged and resolved before
	Actions    []ActionName // what may be suggested as next action; empty means none
}

// Intent is what customers want, as the desk tells it apart.
type Intent struct {
	Name  string   // "order_status"
	About string   // a sentence for people and models: "asks where an order is, or when it comes"
	Words []string // further words by which this desk's customers are known to say it; may be empty
	Tags  []string // tags that are most often given to it, where the desk has them; case doesn't count
}

// Tag is a tag of the desk with words that stand for it; its own name always does.
type Tag struct {
	Name  string
	Words []string
}

// Pattern is what references of a kind look like.
type Pattern struct {
	Kind   string // "order", "quote", "invoice", "shipment", "ticket" or a desk's own
	Regexp string // in Go's syntax; its first group, or all of it, is the number
	Link   string // an address with {number} in it; "" means no link
}

// Source is a text that a reply may draw on: a template, a resolved conversation, a page of the knowledge base.
type Source struct {
	ID    string // as the desk names it; an answer cites it by this
	Title string
	Link  string // may be empty
	Text  string
	Reply string // what was, or is to be, answered; "" if that is Text itself
}

// Example is what the team did with a conversation before.
type Example struct {
	Text   string // what the customer wrote
	Intent string // "" if nobody named it
	Tags   []string
	Solver string // who resolved it, as the desk names people and teams; may be empty
}

// ActionName names something that an agent could do next.
type ActionName string

// Actions that may be suggested. None is ever done without a person's click.
const (
	Assign   ActionName = "assign"   // Value: who resolved such a conversation before
	Snooze   ActionName = "snooze"   // Value: until when, as the customer named it, "2026-11-27" or RFC 3339
	Template ActionName = "template" // Value: a Source's ID
	Priority ActionName = "priority" // Value: "high" or "urgent"
)

// Answer is what an Analyzer found.
type Answer struct {
	Language   string // ISO 639-1; "" means unknown
	Sentiment  Sentiment
	Urgency    Urgency
	Intents    []string // names of the desk's intents, the main one first; at most two, empty means none is clear
	References []Reference
	Tags       []string // of the desk's tags, best first, at most three
	Replies    []Reply  // at most three, best first
	Actions    []Action // at most two
	By         string   // "offline", or the model's name
	Degraded   bool     // a model was asked and gave no valid answer: this one was found without it
}

// Sentiment is how a customer feels, in this burst of messages.
type Sentiment string

// Sentiments. Where two of the unhappy ones fit, Frustrated is meant; Pressing is meant only where none but Neutral would fit.
const (
	Positive   Sentiment = "positive"   // satisfied, grateful, full of praise
	Neutral    Sentiment = "neutral"    // matter of fact; a polite greeting or a “thank you in advance” changes nothing
	Negative   Sentiment = "negative"   // unhappy with a thing, a service or a decision: disappointed, angry, sad
	Frustrated Sentiment = "frustrated" // unhappy because effort or waiting leads nowhere: asks again, waits still, tried everything
	Pressing   Sentiment = "urgent"     // calm, and in need of an answer now
)

// Sentiments returns all sentiments, in the order in which tables show them and models' weights stand.
func Sentiments() []Sentiment { return []Sentiment{Positive, Neutral, Negative, Frustrated, Pressing} }

// SentimentNames returns the sentiments as they are written.
func SentimentNames() []string {
	var names []string
	for _, s := range Sentiments() {
		names = append(names, string(s))
	}
	return names
}

// Urgency is how soon somebody has to look at a message.
type Urgency struct {
	Urgent  bool
	Because string // why, in the customer's own words: a part of the text, at most 120 characters; "" if it isn't urgent
}

// Reference is a number that the customer named.
type Reference struct {
	Kind  string // of a Pattern
	Value string // the number as it was written, without what announces it
	Link  string // may be empty
}

// Reply is a text that an agent may choose to send, after reading it.
type Reply struct {
	Text    string
	Sources []string // IDs of the Sources that it draws on
}

// Action is something that an agent may choose to do.
type Action struct {
	Name  ActionName
	Value string
}
