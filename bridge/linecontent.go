package bridge

import (
	"time"

	"parley/bridge/analysis"
)

// A Line is a remark of Parley's own in a conversation's thread. This file has the contents of lines, which are the fields
// that only one kind of line has. For example, a line of kind LineReacted has the content
//
//	&ReactedLine{Emoji: "👍", Message: "On its way"}
//
// and bot/view renders it as "Carla Diaz reacted 👍 to “On its way”". See fatelines.go and weekline.go for more contents.
//
// Lines are stored as JSON that older versions of Parley also read. Therefore a field that once had another name keeps it
// in its tag: `json:"Reason"`.

// UnknownLine is the content of a kind that only a newer version of Parley knows. Its words are shown as they are.
type UnknownLine struct {
	Name LineKind `json:"-"`
	Why  Why      `json:"Reason,omitzero"`
	Hint string   `json:",omitempty"`
}

// Kind implements LineContent.
func (l *UnknownLine) Kind() LineKind { return l.Name }

// TagNews says whether the tags of a command existed before.
type TagNews string

// TagsCreated means that the command created the tags.
const TagsCreated TagNews = "new"

// Decided is a text that an agent typed, with what happened to it and why.
type Decided struct {
	At     time.Time
	By     AgentRef
	Text   string // the beginning of the text
	Fate   Fate   // what happened to it
	Reason Reason // why
}

// UnassignedLine reports that a conversation has no owner any more, or was handed to a team.
type UnassignedLine struct {
	Left   Place     `json:",omitzero"`  // its previous thread, if that is in the same chat
	LeftIn string    `json:",omitempty"` // the name of the chat with its previous thread, if that is another one: "Slack"
	Former string    `json:",omitempty"` // names of owners who no longer work on the account, or aren't there
	Absent Absence   `json:",omitempty"` // why these aren't there; "" means that they no longer work on the account
	Until  time.Time `json:",omitzero"`  // when they are back, if that is known
}

// Kind implements LineContent.
func (*UnassignedLine) Kind() LineKind { return LineUnassigned }

// OopsLine reports who has a reply that should not have been sent.
type OopsLine struct {
	State   OutcomeState // how far it has come
	To      []string     // names of those to whom it was sent
	Channel string       // "E-mail"
}

// Kind implements LineContent.
func (*OopsLine) Kind() LineKind { return LineOops }

// VisibleLine reports who may read a conversation from now on.
type VisibleLine struct {
	To []string `json:",omitempty"` // names; none means everybody who may read the account
}

// Kind implements LineContent.
func (*VisibleLine) Kind() LineKind { return LineVisible }

// Absence is why agents aren't there.
type Absence string

// The reasons for an Absence.
const (
	AbsentAway    Absence = "away"
	AbsentOffDuty Absence = "off_duty"
)

// EndedLine reports that a conversation ended by itself.
type EndedLine struct {
	Why   string // CloseInactivity, CloseWords or CloseAbandoned
	Hours int    `json:",omitempty"` // for which the customer was silent; 0 with CloseWords
}

// Kind implements LineContent.
func (*EndedLine) Kind() LineKind { return LineEnded }

// AutoRepliedLine shows what an account answered by itself.
type AutoRepliedLine struct {
	On string // why: an Occasion of package routing
}

// Kind implements LineContent.
func (*AutoRepliedLine) Kind() LineKind { return LineAutoReplied }

// RoutedLine reports that a rule has assigned a conversation to an agent.
type RoutedLine struct {
	Agent string // the agent's name, which Mentions may lack
	Rule  string `json:",omitempty"` // how it found the agent: a routing.By
	Word  string `json:",omitempty"` // the rule's skill or field, or who is covered
	Team  string `json:",omitempty"` // the team of which the agent is a member
}

// Kind implements LineContent.
func (*RoutedLine) Kind() LineKind { return LineRouted }

// LateLine reports that a target has passed.
type LateLine struct {
	Due     time.Time // when somebody should have taken the conversation, or answered the customer
	Untaken bool      `json:",omitempty"` // nobody has taken it
}

// Kind implements LineContent.
func (*LateLine) Kind() LineKind { return LineLate }

// Values of RoutedLine.Rule that are no rules.
const (
	ByCover = "cover" // the agent covers for the owner
	ByPin   = "pin"   // it is the agent's own customer
)

