package routing

import (
	"fmt"
	"strings"
	"time"

	"parley/routing/hours"
)

// Replies are the texts that an account sends by itself. They are stored as JSON. An empty text sends nothing.
type Replies struct {
	First  Text        `json:"first,omitzero"`  // to the first message ever of a customer
	Closed Text        `json:"closed,omitzero"` // outside business hours
	Always Text        `json:"always,omitzero"` // to every message
	Dates  []DatedText `json:"dates,omitempty"` // on some days, whatever the hours
}

// Text is a text for customers, in Markdown, with a translation for some languages (ISO 639-1).
type Text struct {
	Text      string            `json:"text,omitempty"`
	Languages map[string]string `json:"languages,omitempty"`
}

// DatedText is a text for the days from From to To, such as 2026-12-24.
type DatedText struct {
	From string `json:"from"`
	To   string `json:"to"`
	Text
}

// IsEmpty reports whether nothing is sent.
func (r Replies) IsEmpty() bool {
	return len(r.Dates) == 0 && r.First.Text == "" && r.Closed.Text == "" && r.Always.Text == ""
}

// Variables that a text may have: the customer's first name, and the next opening.
const (
	VariableName  = "{{first_name}}"
	VariableOpens = "{{opens}}"
)

// Occasion is why a text is sent. It is stored: its values must not change.
type Occasion string

// Occasions, the most important first.
const (
	OnDates  Occasion = "dates"
	OnClosed Occasion = "closed"
	OnFirst  Occasion = "first"
	OnAlways Occasion = "always"
)

// Limits of automatic replies, so that two machines which take each other for people soon fall silent.
const (
	MaxReplyDelay     = 15 * time.Minute // an older message gets none
	repeatedWithin    = time.Hour        // the same words get none, nor gets every message one
	maxRepliesADay    = 3                // to a customer
	maxRepliesAnHour  = 200              // of an account
	maxRepliesToWords = 30               // of an account in an hour, to the same words of whomever
)

// Message is what is known of a customer's message.
type Message struct {
	ByPerson     bool // it is no automatic mail, no reaction and no change of an earlier message
	Refuses      bool // its sender is blocked or wants no messages, or nothing may be sent now
	BegunByUs    bool // we began the conversation
	Answered     bool // an agent's reply is on its way
	Ends         bool // it only says thanks, and ends the conversation
	FirstContact bool // its sender never wrote before
	Age          time.Duration
	FirstName    string // "" if it isn't known
	Language     string // "" if it isn't known
	Default      string // that of the texts
	Sent         SentReplies
}

// SentReplies are the automatic replies that an account has sent.
type SentReplies struct {
	Last      map[Occasion]time.Time // to this customer
	Day       int                    // to this customer in the last 24 hours
	Hour      int                    // to everybody in the last hour
	SameWords int                    // to the same words of everybody in the last hour
	Repeated  bool                   // to the same words of this customer in the last hour
}

// Reply is an automatic reply.
type Reply struct {
	On   Occasion
	Text string // "" if nothing is sent
	Why  string // the reason for which nothing is sent, for developers
}

