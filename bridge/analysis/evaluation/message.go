package evaluation

import (
	"strings"

	"parley/bridge/analysis"
)

// Message is what a customer wrote in one go, with what a careful reader found in it.
type Message struct {
	ID         string
	Language   string // as analysis.Answer has it; "" means a language that analyzers need not know
	Subject    string
	Texts      []string // one, or several of a burst
	Before     []Earlier
	Sentiment  analysis.Sentiment
	Urgent     bool
	Because    string   // a part of the text that says why it is urgent; "" means not labelled
	Intents    []string // the main one first; at most two
	References []Reference
	Hard       []string // what makes it difficult: "irony", "negation", …
}

// Earlier is a message that was written before those which are analysed.
type Earlier struct {
	From string `json:"from"` // "agent" or "customer"
	Text string `json:"text"`
}

// Reference is a number in a message, by the kind of what it names.
type Reference struct {
	Kind  string `json:"kind"`
	Value string `json:"value"`
}

// Who wrote an Earlier.
const (
	fromAgent    = "agent"
	fromCustomer = "customer"
)

// Question asks an analyzer what the message was labelled with. Labels aren't part of it.
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

// hasText reports whether a part of the message is literally in its subject or in one of its texts.
func (m Message) hasText(part string) bool {
	for _, text := range m.Texts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return strings.Contains(m.Subject, part)
}