// PresenceLine answers an agent who has changed the presence, or took more conversations than there is room for.
type PresenceLine struct {
	Presence string  `json:",omitempty"` // PresenceAway, …; "" tells only the room
	Until    string  `json:",omitempty"` // in words
	Cover    string  `json:",omitempty"` // who covers
	Open     int     `json:",omitempty"` // open conversations that the agent has
	Capacity int     `json:",omitempty"` // 0 means any number
	Rows     []Facts `json:",omitempty"` // to which something happened meanwhile
}

// Kind implements LineContent.
func (*PresenceLine) Kind() LineKind { return LinePresence }

// AutomatedLine reports what an automation has done.
type AutomatedLine struct {
	Name string
	Did  []string `json:",omitempty"` // in words: "told #leads"
}

// Kind implements LineContent.
func (*AutomatedLine) Kind() LineKind { return LineAutomated }

// RecipientsLine reports who gets replies from now on.
type RecipientsLine struct {
	To      string     `json:"Text,omitempty"` // in words; "" means those in the Facts of the conversation
	Without []PartyRef `json:",omitempty"`     // people who no longer get replies
}

// Kind implements LineContent.
func (*RecipientsLine) Kind() LineKind { return LineRecipients }

// AutomaticLine announces a mail that a machine sent, such as a newsletter.
type AutomaticLine struct {
	Cause   string `json:"Reason,omitempty"` // why it counts as automatic: "list"
	Subject string `json:"Text,omitempty"`
	Begins  string `json:"Hint,omitempty"` // its first words
}

// Kind implements LineContent.
func (*AutomaticLine) Kind() LineKind { return LineAutomatic }

// CollectedLine announces a mail of somebody who opened an unusual number of conversations.
type CollectedLine struct {
	Subject string `json:"Text,omitempty"`
	Words   string `json:"Hint,omitempty"`  // its text, in canonical Markdown
	Files   int    `json:"Count,omitempty"` // the number of attached files

	Copied []PartyRef `json:",omitempty"` // its other recipients
	Blind  bool       `json:",omitempty"` // we got a blind copy, so those in Copied don't know about us
}

// Kind implements LineContent.
func (*CollectedLine) Kind() LineKind { return LineCollected }

// BounceOtherLine announces a report that some mail, it is unknown which, could not be delivered.
type BounceOtherLine struct {
	Words     string `json:"Text,omitempty"`   // the subject of the report or, if Recipient is set, the text of the reply
	Trouble   string `json:"Reason,omitempty"` // what the report says
	Recipient string `json:",omitempty"`       // the failed address, if the line is in the thread of a reply to that address
}

// Kind implements LineContent.
func (*BounceOtherLine) Kind() LineKind { return LineBounceOther }

// QuarantineLine reports that something could not be read or shown, and was kept.
type QuarantineLine struct {
	Account string `json:"Text,omitempty"`   // name of the account that received it
	Trouble string `json:"Reason,omitempty"` // the error
	Hint    string `json:",omitempty"`       // a command for admins that tries again ("parley …"), or a sentence that says what to do
}

// Kind implements LineContent.
func (*QuarantineLine) Kind() LineKind { return LineQuarantine }

// AccountLine reports that an account, or the language model, stopped working or works again.
type AccountLine struct {
	Account string `json:"Text,omitempty"`   // name of the account
	Model   bool   `json:",omitempty"`       // it is about the language model, not an account
	Trouble string `json:"Reason,omitempty"` // the error; "" means that it works again
	Hint    string `json:",omitempty"`       // what to do
	Page    string `json:",omitempty"`       // address of the page to reconnect it; "" if there is none, or if it works again
}

// Kind implements LineContent.
func (*AccountLine) Kind() LineKind { return LineAccount }

// ReactedLine reports an emoji that the customer added to a message.
type ReactedLine struct {
	Emoji   string    `json:"Text,omitempty"` // "" means that the customer removed it
	Message string    `json:"Hint,omitempty"` // the text of the message; "" means unknown
	At      time.Time `json:",omitzero"`      // time of the reaction, by which an older one that arrives later is ignored
}

// Kind implements LineContent.
func (*ReactedLine) Kind() LineKind { return LineReacted }

// ChangedLine reports that the customer changed a message.
type ChangedLine struct {
	Before string    `json:"Hint,omitempty"` // the earlier text; "" means unknown
	At     time.Time `json:",omitzero"`      // time of the change
}

// Kind implements LineContent.
func (*ChangedLine) Kind() LineKind { return LineChanged }

// DeletedLine reports that the customer deleted a message.
type DeletedLine struct {
	Message string `json:"Hint,omitempty"` // the deleted text; "" means unknown
}

