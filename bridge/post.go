package bridge

import (
	"time"

	"parley/channels"
)

// PostKind says what a Post makes in the surface.
type PostKind string

// Kinds of Post.
const (
	PostRoot      PostKind = "root"      // the first message of a thread: the card
	PostCard      PostKind = "card"      // bring the root at Place.Message up to date
	PostSaid      PostKind = "said"      // a customer's message, under the customer's name
	PostFiles     PostKind = "files"     // files of a customer's message
	PostLine      PostKind = "line"      // a line of Parley's own
	PostMark      PostKind = "mark"      // show Mark on Place.Message, in place of Clears
	PostEphemeral PostKind = "ephemeral" // Line, seen by To only; best effort
)

// Idempotent says that a post may be made twice without harm.
func (k PostKind) Idempotent() bool { return k == PostCard || k == PostMark }

// Post is one delivery to a surface: facts, not layout.
type Post struct {
	Kind           PostKind
	DeliveryID     int64
	Token          string // opaque, the same in every attempt at this part
	Part           int    // 0 first; a long text continues in further parts
	Attempt        int    // 1 for the first
	Unsure         bool   // nobody can tell whether an earlier attempt was made: this post may be a double, and says so
	FirstAttemptAt time.Time
	Place          Place  // Thread "" for a root; Message for cards, marks, and a PostLine that takes the place of an earlier one
	To             string // the surface user who sees it: PostEphemeral, or a PostLine without a channel (a direct message)
	Facts          Facts
	Said           *Said
	Line           *Line
	Mark           Mark            // PostMark: "" = none
	Clears         Mark            // PostMark: the mark that Mark takes the place of; "" = none
	Files          []channels.File // PostFiles
	Missing        []Missing       // PostFiles: those that could not be had, or not yet
	Progress       string          // what an earlier attempt returned in Sent.Progress; the surface alone knows what it means
}

// Missing is a file that a customer sent and that isn't there.
type Missing struct {
	Name   string
	Reason string // why it never comes, for people; "" = it is still being fetched and follows by itself
}

// Said is a customer's message.
type Said struct {
	MessageID int64
	From      PartyRef
	At        time.Time
	Text      string   // canonical Markdown
	Quoted    string   // the quoted history; it is shown when ShowQuote
	Notices   []string // remarks for agents
	ShowQuote bool
	Files     []string  // names of files that follow
	Elsewhere bool      // it is not a customer's message: From answered the customer outside Parley
	Answers   *Answered // which earlier message it answers; nil = none
	Original  string    // link to the sandboxed HTML original, "" if none
	Then      []Said    // the customer's next messages, if one post shows several: each with its time
}

// Answered is the message that a customer's message answers.
type Answered struct {
	Text    string `json:"text,omitempty"` // its words, shortened; "" = an earlier message that isn't known
	ByUs    bool   `json:"by_us,omitempty"`
	ByOwner bool   `json:"by_owner,omitempty"` // the customer answers her own
}

// Mark says on a person's own message what became of it. A message has one at a time.
type Mark string

// Marks.
const (
	MarkWaiting   Mark = "waiting"   // it leaves when its hold ends; its author may press the mark to take it back
	MarkSent      Mark = "sent"      // the provider took it
	MarkDelivered Mark = "delivered" // the customer's device has it
	MarkRead      Mark = "read"      // the customer read it
	MarkWarning   Mark = "warning"   // not delivered; a line says why
	MarkInside    Mark = "inside"    // the customer does not get it
)

// LineKind says what a line is about; bot/view gives it words.
type LineKind string

