package bridge

import (
	"cmp"

	"parley/bridge/analysis"
)

// Verb is what a person asks for. Most verbs are also the words that people type for them.
type Verb string

// Verbs. Say, Edit, Delete, React and Unreact come from plain behaviour in the
// surface; the others from text, buttons, forms, shortcuts or emoji.
const (
	VerbSay         Verb = "say"         // typed something; the engine decides whether it is for the customer
	VerbEdit        Verb = "edit"        // changed an earlier Say
	VerbDelete      Verb = "delete"      // deleted an earlier Say, or one of our posts
	VerbMoveChannel Verb = "movechannel" // the surface gave Place.Channel another id, which is Args.Note
	VerbReact       Verb = "react"       // Args.Emoji on Place.Message
	VerbUnreact     Verb = "unreact"     // took back Args.Emoji on Place.Message
	VerbUnknown     Verb = "unknown"     // looked like a verb and isn't one: asked back, never sent

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
	VerbAI       Verb = "ai"       // ask for a text that only colleagues see: Args.Wanted. Text is a draft to change, or a question
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

// Reads reports whether a verb only shows something, and changes nothing.
func (v Verb) Reads() bool {
	switch v {
	case VerbHistory, VerbWhy, VerbTimeline, VerbHelp, VerbList, VerbFind, VerbStats, VerbTemplates:
		return true
	default:
		return false
	}
}

// ActorKind says who acted.
type ActorKind string

// Kinds of actors. Only a Person can ever make anything leave.
const (
	ActorPerson  ActorKind = "person"  // a human of the surface's own team
	ActorForeign ActorKind = "foreign" // a human of another organisation, or a guest
	ActorBot     ActorKind = "bot"     // another app, a workflow, the platform itself
	ActorSelf    ActorKind = "self"    // our own app
)

// Actor is who acted, in the surface's terms.
type Actor struct {
	ID   string
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
	OriginCatchUp  Origin = "catchup" // found later by the sweeper

	// OriginFoundEmoji is an emoji that was found on a message before that leaves: not every chat tells when it was added.
	OriginFoundEmoji Origin = "foundemoji"
)

// Marker says how a typed text began. What it marks never leaves by accident.
type Marker string

// Markers. An escaped text (`!!`, `\!`) has MarkNone and lost its escape.
const (
	MarkNone  Marker = ""
	MarkNote  Marker = "note"  // "note:" or "//"
	MarkBang  Marker = "bang"  // "!" and a letter
	MarkSlash Marker = "slash" // "/" and a letter
	MarkLone  Marker = "lone"  // nothing but a verb's word, "resolve", or a verb behind a mention of Parley that is none

	// MarkColleagues is on a text that begins with a word for what is for colleagues
	// ("internal: …", "(note) …"), or in which a later line begins like a note.
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
	Blob        string `json:"blob,omitempty"`        // of one that was uploaded to us (StoreFile of the engine's Desk); then nothing else is needed
}

// FileDeleted is why a file that was deleted in the surface can't be read (SurfaceFile.Unavailable).
const FileDeleted = "deleted"

// Action is what a person did or asked for in a surface, decoded from stored bytes.
type Action struct {
	Verb   Verb
	Origin Origin
	Actor  Actor
	Place  Place
	// Order says when a text or a command was typed, or an emoji put on a message, if the surface tells that: replies leave in this order,
	// and a typed command that is found late, or has no order, isn't applied to what was said since, nor is an emoji that is told late.
	// Two orders are compared as strings. Each is a Unix time in seconds, a dot, six digits, and then anything.
	Order string

	Text        string   // canonical Markdown, without marker, verb and escape
	Raw         string   // as typed, for "kept" lines when nothing was sent
	Marker      Marker   // how the typed text began
	MentionsBot bool     // the text mentions our app (and is no explicit reply)
	Mentions    []string // user ids of the people it mentions
	Files       []SurfaceFile
	Rich        *Rich // what a reply carries besides its text
	Context
	Edit
	Explicit  bool // Say: "@Parley reply: …"
	OwnThread bool // the thread's root is a post of our own app

	Form   string // OriginForm: names the opened form, because the same one may be handed in several times. "" means not known
	Args   Args
	Meant  *Meant // VerbUnknown: the verb that was probably meant; nil means nobody knows
	Answer string // where the surface shows the actor a private answer; only the surface knows what it means
}

// Context says how a typed text stands among the messages of its channel.
type Context struct {
	Broadcast bool     // a thread reply also shown in the channel
	Quotes    []string // ids of messages of Place.Channel that it quotes. Their words are not in Text
	Forwards  bool     // it passes on a message of elsewhere, whose words are not in Text either
	Edited    bool     // it comes with the words of an edit: the surface doesn't tell what it said when it was typed
}

// Edit says which change of a message a VerbEdit is.
type Edit struct {
	// Version is the surface's version of the message. Versions are compared as strings: a later one is greater. A surface may
	// report one edit with several versions. What is behind a colon in them is a mark of the content, the same in all of these.
	Version  string
	Restored bool // the message was deleted before, and its author has restored it
}

// Meant is the verb that somebody probably meant by a mistyped one: "!assing @ben". It is offered as a button.
type Meant struct {
	Verb  Verb     `json:"verb"`
	Args  Args     `json:"args"`
	Names []string `json:"names,omitempty"` // of the people in Args.Agents, as they are called
}

// TypedOrder returns the surface's order of a typed message; "" for all else.
func (a Action) TypedOrder() string {
	if !a.Typed() {
		return ""
	}
	return a.Order
}

// TypedPlace returns where a message was typed, with the message that begins its thread, which may be itself. It is zero for all else.
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

// MayLeave reports whether the action's text may be for the customer. An unknown verb's may: its author can say so by a button.
func (a Action) MayLeave() bool {
	return a.Verb == VerbSay || a.Verb == VerbReply || a.Verb == VerbUnknown
}

// Args are the arguments of a verb; which ones count depends on the verb. Buttons carry them as one flat JSON object:
// what belongs together is embedded.
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

	Template *TemplateArgs `json:"template,omitempty"`
	Wanted   *WantedText   `json:"wanted,omitempty"` // VerbAI: nil means a summary
}

