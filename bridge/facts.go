package bridge

import (
	"time"

	"parley/store"
)

// Facts are what Parley shows of a conversation: on its card (the first message of its thread in a chat, with
// buttons), in forms and in lists. They don't have the bodies of messages. The engine fills them in; surfaces, which
// must not read the database, only lay them out.
//
// Lines carry facts into the table of deliveries, where all fields stand side by side in one JSON object. So the groups
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

// Who wrote something; see store.Speaker.
const (
	FromCustomer = store.FromCustomer
	FromAgent    = store.FromAgent
)

// LastMessage is what lists show of a conversation's newest messages.
type LastMessage struct {
	At      time.Time     `json:"LastAt"`      // when the last message was written, by anybody
	Preview string        `json:"LastPreview"` // at most 120 runes of it
	From    store.Speaker `json:"LastFrom"`    // "" means nobody has written
	Cost    string        // the provider's price category of our newest message; "" means unknown
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
