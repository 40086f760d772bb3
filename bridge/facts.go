package bridge

import (
	"time"

	"parley/store"
)

// Facts are what Parley shows of a conversation: on its card (the first message of its thread in a chat, with
// buttons), in forms and in lists. The engine fills them in; surfaces, which must not read the database, only lay
// them out.

// AccountMode says to whom an account may send.
type AccountMode = store.Mode

// Modes: the account sends to nobody (watch), to chosen addresses (trial), or to every customer (live).
const (
	ModeWatch = store.ModeWatch
	ModeTrial = store.ModeTrial
	ModeLive  = store.ModeLive
)

// Fate says what became of a message.
type Fate = store.Fate

// Fates of what an agent wrote. Package store says what each means.
const (
	FateInside  = store.FateInside
	FateAsk     = store.FateAsk
	FateWaiting = store.FateWaiting
	FateOut     = store.FateOut
	FateFailed  = store.FateFailed
	FateUnclear = store.FateUnclear
	FateParked  = store.FateParked
	FateUndone  = store.FateUndone
	FateDropped = store.FateDropped
)

// Status of a conversation.
type Status string

// Statuses.
const (
	StatusOpen     Status = "open"     // it has owners, or waits for somebody to take it
	StatusPending  Status = "pending"  // it waits for the customer
	StatusSnoozed  Status = "snoozed"  // it comes back at Times.SnoozedUntil
	StatusResolved Status = "resolved" // it is over; it can be reopened
	StatusClosed   Status = "closed"   // it is over for good: what the customer writes next begins another one
)

// CloseErased is the Facts.CloseReason of a conversation whose customer was erased.
const CloseErased = "erased"

// Open reports whether the conversation is not over: it is open, pending or snoozed.
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
	User    string // the agent's id in the surface that shows this; "" if the agent has none there
	Email   string
	IsAdmin bool
	Away    bool `json:",omitempty"` // the agent is away; set only in the Mentions of a line, and of all agents (Desk.People)
}

// You refers to the person who reads the line.
func You(user string) AgentRef { return AgentRef{User: user, Name: "you"} }

// PartyRef names a customer.
type PartyRef struct {
	Name    string // never empty: the address if no name is known
	Address string
}

// AddressesOf returns the addresses of people, in the same order.
func AddressesOf(people []PartyRef) []string {
	addresses := make([]string, len(people))
	for i, p := range people {
		addresses[i] = p.Address
	}
	return addresses
}

// MaxTagRunes is how long the name of a tag may be.
const MaxTagRunes = 40

// Tag of a conversation.
type Tag struct {
	Name  string
	Color string // #rrggbb
	About string // what it stands for, shown where tags are offered; may be empty
	Label bool   // it makes the conversations that have it stand out in lists
}

// TagCategories returns the categories of tags, in the order in which they are offered.
func TagCategories() []string { return []string{"topic", "issue", "priority", "workflow", "segment"} }

// Facts are what a card, a form or a list row may show of a conversation: its number, status, customer, owners,
// times. They don't have the bodies of messages.
//
// Lines carry facts into the table of deliveries, where all fields are stored in one flat JSON object. So the groups
// of fields are embedded, and a field that is stored under another name than its own keeps that name in its tag.
type Facts struct {
	ID          ConversationID // shown as #id
	Automatic   bool           // a day's thread of automatic mail, such as newsletters: nobody owns or resolves it
	Collects    bool           // an automatic thread that collects the day's mails of people who opened too many conversations
	Status      Status
	CloseReason string // such as CloseErased
	Subject     string
	Account
	Contact PartyRef
	Recipients
	People
	Tags   []Tag
	Traits map[string]string // what verbs and analyses set on it, by the names in trait.go: "priority": "high"
	Times
	Window
	LastMessage
	Related
	Thread
	Viewer AgentRef       // who gets the form or list; zero if everybody sees it
	Zone   *time.Location // the zone in which times are shown
	Now    time.Time      // when the facts of a form or window were read, by Parley's clock; zero on cards and lists
}

