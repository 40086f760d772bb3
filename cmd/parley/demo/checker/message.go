package checker

import (
	"strings"
	"time"
)

// Directions of a message.
const (
	Inbound  = "in"  // from a customer to a thread
	Outbound = "out" // from a thread to a customer
)

// SentMessage is a message that a person wrote.
type SentMessage struct {
	Key         string // "<id>" of a customer's mail or phone message; "channel/ts" of an agent's post
	Direction   string
	Author      string // name
	AuthorAlias string // what the author is called before the name is known; "" means nothing
	Recipient   string // for people
	SentAt      time.Time
	Text        string // as it stands now
	Channel     string // Outbound: where it was typed
	Thread      string
	Mailbox     string // address of the customer; by phone the kind of chat follows: "dana@cole.test whatsapp"
	ForCustomer bool   // Outbound: it looks as if it were for the customer
	IsNote      bool   // Outbound: its words have always said that it is a note for colleagues
	Unannounced bool   // Teams doesn't send it to Parley, since it doesn't mention the app
	Files       int    // Inbound: how many files came with it
	FilesOnly   bool   // Inbound: it is nothing but files, whose names Parley may have made up

	// What the observer adds, and what Check found out.
	AuthorKey   string     // the author's name, as NameKey writes it
	Versions    [][]string // the words by which it is recognised, and those before an edit
	FirstSeenAt time.Time  // when the observer saw it first, by the machine's clock
	Deleted     bool       // deleted by its author
	TakenBack   bool       // it was deleted while Parley had not sent it yet
	wasDecided  bool       // a person decided once about it, or sent it: its place in the order is not checked
}

// Observation is something that was seen at a destination.
type Observation struct {
	Wording
	Key         string // of the mail or the post
	Direction   string
	At          time.Time
	Mailbox     string // Outbound: whose mailbox
	Thread      string // Inbound: channel/ts of the root
	CustomerKey string // Inbound: the name under which it stands, as NameKey writes it
	Notice      string // Inbound, not in a customer's name: Parley's own words, which may tell of a message
	Files       int    // Inbound: how many files it shows, links or names
}

// CountWords returns how many words of a message were found in the observation, from the line on where most were found.
func (o *Observation) CountWords(message []string) int {
	best := 0
	for _, from := range o.Lines {
		best = max(best, o.Match(message, from).Found)
	}
	return best
}

// CouldBe reports whether a message could have been observed there at all.
func (m *SentMessage) CouldBe(o Observation) bool {
	if m.Direction != o.Direction {
		return false
	}
	if o.Direction == Outbound {
		return m.Mailbox == o.Mailbox
	}
	if o.Notice != "" {
		return strings.Contains(o.Notice, m.Mailbox)
	}
	if IsSameName(m.AuthorKey, o.CustomerKey) {
		return true
	}
	return m.AuthorAlias != "" && IsSameName(NameKey(m.AuthorAlias), o.CustomerKey)
}

// IsSameName reports whether shown is a name, or its beginning with "…". Both are as NameKey writes them.
func IsSameName(name, shown string) bool {
	if name == shown {
		return true
	}
	begin, isCut := strings.CutSuffix(shown, "…") // "priya ra…" is the beginning of "priya raman"
	isBeginning := isCut && begin != ""
	return isBeginning && strings.HasPrefix(name, begin)
}

// NameKey returns the words of a name in small letters, without punctuation. A … at its end stays.
func NameKey(name string) string {
	key := strings.Join(WordsOf(name), " ")
	if strings.HasSuffix(name, "…") {
		key += "…"
	}
	return key
}
