package bridge

import (
	"time"

	"parley/store"
)

// Facts are everything that Parley shows about a conversation on its card (the first message of its thread in a chat), in
// forms and in lists, except the bodies of messages. The engine fills them in. Surfaces (the chats in which agents work)
// only render them, because they must not read the database.
//
// Facts are stored as one flat JSON object, as part of posts that wait to be sent. That is why groups of fields are embedded
// structs, and why some fields have the name under which earlier versions stored them in their tag.
type Facts struct {
	ID          ConversationID // shown as "#12"
	Automatic   bool           // a daily thread of automatic mail, such as newsletters, which nobody owns or resolves
	Collects    bool           // an automatic thread for the day's mails of people who opened too many conversations
	Status      Status
	CloseReason string // such as CloseErased
	Subject     string
	Unread      bool `json:",omitempty"` // no agent has dealt with what the customer wrote last
	Account
	Contact PartyRef
	Recipients
	People
	Tags   []Tag
	Traits map[string]string // properties that agents and analyses set, by the names in trait.go: "priority": "high"
	Times
	Window
	LastMessage
	Related
	Thread
	Viewer AgentRef       // the agent for whom a form or list is made; zero if everybody sees it
	Zone   *time.Location // the zone in which times are shown
	Now    time.Time      // when the facts for a form or dialog were read, by Parley's clock; zero on cards and in lists
}

// Account is the account through which the customer writes: one of our mailboxes or numbers.
type Account struct {
	Name        string      `json:"Account"`
	Mode        AccountMode `json:"AccountMode"`
	ChannelKind string      // "email"
	ChannelName string      // "E-mail"
	ChannelIcon string      // emoji shortcode: "email"
	OneOwner    bool        // a conversation has at most one owner
	NeedsTag    bool        `json:",omitempty"` // it has to get a tag before it is resolved
	MayUntag    bool        `json:",omitempty"` // tags of single messages can be removed
	ResolveNow  bool        // the button Resolve takes effect without a form that asks for a note
	Via         string      `json:",omitempty"` // the further address that the customer wrote to; "" for the account's main one
	MayStart    bool        // agents may start another conversation with the contact through this account

	Can Capabilities `json:"-"` // what its channel supports, for reply forms; not stored
}

// Recipients are the people on the customer's side, with and without replies.
type Recipients struct {
	To      []PartyRef // recipients of a reply
	Cc      []PartyRef // recipients of its copies
	Waiting []PartyRef // people whom the customer added, who get nothing until an agent allows it
	Copied  []PartyRef // people in copy of the customer's mails, on accounts that reply to the sender only
}

// People are the team and the agents of a conversation.
type People struct {
	Team      string
	Assignees []AgentRef // its owners; the first is the lead
	Pinned    AgentRef   `json:",omitzero"`  // whose own customer it is; known in details and lists
	VisibleTo []AgentRef `json:",omitempty"` // who alone may read it, beside super-admins; none means everybody who may read the account
	Replying  []Replying // colleagues with an open reply form, in the order in which they opened it
}

// Times of a conversation.
type Times struct {
	CreatedAt    time.Time
	EndedAt      time.Time // when it was resolved or closed; zero means that it has not ended
	FreeSince    time.Time // since when it has had no owner; set only in the list of unassigned conversations
	WaitingSince time.Time // since when the customer has been waiting for an answer; zero means not waiting
	SnoozedUntil time.Time
	ReplyBy      time.Time `json:",omitzero"` // when the customer is to be answered, by the account's target; zero means no target
}

// Window is the reply window of a conversation: what may be sent to the customer now. Some providers allow free text only
// for a time, such as 24 hours after the customer's last message.
type Window struct {
	// Until is when the time for free text ends. Zero means that it has no end or, if Closed, that it never began.
	Until      time.Time `json:"WindowUntil"`
	Closed     bool      `json:"WindowClosed"` // free text is not allowed now
	PeopleOnly bool      `json:"WindowPeople"` // free text is allowed if a person writes it
	Templates  bool      // approved templates are allowed
}

// Authors of messages; see store.Speaker.
const (
	FromCustomer = store.FromCustomer
	FromAgent    = store.FromAgent
)

// LastMessage is what lists show of a conversation's newest messages.
type LastMessage struct {
	At      time.Time     `json:"LastAt"`      // time of the last message
	Preview string        `json:"LastPreview"` // at most 120 runes of the last message
	From    store.Speaker `json:"LastFrom"`    // author of the last message; "" if there is no message
	Cost    string        // the provider's price category of our newest message; "" means unknown
}

// Related identifies other conversations of the same customer.
type Related struct {
	AlsoOpen   []OpenRef      // the open ones, the newest first
	Previous   ConversationID // the conversation that this one continues; 0 means none
	PreviousAt Place          // the root (first message) of its thread
	Next       ConversationID // the conversation that continues this one; 0 means none
	NextAt     Place          // the root of its thread
}

// Thread is the location of a conversation's thread. It can move to another chat with the conversation's team.
type Thread struct {
	Root      Place  // its first message, once posted; zero if the thread is in another chat
	Elsewhere string // the name of that other chat: "Microsoft Teams"
	Left      bool   // the card is in an old thread; the conversation has moved to Root or Elsewhere

	// Secluded means that the old thread is visible to people who may not read the conversation, because it, or its account,
	// has a channel of its own. The old card then shows only the number and the new location.
	Secluded bool `json:"-"`
}

// OpenRef identifies another open conversation of a customer.
type OpenRef struct {
	ID        ConversationID
	Root      Place      // zero if its thread is in another chat
	Assignees []AgentRef // its owners; the first is the lead
}
