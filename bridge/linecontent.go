package bridge

import (
	"time"

	"parley/bridge/analysis"
)

// The structs in this file are the contents of lines: the fields that only lines of one kind have (see Line and
// ContentOf). A line is stored as one flat JSON object that older versions read, too. So a field that has had another
// name there keeps that name in its tag: `json:"Reason"`. A Reason gets its words in bot/view.

// UnknownLine is the content of a kind that only a later version of Parley knows. Its words are shown as they are.
type UnknownLine struct {
	Name LineKind `json:"-"`
	Why  Why      `json:"Reason,omitzero"`
	Hint string   `json:",omitempty"`
}

// Kind implements LineContent.
func (l *UnknownLine) Kind() LineKind { return l.Name }

// TagNews says whether tags were there before.
type TagNews string

// TagsCreated says that tags were made by using them.
const TagsCreated TagNews = "new"

// Decided is what became of a text that somebody typed, and why.
type Decided struct {
	At     time.Time
	By     AgentRef
	Text   string // its beginning
	Fate   Fate
	Reason Reason // why it has that fate
}

// UnassignedLine says that the conversation was put back or handed to a team, and where its thread was before.
type UnassignedLine struct {
	Left   Place  `json:",omitzero"`  // the thread that it left, if that is in the same chat
	LeftIn string `json:",omitempty"` // otherwise, the name of the chat that it left: "Slack"
	Former string `json:",omitempty"` // names of owners who are no longer agents
}

// Kind implements LineContent.
func (*UnassignedLine) Kind() LineKind { return LineUnassigned }

// RecipientsLine says who gets replies from now on.
type RecipientsLine struct {
	To      string     `json:"Text,omitempty"` // in words; "" means the recipients of the facts
	Without []PartyRef `json:",omitempty"`     // who gets no replies any more
}

// Kind implements LineContent.
func (*RecipientsLine) Kind() LineKind { return LineRecipients }

// AutomaticLine is one mail that a machine sent, such as a newsletter.
type AutomaticLine struct {
	Cause   string `json:"Reason,omitempty"` // how we know that it is automatic: "list"
	Subject string `json:"Text,omitempty"`
	Begins  string `json:"Hint,omitempty"` // its first words
}

// Kind implements LineContent.
func (*AutomaticLine) Kind() LineKind { return LineAutomatic }

// CollectedLine is one mail of somebody who opened very many conversations.
type CollectedLine struct {
	Subject string `json:"Text,omitempty"`
	Words   string `json:"Hint,omitempty"`  // what it says, canonical Markdown
	Files   int    `json:"Count,omitempty"` // how many files came with it

	Copied []PartyRef `json:",omitempty"` // to whom else it went
	Blind  bool       `json:",omitempty"` // those in Copied don't know that it came to us, too
}

// Kind implements LineContent.
func (*CollectedLine) Kind() LineKind { return LineCollected }

// BounceOtherLine is a report that a mail could not be delivered, where nobody knows which mail.
type BounceOtherLine struct {
	Words     string `json:"Text,omitempty"`   // the report's subject; with Recipient, what the reply says
	Trouble   string `json:"Reason,omitempty"` // what the other side says
	Recipient string `json:",omitempty"`       // the address, if the line stands in the thread of a reply that went there
}

// Kind implements LineContent.
func (*BounceOtherLine) Kind() LineKind { return LineBounceOther }

// QuarantineLine says what could not be read or shown.
type QuarantineLine struct {
	Account string `json:"Text,omitempty"`   // the name of the account for which it came
	Trouble string `json:"Reason,omitempty"` // why it could not be
	Hint    string `json:",omitempty"`       // the command with which an admin can try again ("parley …"), or what to do, in a sentence
}

// Kind implements LineContent.
func (*QuarantineLine) Kind() LineKind { return LineQuarantine }

// AccountLine says that an account, or the language model, has stopped working or works again.
type AccountLine struct {
	Account string `json:"Text,omitempty"`   // its name
	Model   bool   `json:",omitempty"`       // it is about the model that reads what customers write, not about an account
	Trouble string `json:"Reason,omitempty"` // "" means it works again
	Hint    string `json:",omitempty"`       // what to do
	// The address of the page on which an admin connects it again; "" if there is none, or if it works.
	Page string `json:",omitempty"`
}

// Kind implements LineContent.
func (*AccountLine) Kind() LineKind { return LineAccount }

// ReactedLine is an emoji of the customer's on a message.
type ReactedLine struct {
	Emoji   string    `json:"Text,omitempty"` // "" means it was taken back
	Message string    `json:"Hint,omitempty"` // the words of the message; "" means unknown
	At      time.Time `json:",omitzero"`      // when the customer did it; an older reaction that comes later is ignored
}

// Kind implements LineContent.
func (*ReactedLine) Kind() LineKind { return LineReacted }

// ChangedLine says which message the customer changed.
type ChangedLine struct {
	Before string    `json:"Hint,omitempty"` // what it said; "" means unknown
	At     time.Time `json:",omitzero"`      // when it got the words that it has now
}

// Kind implements LineContent.
func (*ChangedLine) Kind() LineKind { return LineChanged }