// Kinds of lines, with the fields that each uses. Those marked * say that a customer did not get
// something: they mention the author and keep the text.
const (
	LineAssigned    LineKind = "assigned"     // By assigned it to Mentions; Text = note
	LineUnassigned  LineKind = "unassigned"   // By put it back, or handed it to Args.Team; Text = note
	LineHandedOver  LineKind = "handed_over"  // By handed it to Args.Team: it goes on at the facts' Root, or Elsewhere
	LineWoke        LineKind = "woke"         // the snooze is over
	LineReopened    LineKind = "reopened"     // by the customer or By
	LineContinued   LineKind = "continued"    // the customer wrote again: see Other
	LineResolved    LineKind = "resolved"     // By, Text = note; confirmation with Undo
	LineSnoozed     LineKind = "snoozed"      // By, Until; confirmation with Wake
	LineAsk         LineKind = "ask"          // * not sent without a click; Reason
	LineInside      LineKind = "inside"       // * stayed inside; Reason; may be sent
	LineSendAs      LineKind = "send_as"      // asks somebody who wants to send Text, which By wrote, whether they are sure
	LineParked      LineKind = "parked"       // * found late, the conversation moved on
	LineOffered     LineKind = "offered"      // * parked for the reply window, which is open now until Until
	LineFailed      LineKind = "failed"       // * the customer didn't get it; Reason, Hint
	LineRetrying    LineKind = "retrying"     // * still being tried since Since; Reason
	LineDelayed     LineKind = "delayed"      // the other side's server still tries
	LineUnclear     LineKind = "unclear"      // * nobody knows: Send again / Mark as sent
	LineEditLate    LineKind = "edit_late"    // * edited after it was sent
	LineDeleteLate  LineKind = "delete_late"  // deleted after it was sent: the customer has it
	LineUndone      LineKind = "undone"       // * taken back in the hold
	LineTopLevel    LineKind = "top_level"    // * typed in the channel: reached nobody; Rows may be meant, Args.Typed is the message
	LineNotMapped   LineKind = "not_mapped"   // * the author is no agent
	LineParticipant LineKind = "participant"  // a newcomer in the mail: allow?
	LineRecipients  LineKind = "recipients"   // who gets replies now
	LineAutomatic   LineKind = "automatic"    // one automatic mail in the daily thread
	LineCollected   LineKind = "collected"    // one mail of Customer, who opened very many conversations: Text its subject, Hint its words, Count its files
	LineBounceOther LineKind = "bounce_other" // a bounce of something we can't match
	LineQuarantine  LineKind = "quarantine"   // something arrived that we could not read
	LineRefused     LineKind = "refused"      // the action changed nothing: Reason, Hint
	LineDecided     LineKind = "decided"      // the action changed nothing, since Outcome came first
	LineUnchanged   LineKind = "unchanged"    // Verb had nothing to do: it is so already
	LineDone        LineKind = "done"         // confirmation of Verb: Text
	LineHelp        LineKind = "help"         // the verbs; Text = verb asked about, "all" = all of them
	LineHistory     LineKind = "history"      // Log
	LineWhy         LineKind = "why"          // Decided, Log
	LineList        LineKind = "list"         // Rows, Text = which list
	LineDetails     LineKind = "details"      // Facts
	LineTexts       LineKind = "texts"        // a long text counts as Count messages
	LineEvening     LineKind = "evening"      // Rows: their windows close before team Text is back; Zone
	LineAccount     LineKind = "account"      // an account's condition changed: Text (its name), Reason ("" = it works again), Hint
	LineRerooted    LineKind = "rerooted"     // the root was deleted; this is its new thread
	LineTemplate    LineKind = "template"     // Verb VerbTemplate: choose one; VerbTemplates: a verdict on Templates[0], Reason = its category before
	LineTemplates   LineKind = "templates"    // Templates, for admins
	LineExists      LineKind = "exists"       // * nothing was begun: there is Other already
	LineReacted     LineKind = "reacted"      // Customer reacted with Text to Hint (words, "" = unknown); Text "" = took it back; Reason: whose message
	LineChanged     LineKind = "changed"      // Customer changed what was said (Hint, "" = unknown) into Text
	LineDeleted     LineKind = "deleted"      // Customer deleted what was said (Hint, "" = unknown)
	LineIdentity    LineKind = "identity"     // Customer is now reached at Text, no longer at Reason
	LineSamePerson  LineKind = "same_person"  // the customer of Other is the same
	LineOptedOut    LineKind = "opted_out"    // Customer wants no messages; Reason marketing: no advertising; Text = what was written
	LineOptedIn     LineKind = "opted_in"     // Customer wants messages again; Text = what was written
	LineParts       LineKind = "parts"        // what was sent counts as Text messages
)

