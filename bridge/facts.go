package bridge

import (
	"time"

	"parley/store"
)

// AccountMode says what an account may send to customers.
type AccountMode = store.Mode

// Modes of accounts: nothing, replies to chosen addresses, everything.
const (
	ModeWatch = store.ModeWatch
	ModeTrial = store.ModeTrial
	ModeLive  = store.ModeLive
)

// Status of a conversation.
type Status string

// Statuses. An open conversation has an assignee, or waits unassigned for somebody to take it.
const (
	StatusOpen     Status = "open"
	StatusPending  Status = "pending"
	StatusSnoozed  Status = "snoozed"
	StatusResolved Status = "resolved"
	StatusClosed   Status = "closed"
)

// Open says whether the conversation still needs somebody.
func (s Status) Open() bool {
	return s == StatusOpen || s == StatusPending || s == StatusSnoozed
}

// AgentRef names an agent to a surface.
type AgentRef struct {
	ID      int64
	Name    string
	User    string // the id in this surface, "" if the agent has none there
	Email   string
	IsAdmin bool
}

// PartyRef names a customer.
type PartyRef struct {
	Name    string // never empty: the address when nothing better is known
	Address string
}

// Tag of a conversation.
type Tag struct {
	Name  string
	Color string // #rrggbb
}

// Facts are what a card, a form or a list row may show of a conversation.
// Bodies of messages are not among them.
type Facts struct {
	ID           int64 // shown as #id
	Automatic    bool  // a day's quiet thread of automatic mail: nobody holds or resolves it
	Collects     bool  // Automatic: it collects mails of people who opened very many conversations
	Status       Status
	CloseReason  string
	Subject      string
	ChannelKind  string // "email"
	ChannelName  string // "E-mail"
	ChannelIcon  string // emoji shortcode: "email"
	Account      string
	AccountMode  AccountMode
	Team         string
	Contact      PartyRef
	To           []PartyRef // whom a reply would go to now
	Cc           []PartyRef // who would get a copy of it
	Waiting      []PartyRef // who is new in the mail: they get nothing until somebody allows it
	Copied       []PartyRef // who reads the customer's mails in copy, but is not answered: replies go to the sender only
	Assignees    []AgentRef // first is the lead
	OneOwner     bool       // it has one owner at most
	Tags         []Tag
	Traits       map[string]string // what verbs set on it, by name: "priority": "high"
	CreatedAt    time.Time
	LastAt       time.Time // last message of any side
	EndedAt      time.Time // when it was resolved or closed; zero = it wasn't
	FreeSince    time.Time // in the list of unassigned conversations: since when nobody has it
	WaitingSince time.Time // since when the customer waits for us; zero = the customer doesn't
	SnoozedUntil time.Time
	WindowUntil  time.Time  // until when people may send free text; zero = always, or the window was never opened
	WindowClosed bool       // nobody may send free text now
	WindowPeople bool       // people may send free text, machines may not
	Templates    bool       // approved templates can be sent
	Cost         string     // the provider's price category of our newest message; "" = unknown
	AlsoOpen     []OpenRef  // what else of the same customer is open, the newest first
	Previous     int64      // the conversation this one continues
	PreviousAt   Place      // its root
	Next         int64      // the conversation that continues this one; 0 = none
	NextAt       Place      // its root
	Root         Place      // this conversation's root, once posted; zero where its thread is in another chat
	Elsewhere    string     // the name of the chat in which the thread is, if it is another one: "Microsoft Teams"
	Left         bool       // the conversation was handed over and has left the thread that shows this: it goes on at Root or Elsewhere
	LastPreview  string     // at most 120 runes of the last message, for lists
	LastFrom     string     // "customer", "agent", ""
	Replying     []Replying // who has the form of a reply open, the first one first
	ResolveNow   bool       // the button Resolve asks for no note
	MayStart     bool       // another conversation with the contact may be begun by this account
	Viewer       AgentRef   // for whom forms and lists are made
	Zone         *time.Location
	Now          time.Time // Parley's clock as these were read for a form or window; zero on cards and lists
}

// OpenRef names another open conversation of a customer.
type OpenRef struct {
	ID        int64
	Root      Place      // zero where its thread is in another chat
	Assignees []AgentRef // first is the lead
}

// History is a page of what was done to a conversation, the newest first.
type History struct {
	Rows []LogRow
	Page int  // 0 is the newest
	More bool // there are older ones
}

// LogRow is one line of a conversation's history.
type LogRow struct {
	At     time.Time
	Actor  string // an agent's name, "Customer" or "Parley"
	What   string // verb in the past: "assigned", "resolved"
	Detail string
}

// Replying is a colleague who has the form of a reply to the customer open.
type Replying struct {
	By    AgentRef
	Since time.Time // Parley's clock
}