// DeletedLine says which message the customer deleted.
type DeletedLine struct {
	Message string `json:"Hint,omitempty"` // what it said; "" means unknown
}

// Kind implements LineContent.
func (*DeletedLine) Kind() LineKind { return LineDeleted }

// IdentityLine says how the customer's address changed.
type IdentityLine struct {
	Before string `json:"Reason,omitempty"`
	Now    string `json:"Text,omitempty"`
}

// Kind implements LineContent.
func (*IdentityLine) Kind() LineKind { return LineIdentity }

// OptedOutLine says which messages the customer wants no more.
type OptedOutLine struct {
	Only string `json:"Reason,omitempty"` // "marketing": no advertising; "" means none at all
}

// Kind implements LineContent.
func (*OptedOutLine) Kind() LineKind { return LineOptedOut }

// RefusedLine says why a verb changed nothing.
type RefusedLine struct {
	Why  Why    `json:"Reason,omitzero"`
	Hint string `json:",omitempty"` // what to do next
}

// Kind implements LineContent.
func (*RefusedLine) Kind() LineKind { return LineRefused }

// HelpLine lists the verbs, or explains one.
type HelpLine struct {
	About  string `json:"Text,omitempty"` // the word of a verb; "all" = all verbs, "" means the everyday ones
	Denied []Verb `json:",omitempty"`     // what the asker may not do
}

// Kind implements LineContent.
func (*HelpLine) Kind() LineKind { return LineHelp }

// HistoryLine is the page Args.Page of what was done.
type HistoryLine struct {
	Log  []LogRow `json:",omitempty"`
	More bool     `json:",omitempty"` // there are older rows
}

// Kind implements LineContent.
func (*HistoryLine) Kind() LineKind { return LineHistory }

// WhyLine explains what was decided.
type WhyLine struct {
	Decided []Decided `json:",omitempty"` // what became of the newest texts, the newest first
	Log     []LogRow  `json:",omitempty"` // what was done last
	Asked   []Asked   `json:",omitempty"` // what a model was asked last, the newest first
}

// Asked is what a model was asked about a conversation, what it answered, and what was made of it.
type Asked struct {
	At       time.Time `json:",omitzero"`
	By       string    // whose answer counted: the model's name, or "offline"
	Instead  bool      `json:",omitempty"` // the answer came from rules, in place of the model
	Model    string    `json:",omitempty"`
	Task     string    `json:",omitempty"` // which text was wanted; "" means an analysis of what the customer wrote
	Mood     string    `json:",omitempty"` // an analysis.Sentiment
	Urgent   bool      `json:",omitempty"`
	Because  string    `json:",omitempty"` // why it is urgent, in the customer's words
	Intents  []string  `json:",omitempty"`
	Sent     string    `json:",omitempty"` // the customer's words as they left
	Answered string    `json:",omitempty"`
	Failure  string    `json:",omitempty"` // why there was no answer, as a word of metrics
	Requests int       `json:",omitempty"`
	Tokens   int       `json:",omitempty"` // of all requests, in and out
}

// Kind implements LineContent.
func (*WhyLine) Kind() LineKind { return LineWhy }

// TimelineLine says on whom a conversation waited, and how long. Time between its end and a reopening doesn't count.
type TimelineLine struct {
	Wall  time.Duration `json:",omitempty"`
	Open  time.Duration `json:",omitempty"` // the part of Wall in business hours
	Hours bool          `json:",omitempty"` // there are business hours
	Parts []TimeSpent   `json:",omitempty"` // they sum up to the whole
}

// Waiter says who had to do something next.
type Waiter string

// Waiters.
const (
	OnQueue    Waiter = "queue"    // an answer was due, and nobody had the conversation
	OnAgent    Waiter = "agent"    // an answer was due, and somebody had it
	OnCustomer Waiter = "customer" // no answer was due
	OnProvider Waiter = "provider" // an answer had been sent and had not left: its hold, and what the provider took
)

// TimeSpent is how long a conversation depended on somebody.
type TimeSpent struct {
	On   Waiter
	By   AgentRef      `json:",omitzero"` // the agent
	Wall time.Duration `json:",omitempty"`
	Open time.Duration `json:",omitempty"`
}

// Kind implements LineContent.
func (*TimelineLine) Kind() LineKind { return LineTimeline }

// ListLine is a page of a list, or of what is found by Args.Note.
type ListLine struct {
	List   ListName   `json:"Text,omitempty"`
	Rows   []Facts    `json:",omitempty"`
	More   bool       `json:",omitempty"` // there is another page
	Hidden []ListName `json:",omitempty"` // lists that the reader may not open
}

// Kind implements LineContent.
func (*ListLine) Kind() LineKind { return LineList }

// EveningLine lists conversations whose windows close before the team is back.
type EveningLine struct {
	Team string  `json:"Text,omitempty"`
	Rows []Facts `json:",omitempty"`
	Zone string  `json:",omitempty"` // the time zone of its times: "Europe/Berlin"
}

// Kind implements LineContent.
func (*EveningLine) Kind() LineKind { return LineEvening }

