package bridge

import (
	"cmp"
	"time"

	"parley/bridge/analysis"
)

// This file is what a chat tells the engine: an Action, decoded from an event of the chat. "!snooze 2h", typed by Ann
// in the thread of conversation 12, is an Action with VerbSnooze, OriginText, Ann as its Actor, the thread as its
// Place and "2h" in Args.Until. Plain text without a command is VerbSay: the engine decides whether it goes to the
// customer ("leaves"), or stays among colleagues ("inside").

// Verb is what a person asks for. Most verbs are also the words that people type for them.
type Verb string

// Verbs. Each comment says what the verb does, and which fields of Action and Args it uses. Nobody types Say, Edit,
// Delete, React and Unreact as commands: they stand for what people do in a chat anyway.
const (
	VerbSay         Verb = "say"         // typed something; the engine decides whether it is for the customer
	VerbEdit        Verb = "edit"        // changed an earlier Say
	VerbDelete      Verb = "delete"      // deleted an earlier Say, or one of our posts
	VerbMoveChannel Verb = "movechannel" // the surface gave Place.Channel another id, which is Args.Note
	VerbReact       Verb = "react"       // Args.Emoji on Place.Message
	VerbUnreact     Verb = "unreact"     // took back Args.Emoji on Place.Message
	VerbUnknown     Verb = "unknown"     // looks like a command, but is none, such as "!xyz": its author is asked, nothing is sent

	VerbReply    Verb = "reply"    // explicitly to the customer; Args.Message is the one that it answers
	VerbNew      Verb = "new"      // begins a conversation: Args.Account, Recipient, Subject
	VerbNote     Verb = "note"     // explicitly inside
	VerbTake     Verb = "take"     // assign to me
	VerbAssign   Verb = "assign"   // Args.Agents or Args.Team; Args.Add joins
	VerbUnassign Verb = "unassign" // back to Unassigned
	VerbTag      Verb = "tag"      // Args.Tags; created when new
	VerbUntag    Verb = "untag"    // Args.Tags
	VerbTopic    Verb = "topic"    // Args.Note
	VerbRename   Verb = "rename"   // Args.Note: another name on cards and in lists
	VerbPriority Verb = "priority" // Args.Note: low, normal, high or urgent
	VerbAnalysis Verb = "analysis" // Args.Note: off or on
	VerbPending  Verb = "pending"  // waiting for the customer
	VerbSnooze   Verb = "snooze"   // Args.Until
	VerbWake     Verb = "wake"     // end a snooze now
	VerbResolve  Verb = "resolve"  // Args.Note: resolution note
	VerbReopen   Verb = "reopen"   // out of resolved
	VerbClose    Verb = "close"    // ended administratively (admins)
	VerbUndo     Verb = "undo"     // take back my last reply in its hold, or Args.Message
	VerbCC       Verb = "cc"       // Args.Addresses join the copy line, or leave it with Args.Remove
	VerbTo       Verb = "to"       // Args.Addresses replace the recipients
	VerbAllow    Verb = "allow"    // Args.Addresses: a new participant may get replies
	VerbHistory  Verb = "history"  // list the log entries
	VerbWhy      Verb = "why"      // explain the last decision
	VerbTimeline Verb = "timeline" // say on whom each minute depended
	VerbAI       Verb = "ai"       // ask for a text that only colleagues see: Args.TextRequest. Text is a draft to change, or a question
	VerbHelp     Verb = "help"     // list the verbs
	VerbList     Verb = "list"     // Args.List: mine, unassigned, all, …
	VerbFind     Verb = "show"     // show the details of the conversation with a number: "show #12"
	VerbStats    Verb = "stats"    // show the week's figures of the actor's teams

	VerbTemplate       Verb = "template"       // sends a template: Args.Template; Args.Message is a parked reply it stands for
	VerbTemplates      Verb = "templates"      // list the templates (admins edit them there)
	VerbTemplateEdit   Verb = "templateedit"   // form: make or change a template, Args.Template.Draft
	VerbTemplateDelete Verb = "templatedelete" // button: Args.Template.ID is deleted, here and at the provider

	VerbSend      Verb = "send"      // button: Args.Message, kept inside or parked, goes to the customer
	VerbKeep      Verb = "keep"      // button: Args.Message stays inside
	VerbSendAgain Verb = "sendagain" // button on an unclear or failed delivery: Args.Delivery
	VerbMarkSent  Verb = "marksent"  // button on an unclear delivery: Args.Delivery
	VerbDrop      Verb = "drop"      // button: Args.Delivery or Args.Message is not sent
	VerbLeave     Verb = "leave"     // button of the evening list: the window may close unanswered
	VerbPromote   Verb = "promote"   // button: an automatic mail (Args.Message) becomes a conversation
	VerbSilence   Verb = "silence"   // button: no more posts about this automatic sender (Args.Message)
	VerbBlock     Verb = "block"     // button: later automatic mail of this sender (Args.Message) is passed over
	VerbUnblock   Verb = "unblock"   // takes a block or a silence back, for the sender of Args.Message or for Args.Addresses
)

