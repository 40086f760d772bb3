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

// Open reports whether the conversation still needs somebody.
func (s Status) Open() bool {
	switch s {
	case StatusOpen, StatusPending, StatusSnoozed:
		return true
	default:
		return false
	}
}

// AgentRef names an agent to a surface.
type AgentRef struct {
	ID      AgentID
	Name    string
	User    string // the id in this surface, "" if the agent has none there
	Email   string
	IsAdmin bool
	Away    bool `json:",omitempty"` // in a line's Mentions: the agent is away
}

// PartyRef names a customer.
type PartyRef struct {
	Name    string // never empty: the address when nothing better is known
	Address string
}

// AddressesOf returns the addresses of people, in the same order.
func AddressesOf(list []PartyRef) []string {
	addresses := make([]string, len(list))
	for i, p := range list {
		addresses[i] = p.Address
	}
	return addresses
}

// Tag of a conversation.
type Tag struct {
	Name  string
	Color string // #rrggbb
	About string // what it stands for, where it is offered; may be empty
	Label bool   // conversations that have it stand out in lists
}

// TagCategories are what tags can be about, in the order in which they are offered.
func TagCategories() []string { return []string{"topic", "issue", "priority", "workflow", "segment"} }

// Facts are what a card, a form or a list row may show of a conversation. Bodies of messages are not among them.
//
// Lines carry facts into the rows of deliveries, where all fields are stored in one flat JSON object. Therefore the
// parts are embedded, and a field that is stored under another name than its own keeps that name in its tag.
type Facts struct {
	ID          ConversationID // shown as #id
	Automatic   bool           // a day's quiet thread of automatic mail: nobody holds or resolves it
	Collects    bool           // Automatic: it collects mails of people who opened very many conversations
	Status      Status
	CloseReason string
	Subject     string
	Account
	Contact PartyRef
	Recipients
	People
	Tags   []Tag
	Traits map[string]string // what verbs set on it, by name: "priority": "high"
	Times
	Window
	LastMessage
	Related
	Thread
	Viewer AgentRef       // for whom forms and lists are made
	Zone   *time.Location // in which times are shown
	Now    time.Time      // when a form's or window's facts were read, by Parley's clock; zero on cards and lists
}

// Account is what the facts of a conversation say of its account.
type Account struct {
	Name        string      `json:"Account"`
	Mode        AccountMode `json:"AccountMode"`
	ChannelKind string      // "email"
	ChannelName string      // "E-mail"
	ChannelIcon string      // emoji shortcode: "email"
	OneOwner    bool        // a conversation has one owner at most
	ResolveNow  bool        // the button Resolve asks for no note
	MayStart    bool        // agents may begin another conversation with the contact by this account
}

// Recipients are the customer's side of a conversation: who gets its replies, and who doesn't.
type Recipients struct {
	To      []PartyRef // whom a reply would go to now
	Cc      []PartyRef // who would get a copy of it
	Waiting []PartyRef // who is new in the mail, and gets nothing until an agent allows it
	Copied  []PartyRef // who reads the customer's mails in copy, but is not answered: replies go to the sender only
}

// People are those of our own who have to do with a conversation.
type People struct {
	Team      string
	Assignees []AgentRef // first is the lead
	Replying  []Replying // who has the form of a reply open, the first one first
}

// Times of a conversation.
type Times struct {
	CreatedAt    time.Time
	EndedAt      time.Time // when it was resolved or closed; zero means it wasn't
	FreeSince    time.Time // in the list of unassigned conversations: since when nobody has it
	WaitingSince time.Time // since when the customer waits for us; zero means that the customer doesn't
	SnoozedUntil time.Time
}

// Window says what may leave to the customer now.
type Window struct {
	Until      time.Time `json:"WindowUntil"`  // until when people may send free text; zero means always, or the window was never opened
	Closed     bool      `json:"WindowClosed"` // nobody may send free text now
	PeopleOnly bool      `json:"WindowPeople"` // people may send free text, machines may not
	Templates  bool      // approved templates can be sent
}

// LastMessage is what lists show of a conversation's newest messages.
type LastMessage struct {
	At      time.Time `json:"LastAt"`      // of the last message of any side
	Preview string    `json:"LastPreview"` // at most 120 runes of it
	From    string    `json:"LastFrom"`    // "customer", "agent", ""
	Cost    string    // the provider's price category of our newest message; "" means unknown
}

// Related names the other conversations of the same customer.
type Related struct {
	AlsoOpen   []OpenRef      // which of them are open, the newest first
	Previous   ConversationID // the conversation this one continues
	PreviousAt Place          // its root
	Next       ConversationID // the conversation that continues this one; 0 means none
	NextAt     Place          // its root
}

// Thread says where the thread of a conversation is.
type Thread struct {
	Root      Place  // its root, once posted; zero where the thread is in another chat
	Elsewhere string // the name of that other chat: "Microsoft Teams"
	Left      bool   // the conversation was handed over and has left the thread that shows this: it goes on at Root or Elsewhere
}

// OpenRef names another open conversation of a customer.
type OpenRef struct {
	ID        ConversationID
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
