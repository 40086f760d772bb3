package bridge

import (
	"errors"
	"time"
)

// When an agent opens a form or a list, the chat integration (the surface) needs data that is in the database, which it must
// not read itself. It asks the engine through engine.Desk. This file has arguments, results and errors of these requests.

// Errors of engine.Desk.
var (
	ErrNoConversation = errors.New("bridge: no conversation there")
	ErrTooLarge       = errors.New("bridge: the file is too large")
)

// Start describes a new conversation to start.
type Start struct {
	Account   string // name of the sending account; "" means the only account that can reach the recipient
	Recipient string // as typed
	Subject   string // ignored by channels without subjects
	Text      string // the first message, in Markdown
	Team      string // the team that it is for; "" means the account's
}

// AccountRef describes an account (a mailbox or number) for a form in which one is chosen.
type AccountRef struct {
	Name        string
	Kind        string // of its channel: "email"
	ChannelName string // "E-mail"
	ChannelIcon string // emoji shortcode
	Can         Capabilities
	Starts      bool // agents may start conversations with it
	KnownOnly   bool // but only with people who have written before, because its setting "outgoing" is off
	ByTemplate  bool // but only with an approved template
}

// TemplatesFor selects templates, which are prepared texts with variables.
type TemplatesFor struct {
	Conversation ConversationID // select those that may be sent in it now, and ignore the other fields; 0 means not set
	Account      string         // select those of this account; "" means all accounts
	Use          string         // select the approved ones with this use; "" means all
}

// Templates is the data that forms and lists of templates show.
type Templates struct {
	List     []Template        // sorted by name
	Known    map[string]string // known values of variables, by name
	Accounts []string          // names of the accounts that may have templates
	None     *Problem          // why List is empty
	Zone     *time.Location
	Admin    bool // the viewer may change templates
}