// Line is a remark of Parley's in a thread or channel.
type Line struct {
	Kind      LineKind
	By        AgentRef   // who caused it; zero = Parley or the customer
	Mentions  []AgentRef // who is to notice it
	Text      string     // canonical Markdown: kept text, note, list name
	Rich      *Rich      // what goes with the text, as the customer gets it
	Quoted    string     // what the text answers
	Reason    string
	Hint      string
	Until     time.Time
	Since     time.Time
	Customer  PartyRef
	Other     Facts  // LineContinued, LineExists, LineOffered: the other conversation
	Verb      Verb   // LineDone, LineRefused: what was asked
	Verbs     []Verb // buttons, in order
	Args      Args   // what the buttons are about
	Meant     *Meant `json:",omitempty"` // LineAsk: the verb that was probably meant, as the first button
	Log       []LogRow
	Decided   []Decided `json:",omitempty"` // LineWhy: what became of the newest texts, the newest first
	Rows      []Facts
	More      bool   // LineList, LineHistory: there are more rows than these
	Count     int    // LineTexts, LineDone of a reply: as how many messages the provider counts it
	Zone      string // the time zone of its times: "Europe/Berlin"; "" = the zone of the facts
	SourceRef Place  // the human message it is about, "" if none

	Left      Place      `json:",omitzero"`  // LineUnassigned: the thread in which it was before
	LeftIn    string     `json:",omitempty"` // the name of the chat of that thread, if it is another one
	Without   []PartyRef `json:",omitempty"` // LineRecipients: who gets no replies any more
	Denied    []Verb     `json:",omitempty"` // LineHelp: what the asker may not do
	Hidden    []string   `json:",omitempty"` // LineList: lists that the asker may not open
	Templates []Template `json:",omitempty"`
	Files     []LineFile `json:",omitempty"` // of a reply, uploaded to us: what goes with the text
	Outcome   *Outcome   `json:",omitempty"` // what became of what it is about; nil = it is as the line says
}

// Decided is what became of a text that somebody typed, and why.
type Decided struct {
	At     time.Time
	By     AgentRef
	Text   string // its beginning
	Fate   string // store.FateInside, …
	Reason string // a code of Speak, or a sentence
}

// Outcome is what became of the message that a line is about. A line with an Outcome shows it in
// place of its question, and its Verbs are what can still be done.
type Outcome struct {
	State OutcomeState
	By    AgentRef  // who decided it; zero = not known
	At    time.Time // when it was decided or, of a reply that left, sent; zero = not known
}

// OutcomeState says what became of a message.
type OutcomeState string

// States of an Outcome.
const (
	OutcomeWaiting   OutcomeState = "waiting"   // it leaves when its hold ends
	OutcomeSent      OutcomeState = "sent"      // the provider took it
	OutcomeDelivered OutcomeState = "delivered" // the customer's device has it
	OutcomeRead      OutcomeState = "read"      // the customer read it
	OutcomeFailed    OutcomeState = "failed"    // the customer did not get it
	OutcomeUnclear   OutcomeState = "unclear"   // nobody can tell
	OutcomeInside    OutcomeState = "inside"    // it is kept inside
	OutcomeDropped   OutcomeState = "dropped"   // it is given up
	OutcomeUndone    OutcomeState = "undone"    // it was taken back in its hold
	OutcomeKept      OutcomeState = "kept"      // it waits for the customer's next message
	OutcomeTemplate  OutcomeState = "template"  // a template went first; it waits for the customer's next message
	OutcomeAsked     OutcomeState = "asked"     // a later line asks about it
	OutcomePromoted  OutcomeState = "promoted"  // it is in the conversation Line.Other now
	OutcomeChosen    OutcomeState = "chosen"    // somebody chose the customer of Line.Other for it; its fate is shown there
	OutcomeSilenced  OutcomeState = "silenced"  // nothing more is posted about its sender
	OutcomeAllowed   OutcomeState = "allowed"   // who is new in a mail gets replies now
	OutcomeBlocked   OutcomeState = "blocked"   // later automatic mail of its sender is passed over
	OutcomeUnblocked OutcomeState = "unblocked" // its sender is no longer blocked
)

// LineFile is a file that a line names.
type LineFile struct {
	Name string
	URL  string `json:",omitempty"` // where it can be had; "" = nowhere
}

// Sent is what a surface tells of a post that was made.
type Sent struct {
	Message  string // its id in the surface
	Thread   string // the thread it really is in; for a root its own id
	More     bool   // a long text: send the next Part
	Progress string // to be kept for the next attempt or part
	Blind    bool   // Reconcile answered Absent because nobody can look: it is a guess
}
