package verb

import (
	"cmp"
	"time"

	"parley/bot/shape"
	"parley/bridge"
)

// Verb describes one command that agents can give, such as "snooze", as people see it: its words, help,
// buttons, form and confirmation. Agents type it in a conversation's chat thread ("!snooze 2h"), press its
// button, or add its emoji. What the verb does isn't described here, but implemented by the engine. Each verb
// has a file in this package; table.go lists them.
type Verb struct {
	Name     bridge.Verb
	Typed    TypedLine
	Help     Help
	Emoji    []string // shortcodes of reactions that trigger the verb
	Slash    bool     // it can be given outside the thread, with the conversation's number: "@Parley #12 …"
	Anywhere bool     // it isn't about a conversation, and can be given anywhere
	Reads    bool     // it is read-only
	Menus    Menus
	Button   Button
	Form     Form

	// How cards and lists show what the verb has set on a conversation. Either function may be nil.
	Title func(bridge.Facts) string        // the title instead of the customer's name, or ""
	Mark  func(bridge.Facts) []shape.Piece // a mark next to the tags, or nil

	// The confirmation.
	Sends bool                                          // whether the verb sends something to a customer
	Done  func(bridge.Line, bridge.Facts) string        // one sentence; nil means "Done."
	Shown func(bridge.Line, bridge.Facts) []shape.Block // a longer confirmation; if it returns nil, Done is used
}

// TypedLine is the syntax of a verb that is typed in a thread.
type TypedLine struct {
	Words   []string // the words that may follow "!", the usual one first; without words, the verb can't be typed
	Syntax  string   // the syntax of the whole line for people: "!snooze TIME"
	Rest    Rest     // the kind of arguments
	Missing string   // message if the arguments are missing; "" means that they are optional

	// An agent who types one of Words alone, without "!", may have forgotten the "!". If AskIfAlone is set,
	// Parley asks the agent before it sends the word to the customer. Answers, and words of one letter, are sent
	// without asking.
	AskIfAlone bool
	Answers    []string // the Words that are plausible answers to a customer, such as "done"
}

// Help is the description of a verb in the help.
type Help struct {
	Sentence    string
	Examples    []string
	InShortHelp bool // include it in the short help, too
	Hidden      bool // never include it, since it has only a button
}

// Menus says where a chat offers the verb. Nil pointers and zero values mean not at all.
type Menus struct {
	Command  *Command // the verb's own slash command
	InThread Offer    // among the words suggested while a person types in a thread
	InChat   Offer    // among the words suggested in a direct chat with the app
	Message  *Entry   // in a message's menu
	Box      *Entry   // in the menu next to the message box
}

// Button describes a verb's button.
type Button struct {
	// The label is Label, or Unlisted for a button that the help doesn't mention. The default is the verb's name.
	Label    string
	Unlisted string

	Style   shape.Style
	Opens   shape.Opens // what the button opens, apart from a form
	Confirm string      // a question to confirm before the verb is done, or ""
	Details bool        // show the button on the card with details, until the conversation is closed

	// If an agent mistyped the verb's word, Parley asks whether the verb was meant.
	OfferedForTypo bool                      // the question has this button
	TypoLabel      func(bridge.Meant) string // its label in the question: "Assign to Ben"; nil means the usual label
}

// Form describes a verb's form. A verb without Ask has no form.
type Form struct {
	Ask       func(*shape.Form, shape.FormInput) error // fills in the fields
	Needed    func(bridge.Args) bool                   // whether these arguments require the form; nil means always
	AtOnce    bool                                     // a typed verb is done without the form
	Lists     []List                                   // the lists that Ask needs in its input
	Answering bool                                     // the form writes to the customer, so colleagues see who has it open

	// Read reads the submitted values. If they are invalid, problem is a message for the agent and field the
	// name of the field. Otherwise both are "".
	Read func(*shape.Filled, Values, Reading) (field, problem string)
}

// Rest is the kind of a verb's arguments: the rest of the typed line after the verb's word. Package command
// parses them into the fields of command.Parsed that are named below.
type Rest int

