package verb

import (
	"cmp"
	"time"

	"parley/bot/shape"
	"parley/bridge"
)

// A verb is something that a person can ask for, such as "snooze" or "assign". People type it ("!snooze 2h"), press its button or
// add its emoji. The engine does it; this package has only what people see: its words, buttons, forms and confirmations. Each
// verb has a file here, and table.go lists all of them.

// Verb describes a verb to people.
type Verb struct {
	Name     bridge.Verb
	Typed    TypedLine
	Help     Help
	Emoji    []string // shortcodes of reactions that do the same as the verb
	Slash    bool     // it can be given outside the thread, with the conversation's number: "@Parley #12 …"
	Anywhere bool     // it is about no conversation, and can be given in any place
	Reads    bool     // it only shows something, and changes nothing
	Menus    Menus
	Button   Button
	Form     Form

	// How cards and lists show what the verb set on a conversation.
	Title func(bridge.Facts) string        // a title in place of the customer's name; "" means none
	Mark  func(bridge.Facts) []shape.Piece // a mark beside the tags; nil means none

	// What is said when it was done, or not.
	Sends bool                                          // it sends something to a customer
	Done  func(bridge.Line, bridge.Facts) string        // a confirmation of one sentence; "Done." if it is nil
	Shown func(bridge.Line, bridge.Facts) []shape.Block // a longer confirmation; if it returns nil, Done is used
}

// TypedLine says how a verb is typed in a thread.
type TypedLine struct {
	Words   []string // what stands after "!", the usual word first; without words the verb can't be typed
	Syntax  string   // how the whole line is written: "!snooze TIME"
	Rest    Rest     // what follows the word
	Missing string   // said if nothing follows the word; "" means that nothing has to follow

	// An agent who types one of Words alone, without "!", may have forgotten the "!". With AskIfAlone, Parley asks the agent
	// before it sends the word to the customer. It sends Answers, and words of one letter, without asking.
	AskIfAlone bool
	Answers    []string // those of Words that may well be a whole answer to a customer
}

// Help is what the lists of verbs say of a verb.
type Help struct {
	Sentence    string
	Examples    []string
	InShortHelp bool // the short help lists it; the help with all verbs lists it in any case
	Hidden      bool // help never lists it, since it has only a button
}

// Menus are the places besides threads in which a chat offers a verb.
type Menus struct {
	Command  *Command // a slash command of its own, where a chat has room for some; nil means none
	InThread Offer    // its place among the words that a chat offers while somebody types in a thread
	InChat   Offer    // its place among the words that a chat offers in a chat with the app alone
	Message  *Entry   // its entry in a message's menu; nil means none
	Box      *Entry   // its entry beside the message box; nil means none
}

// Button is how a verb's button looks, and what it does first.
type Button struct {
	// The label is Label, or Unlisted for a button that the help doesn't name; without both it is the verb's name.
	Label    string
	Unlisted string

	Style   shape.Style
	Opens   shape.Opens // what it opens besides a form
	Confirm string      // a question that it asks first; "" means none
	Details bool        // the card of details has it, until the conversation is closed

	// If somebody mistyped the verb's word, Parley asks whether the verb was meant.
	OfferedForTypo bool                      // the question has this button
	TypoLabel      func(bridge.Meant) string // its label there, with arguments: "Assign to Ben"; nil means the usual label
}

// Form is a verb's form. A verb without Ask has none.
type Form struct {
	Ask       func(*shape.Form, shape.FormInput) error // fills in the fields
	Needed    func(bridge.Args) bool                   // whether the form is needed first, given these arguments; nil means always
	AtOnce    bool                                     // when typed, the verb acts without its form
	Lists     []List                                   // what it offers to choose from
	Answering bool                                     // it writes to a conversation's customer: colleagues are shown who has it open

	// Read reads the submitted values. problem says for people what is wrong, and field where; "" means nothing is.
	Read func(*shape.Filled, Values, Reading) (field, problem string)
}

// Rest says how what follows a verb's word is read, and into which fields of command.Parsed.
type Rest int

// Ways to read the rest of a line.
const (
	RestNothing     Rest = iota // must be empty
	RestText                    // Parsed.Text
	RestReply                   // Parsed.Text, without an escape such as "!!" before it
	RestNote                    // Args.Note
	RestPeople                  // Args.Agents or Args.Team, then Args.Note
	RestTags                    // Args.Tags
	RestTime                    // Args.Until, in words
	RestAddresses               // Args.Addresses
	RestCopies                  // Args.Addresses; "-" removes
	RestList                    // Args.List
	RestFind                    // Args.Conversation, else Args.Note; both behind FindWord if it may be either
	RestTopic                   // Args.Note: a word that help is about
	RestPage                    // Args.Page, counted from 1 as typed
	RestStart                   // Args.Account, which may be left out, Args.Recipient, then Text
	RestTextRequest             // Args.TextRequest, then Text, both of which may be left out
)

// List is one kind of thing that a form offers to choose from.
type List int

// Lists of forms.
const (
	Colleagues   List = iota // people and teams
	KnownTags                // all tags
	Templates                // templates that may be sent in the conversation
	Answerables              // the messages that a reply may answer, and what it may carry
	WrittenWords             // what the chosen message says, as Parley has it, with its mark
)

// Command is a slash command of a verb's own.
type Command struct {
	About string // what it does: "Assign a conversation"
	Hint  string // what may follow it: "#12 @ann"
}

// Offer is a place in a list of words that a chat offers.
type Offer struct {
	Order int    // zero means that the list doesn't have the verb
	Word  string // "" means the verb's usual word
}

// Entry is an entry of a menu.
type Entry struct {
	Order int    // its place in the menu: lower ones come first
	Title string // the entry: "Assign conversation"
	About string // what it does: "Choose who answers"
}

// Reading is what Form.Read needs besides the values.
type Reading struct {
	Now  time.Time
	Zone *time.Location // nil means UTC
	// Reply returns what is to be sent without its escape, or says for people what is wrong with it.
	Reply func(typed string) (reply, problem string)
}

// Needs reports whether a verb's form is needed before the verb can be done with these arguments.
func (v *Verb) Needs(args bridge.Args) bool {
	if v.Form.Ask == nil {
		return false
	}
	return v.Form.Needed == nil || v.Form.Needed(args)
}

// ButtonLabel returns the label of a verb's button.
func (v *Verb) ButtonLabel() string { return cmp.Or(v.Button.Label, v.Button.Unlisted, string(v.Name)) }

// confirmationBlocks confirm that something was done.
func confirmationBlocks(l bridge.Line, words ...any) []shape.Block {
	return []shape.Block{shape.Sentence(append([]any{shape.Icon("ok"), " ", shape.LeadingMentions(l)}, words...)...)}
}

// sendersOf returns the names of those whose mail a line is about, and the line's hint. Both are "" if it has neither.
func sendersOf(l bridge.Line) (names, hint string) {
	if c, ok := l.Content.(*bridge.SendersLine); ok {
		return shape.OneLine(c.Senders, shape.MaxSubjectRunes), c.Hint
	}
	return "", ""
}