// TemplatesLine shows all templates.
type TemplatesLine struct {
	Templates []Template `json:",omitempty"`
}

// Kind implements LineContent.
func (*TemplatesLine) Kind() LineKind { return LineTemplates }

// ChooseTemplateLine leads to the form in which a template is chosen, or filled in if only one fits.
type ChooseTemplateLine struct {
	Templates []Template `json:",omitempty"` // the one that fits
}

// Kind implements LineContent.
func (*ChooseTemplateLine) Kind() LineKind { return LineTemplate }

// VerdictLine is what the provider decided about a template.
type VerdictLine struct {
	Templates []Template `json:",omitempty"`       // the one that it is about
	Before    string     `json:"Reason,omitempty"` // its category until now, if that was changed
}

// Kind implements LineContent.
func (*VerdictLine) Kind() LineKind { return LineTemplate }

// RepliedLine is a reply that was written in a form.
type RepliedLine struct {
	Answered string `json:"Quoted,omitempty"` // what it answers; "" means no certain message
	Count    int    `json:",omitempty"`       // as how many texts the provider counts it, where they are many
}

// Kind implements LineContent.
func (*RepliedLine) Kind() LineKind { return LineDone }

// BegunLine is what begins a conversation, or a template in one.
type BegunLine struct {
	Template string `json:"Reason,omitempty"` // the name of the template; "" means none
	Count    int    `json:",omitempty"`       // as how many texts the provider counts it, where they are many
}

// Kind implements LineContent.
func (*BegunLine) Kind() LineKind { return LineDone }

// TaggedLine says whether the tags in Args are new.
type TaggedLine struct {
	New TagNews `json:"Text,omitempty"`
}

// Kind implements LineContent.
func (*TaggedLine) Kind() LineKind { return LineDone }

// KeptLine says for what a text is kept.
type KeptLine struct {
	Reason Reason `json:",omitempty"` // ReasonWindow: for the customer's next message; "" means it stays inside
}

// Kind implements LineContent.
func (*KeptLine) Kind() LineKind { return LineDone }

// SendersLine names whose mail is silenced, blocked or not blocked any more.
type SendersLine struct {
	Senders string `json:"Text,omitempty"`
	Hint    string `json:",omitempty"` // what else is to be known
}

// Kind implements LineContent.
func (*SendersLine) Kind() LineKind { return LineDone }

// TemplateChangedLine is the template that was changed or deleted.
type TemplateChangedLine struct {
	Templates []Template `json:",omitempty"`
}

// Kind implements LineContent.
func (*TemplateChangedLine) Kind() LineKind { return LineDone }

// AnalysisLine is what an analysis found.
type AnalysisLine struct {
	Sentiment  analysis.Sentiment `json:",omitempty"`
	Before     analysis.Sentiment `json:",omitempty"` // what it was before
	Urgent     string             `json:",omitempty"` // why somebody has to look at once, in the customer's words; "" means nobody has to
	Intents    []string           `json:",omitempty"` // names of intents, the main one first
	References []ReferenceRef     `json:",omitempty"` // those which no earlier note named
	Fits       []TemplateRef      `json:",omitempty"` // templates that may answer it, the best first
	Suggested  EventID            `json:",omitempty"` // names the replies that are suggested (SuggestionArgs.ID); 0 means none are
	Sources    []SourceRef        `json:",omitempty"` // what the first of them draws on
	Tagged     []string           `json:",omitempty"` // tags that Parley has put on the conversation
	Solver     *AgentRef          `json:",omitempty"` // who answered such before, and may take this one; nil means nobody
	Until      string             `json:",omitempty"` // the day until which the customer is away, "2026-12-05"; "" means none is named
}

// Kind implements LineContent.
func (*AnalysisLine) Kind() LineKind { return LineAnalysis }

// TemplateRef names a template.
type TemplateRef struct {
	ID   TemplateID
	Name string
}

// SourceRef is what a suggested reply draws on.
type SourceRef struct {
	Title string
	Link  string `json:",omitempty"` // where it can be read; "" means nowhere
}

// ReferenceRef is a number that the customer named.
type ReferenceRef struct {
	Name   string // what it is a number of: "order"
	Number string
	Link   string `json:",omitempty"` // where it can be looked at; "" means nowhere
}

// WrittenLine is a text that a machine wrote for colleagues.
type WrittenLine struct {
	Task        analysis.Task
	Language    string `json:",omitempty"` // of Words, ISO 639-1; "" means that of the customer or of the source text
	Style       string `json:",omitempty"` // Rephrase: one of analysis.Styles
	Question    string `json:",omitempty"` // Explain: what was asked
	Occasion    string `json:",omitempty"` // why it was written unasked: message, hand_over or resolve; "" means By asked
	ForCustomer bool   `json:",omitempty"` // it was made from a text of By's, who may want to send it
	Words       string // Markdown
	WrittenBy   string `json:",omitempty"` // "offline", or the model's name
	Degraded    bool   `json:",omitempty"` // a model was asked and gave no valid text
}

// Kind implements LineContent.
func (*WrittenLine) Kind() LineKind { return LineWritten }
