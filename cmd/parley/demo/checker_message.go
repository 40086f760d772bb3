package demo

import (
	"strings"
	"time"
)

// Directions of a message.
const (
	Inbound  = "in"  // from a customer to a thread
	Outbound = "out" // from a thread to a customer
)

// SentMessage is a message that a customer or an agent wrote, as seen where it was written. For example, the customer
// Dana Cole writes a mail (Inbound), which should appear in her thread in Slack. A thread is the conversation with one
// customer in a channel of Slack or Teams. Ann, an agent, answers there (Outbound), and Dana should get a mail.
// Fields marked Inbound or Outbound apply to that direction only.
type SentMessage struct {
	Key         string // "<id>" of a customer's mail or phone message; "channel/ts" of an agent's post
	Direction   string
	Author      string // name
	AuthorAlias string // another name under which Parley may post the author's words, such as an id; "" means none
	Recipient   string // for display only
	SentAt      time.Time
	Text        string // after the latest edit
	Channel     string // Outbound: id of the channel where it was typed
	Thread      string
	Mailbox     string // the customer's address, followed by the kind of chat for phones: "dana@cole.test whatsapp"
	ForCustomer bool   // Outbound: by its form it is a reply to the customer
	IsNote      bool   // Outbound: in all its versions the text is marked as a note for colleagues
	Unannounced bool   // Teams doesn't send it to Parley, because it doesn't mention the app
	Files       int    // Inbound: how many files came with it
	FilesOnly   bool   // Inbound: it has no text, only files, whose names Parley may have invented

	// The observer sets these fields, and Check sets wasDecided.
	AuthorKey   string    // NameKey of Author
	Versions    []Version // of the text, by which it is recognised
	FirstSeenAt time.Time // when the observer first saw it, by the machine's clock
	Deleted     bool      // deleted by its author
	TakenBack   bool      // it was deleted while Parley had not sent it yet
	wasDecided  bool      // a person decided about it or sent it; its order is then not checked
}

// Version is a text as it was written or as an edit made it, with its words.
type Version struct {
	Text  string
	Words []string
}

// Observation is a mail, a line on a phone or a post that was seen at a destination.
type Observation struct {
	Wording
	Key         string // id of the mail, line or post
	Direction   string
	At          time.Time
	Mailbox     string // Outbound: the customer who received it, as in SentMessage
	Thread      string // Inbound: channel/ts of the thread's first post
	CustomerKey string // Inbound: NameKey of the customer under whose name it was posted
	Notice      string // Inbound: the text of a post in Parley's own name, which may mention a message; "" for other posts
	Files       int    // Inbound: how many files it shows, links to or names
}

// CountWords returns how many words of a message the observation contains, counted from the line where it matches best.
func (o *Observation) CountWords(message []string) int {
	best := 0
	for _, from := range o.Lines {
		best = max(best, o.Match(message, from).Found)
	}
	return best
}

// CouldBe reports whether o could show this message, judging by direction, customer and name but not by the text.
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

// IsSameName reports whether shown is name, or an abbreviation of it that ends with "…", such as "priya ra…" for
// "priya raman". Both must be results of NameKey.
func IsSameName(name, shown string) bool {
	if name == shown {
		return true
	}
	begin, isCut := strings.CutSuffix(shown, "…")
	isBeginning := isCut && begin != ""
	return isBeginning && strings.HasPrefix(name, begin)
}

// NameKey normalizes a name for comparison: lower case, no punctuation. It keeps a … at the end.
func NameKey(name string) string {
	key := strings.Join(WordsOf(name), " ")
	if strings.HasSuffix(name, "…") {
		key += "…"
	}
	return key
}