// ActorKind says who acted.
type ActorKind string

// Kinds of actors. Only what an ActorPerson says or does can make anything leave to a customer.
const (
	ActorPerson  ActorKind = "person"  // a human of the surface's own team
	ActorForeign ActorKind = "foreign" // a human of another organisation, or a guest
	ActorBot     ActorKind = "bot"     // another app, a workflow, the platform itself
	ActorSelf    ActorKind = "self"    // our own app
)

// Actor is who acted, in the surface's terms.
type Actor struct {
	ID   SurfaceUser
	Kind ActorKind
}

// Origin says in which way an Action came.
type Origin string

// Origins.
const (
	OriginText     Origin = "text"     // typed in a thread or channel
	OriginButton   Origin = "button"   // clicked
	OriginForm     Origin = "form"     // submitted
	OriginShortcut Origin = "shortcut" // from a message's menu
	OriginSlash    Origin = "slash"    // slash command, outside any thread
	OriginEmoji    Origin = "emoji"
	OriginMention  Origin = "mention" // "@Parley verb"
	OriginCatchUp  Origin = "catchup" // the event was missed, and a later sweep of the chat found the message

	// OriginFoundEmoji is an emoji whose event never came: it was seen when the message was read again before it
	// left. Not every chat says when an emoji was added.
	OriginFoundEmoji Origin = "foundemoji"
)

// Marker says which sign or word a typed text begins with. A text with a marker is never sent by accident.
type Marker string

// Markers. A text that begins with an escape ("!!wow", "\!wow") isn't a command. It loses the escape: its text is
// "!wow".
const (
	MarkNone  Marker = ""
	MarkNote  Marker = "note"  // "note:" or "//"
	MarkBang  Marker = "bang"  // "!" and a letter
	MarkSlash Marker = "slash" // "/" and a letter
	MarkLone  Marker = "lone"  // only a verb's word ("resolve"), or "@Parley snooze 2h" with a mention that was typed, not picked

	// MarkColleagues means that the text begins with a word such as "internal:" or "(note)", or that a later line of
	// it begins like a note.
	MarkColleagues Marker = "colleagues"
)

// Place is where something is in a surface. Ids are the surface's own.
type Place struct {
	Channel string `json:"channel,omitempty"`
	Thread  string `json:"thread,omitempty"`  // the root's id; "" at top level
	Message string `json:"message,omitempty"` // the message itself
}

// SurfaceFile is a file that a person attached in the surface.
type SurfaceFile struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	ContentType string `json:"type,omitempty"`
	SizeBytes   int64  `json:"size,omitempty"`
	URL         string `json:"url,omitempty"`         // for the surface's own Open
	Unavailable string `json:"unavailable,omitempty"` // why it can't be read: "external link", …
	// Set if it was uploaded to us: StoreFile of the engine's Desk returned it. ID and URL aren't needed then.
	Blob string `json:"blob,omitempty"`
}

