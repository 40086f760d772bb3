package bridge

import (
	"errors"
	"time"
)

// A surface asks the engine back, through its desk (engine.Desk), when an agent opens a form or a list. These are the desk's nouns.

// Errors of what a surface asks of the engine.
var (
	ErrNoConversation = errors.New("bridge: no conversation there")
	ErrTooLarge       = errors.New("bridge: the file is too large")
)

// Start is what a new conversation needs.
type Start struct {
	Account   string // by which account; "" means the one that takes the recipient, where there is only one
	Recipient string // as typed
	Subject   string // where the channel has subjects
	Text      string // the first message, Markdown
}

// AccountRef is an account as forms offer it.
type AccountRef struct {
	Name        string
	ChannelName string // "E-mail"
	ChannelIcon string
	Can         Capabilities
	Starts      bool // a conversation may be begun by it
	KnownOnly   bool // only with people who wrote to some account before, because its setting outgoing is off
	ByTemplate  bool // only with an approved template
}

// TemplatesFor says which templates are asked for.
type TemplatesFor struct {
	Conversation ConversationID // those that may be sent in it now; if it is 0, the other fields count
	Account      string         // those of the account with this name; "" means all accounts
	Use          string         // of these, the approved ones with this use; "" means all
}

// Templates is what forms and lists need of templates.
type Templates struct {
	List     []Template        // by name
	Known    map[string]string // values that are known for variables
	Accounts []string          // names of the accounts that may have templates
	None     *Problem          // why List is empty
	Zone     *time.Location
	Admin    bool // the viewer may change them
}