// Kind implements LineContent.
func (*DeletedLine) Kind() LineKind { return LineDeleted }

// IdentityLine reports that the customer has a new address.
type IdentityLine struct {
	Before string `json:"Reason,omitempty"`
	Now    string `json:"Text,omitempty"`
}

// Kind implements LineContent.
func (*IdentityLine) Kind() LineKind { return LineIdentity }

// OptedOutLine reports that the customer refuses further messages.
type OptedOutLine struct {
	Only string `json:"Reason,omitempty"` // "marketing" if the customer refuses advertising only
}

// Kind implements LineContent.
func (*OptedOutLine) Kind() LineKind { return LineOptedOut }

// RefusedLine reports why a verb (what an agent asked for) was refused.
type RefusedLine struct {
	Why  Why    `json:"Reason,omitzero"`
	Hint string `json:",omitempty"` // what to do next
}

// Kind implements LineContent.
func (*RefusedLine) Kind() LineKind { return LineRefused }

// HelpLine lists the verbs, or explains one.
type HelpLine struct {
	About  string `json:"Text,omitempty"` // a verb as it is typed, "all" for all verbs, or "" for the everyday ones
	Denied []Verb `json:",omitempty"`     // verbs that the reader may not use
}

// Kind implements LineContent.
func (*HelpLine) Kind() LineKind { return LineHelp }

// HistoryLine is page Line.Args.Page of a conversation's log.
type HistoryLine struct {
	Log       []LogRow `json:",omitempty"`
	More      bool     `json:",omitempty"` // there are older entries
	OnlyNotes bool     `json:",omitempty"` // it lists notes alone
}

// Kind implements LineContent.
func (*HistoryLine) Kind() LineKind { return LineHistory }

// WhyLine explains recent decisions in a conversation. All its lists begin with the newest.
type WhyLine struct {
	Decided []Decided `json:",omitempty"` // about texts that agents typed
	Log     []LogRow  `json:",omitempty"`
	Asked   []Asked   `json:",omitempty"` // requests to a language model
}

// Asked records a request to a language model about a conversation, with its answer.
type Asked struct {
	At       time.Time `json:",omitzero"`
	By       string    // the source of the answer that was used: the model's name, or "offline" for rules
	Instead  bool      `json:",omitempty"` // rules answered because the model failed
	Model    string    `json:",omitempty"`
	Task     string    `json:",omitempty"` // the kind of text to write; "" means an analysis of the customer's messages
	Mood     string    `json:",omitempty"` // an analysis.Sentiment
	Urgent   bool      `json:",omitempty"`
	Because  string    `json:",omitempty"` // why it is urgent, in the customer's words
	Intents  []string  `json:",omitempty"`
	Sent     string    `json:",omitempty"` // the customer's text as it was sent to the model
	Answered string    `json:",omitempty"`
	Failure  string    `json:",omitempty"` // why there was no answer, as a label of metrics
	Requests int       `json:",omitempty"`
	Tokens   int       `json:",omitempty"` // of all requests and answers
}

// Kind implements LineContent.
func (*WhyLine) Kind() LineKind { return LineWhy }

// TimelineLine shows how long a conversation waited for whom. The time between its end and a reopening doesn't count.
type TimelineLine struct {
	Wall  time.Duration `json:",omitempty"` // the whole time
	Open  time.Duration `json:",omitempty"` // the part of Wall within business hours
	Hours bool          `json:",omitempty"` // business hours are configured
	Parts []TimeSpent   `json:",omitempty"` // they add up to Wall and Open
}

// Waiter is the party that had to act next.
type Waiter string

// Waiters.
const (
	OnQueue    Waiter = "queue"    // an answer was due, and the conversation had no owner
	OnAgent    Waiter = "agent"    // an answer was due from an owner
	OnCustomer Waiter = "customer" // no answer was due
	OnProvider Waiter = "provider" // an answer was written but not sent yet, because it was on hold or the provider was slow
)

// TimeSpent is a time during which a conversation waited for one party.
type TimeSpent struct {
	On   Waiter
	By   AgentRef      `json:",omitzero"` // OnAgent: the agent
	Wall time.Duration `json:",omitempty"`
	Open time.Duration `json:",omitempty"`
}

// Kind implements LineContent.
func (*TimelineLine) Kind() LineKind { return LineTimeline }