// FileDeleted is why a file that was deleted in the surface can't be read (SurfaceFile.Unavailable).
const FileDeleted = "deleted"

// Action is what a person did or asked for in a surface, decoded from stored bytes.
type Action struct {
	Verb   Verb
	Origin Origin
	Actor  Actor
	Place  Place
	// Order says when a text or a command was typed, or an emoji was put on a message: "1764288000.000100". It is a
	// Unix time in seconds, a dot, six digits, and then anything. "" means that the surface doesn't say. Orders are
	// compared as strings, and replies leave in this order. A command that comes late, or without an order, doesn't
	// count for what was said after it. Nor does an emoji that comes late.
	Order string

	Text        string   // canonical Markdown, without marker, verb and escape
	Raw         string   // as typed; lines quote it if nothing was sent
	Marker      Marker   // how the typed text began
	MentionsBot bool     // the text mentions our app (and is no explicit reply)
	Mentions    []string // ids of the people and groups it mentions, or "here"
	Files       []SurfaceFile
	Rich        *Rich // what a reply carries besides its text
	Context
	Edit
	Explicit  bool // Say: "@Parley reply: …"
	OwnThread bool // the thread's root is a post of our own app

	OpenedForm
	Args   Args
	Meant  *Meant // VerbUnknown: the verb that was probably meant; nil means nobody knows
	Answer string // where the actor gets a private answer; only the surface can read it
}

// Context says how a typed text stands among the messages of its channel.
type Context struct {
	Broadcast bool     // a thread reply also shown in the channel
	Quotes    []string // ids of messages in Place.Channel that it quotes. Text doesn't have their words
	Forwards  bool     // it forwards a message. Text doesn't have that one's words either
	Edited    bool     // it was edited before we read it, so that its first words aren't known
}

// OpenedForm is the form that somebody submitted, for OriginForm.
type OpenedForm struct {
	Form     string    // its id: the same form may be submitted twice. "" means not known
	OpenedAt time.Time `json:",omitzero"` // by Parley's clock; forms of chats carry full seconds. Zero means not known
}

// Edit identifies one change of a message, for VerbEdit.
type Edit struct {
	// Version is the surface's version of the message. Versions are compared as strings: a later one is greater. A
	// surface may report the same edit under several versions. They then have the same mark of the content, behind a
	// colon.
	Version  string
	Restored bool // the message was deleted before, and its author has restored it
}

// Meant is the verb that somebody probably meant by a mistyped one, such as "!assing @ben". A button offers it.
type Meant struct {
	Verb  Verb     `json:"verb"`
	Args  Args     `json:"args"`
	Names []string `json:"names,omitempty"` // of the people in Args.Agents, as they are called
}

// TypedOrder returns Order if the action was typed as a message, and "" otherwise.
func (a Action) TypedOrder() string {
	if !a.Typed() {
		return ""
	}
	return a.Order
}

// TypedPlace returns where a message was typed. A message outside of all threads has itself as Thread. It returns the
// zero Place if the action wasn't typed as a message.
func (a Action) TypedPlace() Place {
	if !a.Typed() || a.Place.Message == "" {
		return Place{}
	}
	return Place{Channel: a.Place.Channel, Thread: cmp.Or(a.Place.Thread, a.Place.Message), Message: a.Place.Message}
}

// Typed reports whether somebody wrote the action as a message. Then the surface notifies that person of what is said
// in the thread from now on.
func (a Action) Typed() bool {
	switch a.Origin {
	case OriginText, OriginMention, OriginCatchUp:
		return true
	default:
		return false
	}
}