// ReplyTo decides which text a message gets at a time, if any. zone is that of the account.
func (r Replies) ReplyTo(m Message, h *hours.Hours, now time.Time, zone *time.Location) Reply {
	for _, check := range []struct {
		is  bool
		why string
	}{
		{!m.ByPerson, "not a person's message"},
		{m.Refuses, "nothing may be sent to the customer"},
		{m.BegunByUs, "we began the conversation"},
		{m.Answered, "an agent's reply is on its way"},
		{m.Ends, "the customer says thanks"},
		{m.Age > MaxReplyDelay, "too old"},
		{m.Sent.Repeated, "the same words again"},
		{m.Sent.SameWords >= maxRepliesToWords, "the same words of many"},
		{m.Sent.Day >= maxRepliesADay, "enough for this customer today"},
		{m.Sent.Hour >= maxRepliesAnHour, "enough for this account"},
	} {
		if check.is {
			return Reply{Why: check.why}
		}
	}

	on, text, opens, isDue := r.occasion(m, h, now.In(zone))
	if !isDue {
		return Reply{On: on, Why: "no text, or sent already"}
	}
	words := text.Text
	if own := text.Languages[m.Language]; own != "" {
		words = own
	}
	if strings.Contains(words, VariableOpens) {
		if opens.IsZero() {
			return Reply{On: on, Why: "it never opens"}
		}
		language := m.Language
		if text.Languages[m.Language] == "" {
			language = m.Default
		}
		words = strings.ReplaceAll(words, VariableOpens, openingWords(opens.In(zone), now.In(zone), language))
	}
	name := strings.NewReplacer(VariableName, m.FirstName)
	if m.FirstName == "" { // "Thank you, {{first_name}}." is "Thank you."
		name = strings.NewReplacer(", "+VariableName, "", " "+VariableName, "", VariableName, "")
	}
	return Reply{On: on, Text: name.Replace(words)}
}

// occasion returns the first occasion that has come and has a text, and when the account opens next. isDue is false if there is none,
// or if the customer has had that text in this period.
func (r Replies) occasion(m Message, h *hours.Hours, now time.Time) (on Occasion, text Text, opens time.Time, isDue bool) {
	sent := m.Sent.Last
	today := now.Format(time.DateOnly)
	for _, d := range r.Dates {
		if d.From <= today && today <= d.To {
			last, isSent := sent[OnDates]
			begins, _ := time.ParseInLocation(time.DateOnly, d.From, now.Location())
			ends, _ := time.ParseInLocation(time.DateOnly, d.To, now.Location())
			return OnDates, d.Text, h.NextOpening(ends.AddDate(0, 0, 1)), !isSent || last.Before(begins)
		}
	}

	switch opens = h.NextOpening(now); {
	case r.Closed.Text != "" && !h.OpenAt(now):
		last, isSent := sent[OnClosed]
		return OnClosed, r.Closed, opens, !isSent || !h.NextOpening(last).Equal(opens)
	case r.First.Text != "" && m.FirstContact:
		_, isSent := sent[OnFirst]
		return OnFirst, r.First, opens, !isSent
	default:
		last, isSent := sent[OnAlways]
		return OnAlways, r.Always, opens, r.Always.Text != "" && (!isSent || now.Sub(last) >= repeatedWithin)
	}
}

// openingWords says when an account opens next: "Monday 09:00", or "Monday, 4 January, 09:00" if that is a week or more away.
func openingWords(at, now time.Time, language string) string {
	clock := at.Format("15:04")
	names, isKnown := calendars()[language]
	if !isKnown {
		return at.Format("2006-01-02") + " " + clock
	}
	const week = 7 * 24 * time.Hour
	day := names.days[at.Weekday()]
	switch {
	case at.Format(time.DateOnly) == now.Format(time.DateOnly):
		return names.today + " " + clock
	case at.Sub(now) < week-24*time.Hour:
		return day + " " + clock
	default:
		return fmt.Sprintf(names.long, day, at.Day(), names.months[at.Month()-1], clock)
	}
}

// calendar has the names of days in a language.
type calendar struct {
	today  string
	long   string
	days   []string
	months []string
}

func calendars() map[string]calendar {
	return map[string]calendar{
		"en": {
			"today", "%s, %d %s, %s", strings.Fields("Sunday Monday Tuesday Wednesday Thursday Friday Saturday"),
			strings.Fields("January February March April May June July August September October November December"),
		},
		"de": {
			"heute", "%s, %d. %s, %s", strings.Fields("Sonntag Montag Dienstag Mittwoch Donnerstag Freitag Samstag"),
			strings.Fields("Januar Februar März April Mai Juni Juli August September Oktober November Dezember"),
		},
	}
}
