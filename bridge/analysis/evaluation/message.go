package evaluation

import (
	"strings"

	"parley/bridge/analysis"
)

// Message is one example of a labelled set: what a customer wrote in one go, and the labels that people gave it. For
// example, "Where is order 4711?" is labelled with the language "en", the intent "order_status" and the reference
// {order 4711}. An analyzer gets the text, and its answer is compared with the labels.
type Message struct {
	ID           string
	Language     string // label, ISO 639-1; "" means a language that analyzers need not know
	Subject      string
	Texts        []string // more than one if the customer sent several messages in a row
	Before       []Earlier
	Sentiment    analysis.Sentiment // label
	Urgent       bool               // label
	Because      string             // label, the part of the text that says why it is urgent; "" means unlabelled
	Intents      []string           // label, the main one first; at most two
	References   []Reference        // label
	Difficulties []string           // why the message is hard to analyse: "irony", "negation", …
}

// Earlier is a message of the same conversation that precedes the analysed ones.
type Earlier struct {
	From string `json:"from"` // "agent" or "customer"
	Text string `json:"text"`
}

// Reference is a number in a message, such as an order number.
type Reference struct {
	Kind  string `json:"kind"` // "order"
	Value string `json:"value"`
}

// The values of Earlier.From.
const (
	fromAgent    = "agent"
	fromCustomer = "customer"
)

// Question returns the question for an analyzer. It contains the texts of the message, but none of its labels.
func (m Message) Question(desk analysis.Desk) analysis.Question {
	q := analysis.Question{Desk: desk}
	for i, text := range m.Texts {
		message := analysis.Message{Text: text}
		if i == 0 {
			message.Subject = m.Subject
		}
		q.Burst = append(q.Burst, message)
	}
	for _, e := range m.Before {
		q.Before = append(q.Before, analysis.Message{FromAgent: e.From == fromAgent, Text: e.Text})
	}
	return q
}

// hasText reports whether the message's subject or one of its texts contains a string.
func (m Message) hasText(part string) bool {
	for _, text := range m.Texts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return strings.Contains(m.Subject, part)
}