// ListLine is a page of a list, or of the results of a search for Line.Args.Note.
type ListLine struct {
	List   ListName         `json:"Text,omitempty"`
	Rows   []Facts          `json:",omitempty"`
	More   bool             `json:",omitempty"` // there is another page
	Next   string           `json:",omitempty"` // see Listing
	Counts map[ListName]int `json:",omitempty"`
	Unread []ListName       `json:",omitempty"` // see Listing
	Hidden []ListName       `json:",omitempty"` // lists that the reader may not open
	Day    *Today           `json:",omitempty"` // of ListToday
	Chats  []Chat           `json:",omitempty"` // see Listing
}

// Kind implements LineContent.
func (*ListLine) Kind() LineKind { return LineList }

// ChatLine leads to the chat program's own conversation of the reader with a colleague.
type ChatLine struct {
	With   AgentRef
	IsSelf bool `json:",omitempty"` // With is the reader
}

// Kind implements LineContent.
func (*ChatLine) Kind() LineKind { return LineChat }

// EveningLine lists conversations whose reply windows close before business hours begin again.
type EveningLine struct {
	Team string  `json:"Text,omitempty"`
	Rows []Facts `json:",omitempty"`
	Zone string  `json:",omitempty"` // the time zone of its times: "Europe/Berlin"
}

// Kind implements LineContent.
func (*EveningLine) Kind() LineKind { return LineEvening }

// BoardLine shows what presses in a channel.
type BoardLine struct {
	Team  string      `json:"Text,omitempty"`
	Lists []BoardList `json:",omitempty"`
	Zone  string      `json:",omitempty"` // the time zone of its times: "Europe/Berlin"
}

// BoardList is a list of a board.
type BoardList struct {
	Name  string
	Rows  []Facts // the first ones, with what the board shows of them
	Count int     // up to MaxListCount
}

// Kind implements LineContent.
func (*BoardLine) Kind() LineKind { return LineBoard }

// Mark returns a digest of what a board shows.
func (l *BoardLine) Mark() string { return TextMark(string(JSON(l))) }

// TemplatesLine shows all templates.
type TemplatesLine struct {
	Templates []Template `json:",omitempty"`
}

// Kind implements LineContent.
func (*TemplatesLine) Kind() LineKind { return LineTemplates }

// CannedLine shows the canned replies that its reader may use.
type CannedLine struct {
	List  []Canned `json:",omitempty"`
	Admin bool     `json:",omitempty"` // the reader may change those for all
}

// Kind implements LineContent.
func (*CannedLine) Kind() LineKind { return LineCanned }

// ChooseTemplateLine leads to the form in which a template is chosen, or filled in if only one fits. A template is a prepared
// text with variables.
type ChooseTemplateLine struct {
	Templates []Template `json:",omitempty"` // the only one that fits; empty if several do
}

// Kind implements LineContent.
func (*ChooseTemplateLine) Kind() LineKind { return LineTemplate }

// VerdictLine reports a provider's decision about a template.
type VerdictLine struct {
	Templates []Template `json:",omitempty"`       // that template alone
	Before    string     `json:"Reason,omitempty"` // the earlier category, if the provider changed it
}

// Kind implements LineContent.
func (*VerdictLine) Kind() LineKind { return LineTemplate }

// RepliedLine shows a reply that was written in a form.
type RepliedLine struct {
	Answered string `json:"Quoted,omitempty"` // the message that it answers; "" means none in particular
	Count    int    `json:",omitempty"`       // the number of texts as which the provider counts it; 0 means only a few
}

// Kind implements LineContent.
func (*RepliedLine) Kind() LineKind { return LineDone }

// BegunLine shows the first message of a conversation that an agent started, or a template that was sent.
type BegunLine struct {
	Template string `json:"Reason,omitempty"` // the name of the template; "" means none
	Count    int    `json:",omitempty"`       // as in RepliedLine
}

// Kind implements LineContent.
func (*BegunLine) Kind() LineKind { return LineDone }

// TaggedLine confirms that the tags in Line.Args were added.
type TaggedLine struct {
	New TagNews `json:"Text,omitempty"`
}

// Kind implements LineContent.
func (*TaggedLine) Kind() LineKind { return LineDone }

// EmailedLine says that messages of the conversation leave by a mail, which begins the conversation Line.Other, or that it failed.
type EmailedLine struct {
	Messages int    `json:",omitempty"`
	Notes    bool   `json:",omitempty"`
	Trouble  string `json:",omitempty"` // why it failed
}

// Kind implements LineContent.
func (*EmailedLine) Kind() LineKind { return LineDone }

// AskedLine says that By asked Whom aside what Text says, that it failed, or that By, or Customer, has answered Text.
type AskedLine struct {
	Whom    string `json:",omitempty"`
	Answer  bool   `json:",omitempty"`
	Trouble string `json:",omitempty"` // why it failed
}