// SendArgs say which text, typed before, is meant.
type SendArgs struct {
	Slip  MessageID `json:"slip,omitempty"`  // the id of the mistyped message that the verb corrects
	Sure  bool      `json:"sure,omitempty"`  // VerbSend: the actor has confirmed that the text is another person's
	Typed *Place    `json:"typed,omitempty"` // VerbSend: a message that was typed outside all threads, for the customer of Conversation
}

// ReplyArgs are what the form of a reply begins with, and what it says besides its text.
type ReplyArgs struct {
	To          []string        `json:"to,omitempty"`          // whom the form names as recipients
	Cc          []string        `json:"cc,omitempty"`          // who, by the form, gets a copy
	Via         string          `json:"via,omitempty"`         // VerbPromote: which address of ours the mail was sent to, if several are the account's
	Shown       string          `json:"shown,omitempty"`       // what the actor saw, as RecipientsMark (a form) or WordsMark (a button) sum it up
	Rich        RichKind        `json:"rich,omitempty"`        // the kind of rich message that its form asks for
	Most        int             `json:"most,omitempty"`        // how many buttons or other items such a message holds at most on the account
	Promotional bool            `json:"promotional,omitempty"` // an offer or advertising, which some providers let be sent for a shorter time
	Draft       string          `json:"draft,omitempty"`       // the text with which its form begins
	Suggestion  *SuggestionArgs `json:"suggestion,omitempty"`  // what its form begins with
}

// ListArgs name a list of conversations and one of its pages.
type ListArgs struct {
	List string `json:"list,omitempty"`
	Page int    `json:"page,omitempty"`
}

// StartArgs say with whom a conversation begins, and about what.
type StartArgs struct {
	Account   string `json:"account,omitempty"`   // VerbNew: the account with which the conversation begins
	Recipient string `json:"recipient,omitempty"` // VerbNew: the customer, as typed
	Subject   string `json:"subject,omitempty"`
}

// WantedText says which text somebody asks for.
type WantedText struct {
	Task     analysis.Task `json:"task"`
	Language string        `json:"language,omitempty"` // in which the text is to be, ISO 639-1; what "" means depends on Task
	Style    string        `json:"style,omitempty"`    // if Task is Rephrase: one of analysis.Styles
}