// Account is what Facts say of the account through which the customer writes: one mailbox or number of ours.
type Account struct {
	Name        string      `json:"Account"`
	Mode        AccountMode `json:"AccountMode"`
	ChannelKind string      // "email"
	ChannelName string      // "E-mail"
	ChannelIcon string      // emoji shortcode: "email"
	OneOwner    bool        // a conversation has one owner at most
	ResolveNow  bool        // the button Resolve acts at once, without the form that asks for a note
	MayStart    bool        // agents may begin another conversation with the contact by this account

	Can Capabilities `json:"-"` // what its channel can carry, for the forms of replies; not stored
}

// Recipients are the people on the customer's side: who gets replies, and who doesn't.
type Recipients struct {
	To      []PartyRef // whom a reply would go to now
	Cc      []PartyRef // who would get a copy of it
	Waiting []PartyRef // people whom the customer's mail added: they get nothing until an agent allows it
	Copied  []PartyRef // people in copy of the customer's mails, on accounts that reply to the sender only
}

// People are the team and the agents of a conversation.
type People struct {
	Team      string
	Assignees []AgentRef // first is the lead
	Replying  []Replying // colleagues who have the form of a reply open, in the order in which they opened it
}

// Times of a conversation.
type Times struct {
	CreatedAt    time.Time
	EndedAt      time.Time // when it was resolved or closed; zero means it wasn't
	FreeSince    time.Time // since when it has had no owner; set only in the list of unassigned conversations
	WaitingSince time.Time // since when the customer has waited for an answer; zero means that nobody waits
	SnoozedUntil time.Time
}

// Window says what may be sent to the customer now. Some providers take free text only for a time, such as 24 hours
// after the customer's last message.
type Window struct {
	Until      time.Time `json:"WindowUntil"`  // until when people may send free text; zero means no limit, or never if Closed
	Closed     bool      `json:"WindowClosed"` // nobody may send free text now
	PeopleOnly bool      `json:"WindowPeople"` // people may send free text now, but nothing may be sent automatically
	Templates  bool      // approved templates can be sent
}

// LastMessage is what lists show of a conversation's newest messages.
type LastMessage struct {
	At      time.Time `json:"LastAt"`      // when the last message was written, by anybody
	Preview string    `json:"LastPreview"` // at most 120 runes of it
	From    string    `json:"LastFrom"`    // "customer", "agent", ""
	Cost    string    // the provider's price category of our newest message; "" means unknown
}

// Related names other conversations of the same customer.
type Related struct {
	AlsoOpen   []OpenRef      // which of them are open, the newest first
	Previous   ConversationID // the conversation this one continues
	PreviousAt Place          // its root
	Next       ConversationID // the conversation that continues this one; 0 means none
	NextAt     Place          // its root
}

// Thread says where the thread of a conversation is. It can move to another chat when another team gets it.
type Thread struct {
	Root      Place  // its first message, once posted; zero if the thread is in another chat
	Elsewhere string // the name of that other chat: "Microsoft Teams"
	Left      bool   // the conversation has left the thread that shows this, and goes on at Root or Elsewhere

	// Secluded means that people may see the thread who may not read the conversation, because its account
	// has a channel of its own. The card there shows only the number, and where the conversation goes on.
	Secluded bool `json:"-"`
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
	What   string // what was done: "assigned", "resolved"
	Detail string // tags, names or a note with which it was done, or else why; "" means there is none

	// IsChosen means that a person chose the words of Detail. Otherwise Detail is a Why, as it is stored. Rows
	// that earlier versions wrote don't have it.
	IsChosen bool `json:",omitempty"`
}

// Replying is a colleague who has the form of a reply to the customer open.
type Replying struct {
	By    AgentRef
	Since time.Time // Parley's clock
}