// IsEmoji reports whether somebody did the action by an emoji on a message.
func (a Action) IsEmoji() bool { return a.Origin == OriginEmoji || a.Origin == OriginFoundEmoji }

// MayLeave reports whether the action's text may go to the customer. That of an unknown verb may, because a button
// lets its author send it.
func (a Action) MayLeave() bool {
	return a.Verb == VerbSay || a.Verb == VerbReply || a.Verb == VerbUnknown
}

// Args are the arguments of a verb. The comment of each Verb says which ones it uses. A button carries them as one
// flat JSON object, so groups of fields are embedded structs.
type Args struct {
	Conversation ConversationID `json:"conversation,omitempty"` // #id, or from a button
	Message      MessageID      `json:"message,omitempty"`      // our message id
	Delivery     DeliveryID     `json:"delivery,omitempty"`
	Agents       []string       `json:"agents,omitempty"` // surface user ids, e-mails or "me"
	Team         string         `json:"team,omitempty"`
	Add          bool           `json:"add,omitempty"`
	Remove       bool           `json:"remove,omitempty"`
	SendArgs
	Tags      []string `json:"tags,omitempty"`
	Until     string   `json:"until,omitempty"` // a time in people's words
	Note      string   `json:"note,omitempty"`
	Addresses []string `json:"addresses,omitempty"`
	ReplyArgs
	Emoji string `json:"emoji,omitempty"`
	ListArgs
	Seen EventID `json:"seen,omitempty"` // from a page of our own: the newest event of what it showed
	StartArgs

	Template    *TemplateArgs `json:"template,omitempty"`
	TextRequest *TextRequest  `json:"wanted,omitempty"` // VerbAI: nil means a summary
}

// SendArgs say which earlier text a button or command is about.
type SendArgs struct {
	Slip  MessageID `json:"slip,omitempty"`  // the id of the mistyped message that the verb corrects
	Sure  bool      `json:"sure,omitempty"`  // VerbSend: the actor has confirmed that the text is another person's
	Typed *Place    `json:"typed,omitempty"` // VerbSend: a message that was typed outside all threads, for the customer of Conversation
}

// ReplyArgs are what the form of a reply is opened with, and what it hands in besides the text.
type ReplyArgs struct {
	To []string `json:"to,omitempty"` // the recipients that the form shows
	Cc []string `json:"cc,omitempty"` // who gets a copy, as the form shows
	// VerbPromote: the address of ours to which the mail went, if the account has several.
	Via         string          `json:"via,omitempty"`
	Shown       string          `json:"shown,omitempty"`       // mark of what the actor saw: RecipientsMark in a form, WordsMark in a button
	Rich        RichKind        `json:"rich,omitempty"`        // the kind of rich message that its form asks for
	Most        int             `json:"most,omitempty"`        // how many buttons or other items such a message holds at most on the account
	Promotional bool            `json:"promotional,omitempty"` // it is advertising, for which some providers have a shorter window
	Draft       string          `json:"draft,omitempty"`       // the text with which its form begins
	Suggestion  *SuggestionArgs `json:"suggestion,omitempty"`  // the suggested reply with which its form begins; nil means none
}

// ListArgs name a list of conversations and one of its pages.
type ListArgs struct {
	List ListName `json:"list,omitempty"`
	Page int      `json:"page,omitempty"`
}

// StartArgs say with whom a conversation begins, and about what.
type StartArgs struct {
	Account   string `json:"account,omitempty"`   // VerbNew: the account with which the conversation begins
	Recipient string `json:"recipient,omitempty"` // VerbNew: the customer, as typed
	Subject   string `json:"subject,omitempty"`
}

// TextRequest says which text somebody asks for.
type TextRequest struct {
	Task     analysis.Task `json:"task"`
	Language string        `json:"language,omitempty"` // ISO 639-1, of the text that is wanted; what "" means depends on Task
	Style    string        `json:"style,omitempty"`    // if Task is Rephrase: one of analysis.Styles
}