// Kinds of arguments.
const (
	RestNothing     Rest = iota // no arguments
	RestText                    // Parsed.Text
	RestReply                   // Parsed.Text, without an escape such as "!!" before it
	RestNote                    // Args.Note
	RestPeople                  // Args.Agents or Args.Team, then Args.Note
	RestTags                    // Args.Tags
	RestTime                    // Args.Until, as typed
	RestAbsence                 // Args.Until, as typed, and Args.Agents: who covers
	RestAddresses               // Args.Addresses
	RestEmail                   // Args.Addresses, then Args.Subject
	RestAsk                     // Args.Whom, then Parsed.Text
	RestCopies                  // Args.Addresses; "-" removes
	RestList                    // Args.List
	RestFind                    // Args.Conversation or Args.Note; both after FindWord if it may be either
	RestTopic                   // Args.Note: the subject of the help
	RestOther                   // Args.Note: the number of another conversation
	RestPage                    // Args.Page, counted from 1 as typed
	RestStart                   // optional Args.Account, Args.Recipient, then Parsed.Text
	RestTextRequest             // optional Args.TextRequest, then optional Parsed.Text
)

// List is a list of things to choose from that a form needs.
type List int

// Lists of forms.
const (
	Colleagues          List = iota // people and teams
	KnownTags                       // all tags
	Templates                       // templates that may be sent in the conversation
	Answerables                     // the messages that a reply may answer, and the content that it may have
	WrittenWords                    // the text of the chosen message as Parley has stored it, with a hash
	LatestMessages                  // the conversation's latest messages, to choose from
	CustomerProfile                 // what is known of the customer
	SendingAccounts                 // accounts that can begin a conversation, and the templates of the one that does
	ListFilters                     // what a list can be narrowed down to
	AllTemplates                    // all templates, of all accounts
	CannedReplies                   // all canned replies, as they were written
	ListedConversations             // those of the list that the arguments name
)

// Command is a slash command of one verb.
type Command struct {
	About string // description: "Assign a conversation"
	Hint  string // example of arguments: "#12 @ann"
}

// Offer is the position of a verb in a list of words that a chat suggests.
type Offer struct {
	Order int    // lower ones come first; 0 means that the list doesn't contain the verb
	Word  string // "" means the verb's usual word
}

// Entry is an entry of a menu.
type Entry struct {
	Order int    // lower ones come first
	Title string // "Assign conversation"
	About string // description: "Choose who answers"

	// Of an entry in a message's menu:
	AtOnce    bool // the verb needs no form
	Prefilled bool // its form begins with the text of the message
	InBox     bool // its form is also offered next to the message box
}

// Reading is the context of Form.Read.
type Reading struct {
	Now  time.Time
	Zone *time.Location // nil means UTC
	// Reply validates a text for the customer and returns it without its escape. problem is a message for the
	// agent, or "".
	Reply func(typed string) (reply, problem string)
}

// Needs reports whether the verb's form is needed before the verb can be done with these arguments.
func (v *Verb) Needs(args bridge.Args) bool {
	if v.Form.Ask == nil {
		return false
	}
	return v.Form.Needed == nil || v.Form.Needed(args)
}

// ButtonLabel returns the label of a verb's button.
func (v *Verb) ButtonLabel() string { return cmp.Or(v.Button.Label, v.Button.Unlisted, string(v.Name)) }

// confirmationBlocks returns a confirmation of one line.
func confirmationBlocks(l bridge.Line, words ...any) []shape.Block {
	return []shape.Block{shape.Sentence(append([]any{shape.Icon("ok"), " ", shape.LeadingMentions(l)}, words...)...)}
}

// sendersOf returns the senders whose mail a line is about, and its hint, or "" if it isn't about senders.
func sendersOf(l bridge.Line) (names, hint string) {
	if c, ok := l.Content.(*bridge.SendersLine); ok {
		return shape.OneLine(c.Senders, shape.MaxSubjectRunes), c.Hint
	}
	return "", ""
}