// Kind implements LineContent.
func (*AskedLine) Kind() LineKind { return LineDone }

// AsideLine begins the thread of a question aside about the conversation, or says that nobody waits for an answer any more.
type AsideLine struct {
	Said []AsideSaid `json:",omitempty"` // the context
	Over bool        `json:",omitempty"`
}

// AsideSaid is a message of the customer that whoever is asked may read. It doesn't say which customer's.
type AsideSaid struct {
	At    time.Time
	Words string `json:",omitempty"`
}

// Kind implements LineContent.
func (*AsideLine) Kind() LineKind { return LineAside }

// SeveralLine tells what became of several conversations.
type SeveralLine struct {
	Do   Verb         `json:",omitempty"`
	Done int          `json:",omitempty"`
	Not  []SeveralNot `json:",omitempty"`
}

// SeveralNot is a conversation in which nothing was changed, and why.
type SeveralNot struct {
	ID  ConversationID
	Why string
}

// Kind implements LineContent.
func (*SeveralLine) Kind() LineKind { return LineDone }

// KeptLine confirms that a text was not sent.
type KeptLine struct {
	Reason Reason `json:",omitempty"` // ReasonWindow: it is kept until the customer writes; "": it stays inside
}

// Kind implements LineContent.
func (*KeptLine) Kind() LineKind { return LineDone }

// SendersLine confirms that the mail of some senders is silenced, or shown again.
type SendersLine struct {
	Senders string `json:"Text,omitempty"`
	Hint    string `json:",omitempty"` // a further remark
}

// Kind implements LineContent.
func (*SendersLine) Kind() LineKind { return LineDone }

// TemplateChangedLine confirms that a template was changed or deleted.
type TemplateChangedLine struct {
	Templates []Template `json:",omitempty"`
}

// Kind implements LineContent.
func (*TemplateChangedLine) Kind() LineKind { return LineDone }

// AnalysisLine is the result of an analysis of a customer's message, by a language model or by rules.
type AnalysisLine struct {
	Sentiment  analysis.Sentiment `json:",omitempty"`
	Before     analysis.Sentiment `json:",omitempty"` // the sentiment of the message before
	Urgent     string             `json:",omitempty"` // why it is urgent, in the customer's words; "" means that it is not
	Intents    []string           `json:",omitempty"` // names of intents, the main one first
	References []ReferenceRef     `json:",omitempty"` // only those that no earlier line named
	Fits       []TemplateRef      `json:",omitempty"` // templates that may answer it, the best first
	Suggested  EventID            `json:",omitempty"` // id of the suggested replies (SuggestionArgs.ID); 0 means none
	Sources    []SourceRef        `json:",omitempty"` // sources of the first suggested reply
	Tagged     []string           `json:",omitempty"` // tags that Parley added to the conversation
	Until      string             `json:",omitempty"` // last day of the customer's absence, "2026-12-05"; "" if not mentioned
}

// Kind implements LineContent.
func (*AnalysisLine) Kind() LineKind { return LineAnalysis }

// TemplateRef names a template.
type TemplateRef struct {
	ID   TemplateID
	Name string
}

// SourceRef is a source of a suggested reply, such as an article.
type SourceRef struct {
	Title string
	Link  string `json:",omitempty"` // may be ""
}

// ReferenceRef is a number that the customer mentioned, such as that of an order.
type ReferenceRef struct {
	Name   string // the kind of number: "order"
	Number string
	Link   string `json:",omitempty"` // the page about it; may be ""
}

// WrittenLine is a text for colleagues that a language model or a set of rules wrote.
type WrittenLine struct {
	Task        analysis.Task
	Language    string `json:",omitempty"` // of Words (ISO 639-1); "" means that of the customer or of the source text
	Style       string `json:",omitempty"` // Task Rephrase: one of analysis.Styles
	Question    string `json:",omitempty"` // Task Explain: the question
	Occasion    string `json:",omitempty"` // why it was written automatically: message, hand_over or resolve; "" means on request of By
	ForCustomer bool   `json:",omitempty"` // it is a new version of a draft by By, who may want to send it
	Words       string // the text, in Markdown
	WrittenBy   string `json:",omitempty"` // the model's name, or "offline" for rules
	Degraded    bool   `json:",omitempty"` // rules wrote it because the model gave no valid text
}

// Kind implements LineContent.
func (*WrittenLine) Kind() LineKind { return LineWritten }
