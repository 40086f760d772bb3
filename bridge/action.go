package bridge

import (
	"cmp"
	"slices"
	"time"

	"parley/bridge/analysis"
)

// An Action is what somebody did in a surface, which is a chat in which agents work, such as Slack. The surface decodes it
// from an event of the chat, and the engine applies it. For example, if Ann types "!snooze 2h" in the thread of a
// conversation, that is
//
//	Action{Verb: VerbSnooze, Origin: OriginText, Actor: ann, Place: thread, Args: Args{Until: "2h"}}
//
// Text that is not a command has VerbSay. The engine decides whether it is sent to the customer or kept inside, that is,
// among colleagues.

// Verb is what a person asks for. For most verbs it is also the word that people type.
type Verb string

// Verbs. Each comment says what the verb does and which fields of Action and Args it uses. The first group is never typed
// as a command: these verbs stand for what people do in a chat anyway.
const (
	VerbSay         Verb = "say"         // typed a text; the engine decides whether it is for the customer
	VerbEdit        Verb = "edit"        // changed an earlier Say
	VerbDelete      Verb = "delete"      // deleted an earlier Say, or one of our posts
	VerbMoveChannel Verb = "movechannel" // the surface gave Place.Channel a new id, which is in Args.Note
	VerbReact       Verb = "react"       // added Args.Emoji to Place.Message
	VerbUnreact     Verb = "unreact"     // removed Args.Emoji from Place.Message
	VerbUnknown     Verb = "unknown"     // typed a command that doesn't exist, such as "!xyz"; nothing is sent without asking the author

	VerbReply    Verb = "reply"    // send explicitly to the customer; Args.Message is the message that it answers
	VerbNew      Verb = "new"      // start a conversation: Args.Account, Recipient, Subject
	VerbNote     Verb = "note"     // keep explicitly inside
	VerbTake     Verb = "take"     // assign to me
	VerbAssign   Verb = "assign"   // to Args.Agents or Args.Team; Args.Add keeps the present owners; and VerbVisible to Args.VisibleTo
	VerbUnassign Verb = "unassign" // back to Unassigned
	VerbVisible  Verb = "visible"  // only Args.Agents, or the people in the private channel of Args.Team, may read it; VisibleToAll ends that
	VerbTag      Verb = "tag"      // add Args.Tags; unknown tags are created
	VerbUntag    Verb = "untag"    // remove Args.Tags

	VerbTagMessages Verb = "tagmessages" // add Args.Tags to Args.Messages, or remove them if Args.Remove is set
	VerbEmail       Verb = "email"       // send Args.Messages, or all, to Args.Addresses by mail; with Args.Notes also notes
	VerbAsk         Verb = "ask"         // ask Args.Whom, who isn't the customer, what Text says, with Args.Context
	VerbTopic       Verb = "topic"       // set the topic to Args.Note
	VerbRename      Verb = "rename"      // set the name on cards and in lists to Args.Note
	VerbPriority    Verb = "priority"    // Args.Note: low, normal, high or urgent
	VerbAnalysis    Verb = "analysis"    // Args.Note: off or on
	VerbPending     Verb = "pending"     // set to waiting for the customer
	VerbSnooze      Verb = "snooze"      // hide until Args.Until
	VerbWake        Verb = "wake"        // end a snooze now
	VerbResolve     Verb = "resolve"     // with Args.Note as the resolution note
	VerbReopen      Verb = "reopen"      // undo a Resolve
	VerbClose       Verb = "close"       // end without an answer (admins)
	VerbArchive     Verb = "archive"     // end it, so that what either side says next starts another one
	VerbDeleteAll   Verb = "deleteall"   // delete the conversation for good, because of Args.Note; Args.Sure: the actor has confirmed
	VerbBlock       Verb = "block"       // the customer is not heard any more; Args.Sure: the actor has confirmed
	VerbUnblock     Verb = "unblock"
	VerbOops        Verb = "oops"     // tell who has Args.Message, or else the last reply, and that it should not have been sent
	VerbUndo        Verb = "undo"     // take back Args.Message, or else the actor's last reply that is not sent yet
	VerbCC          Verb = "cc"       // add Args.Addresses to the copy line, or remove them if Args.Remove is set
	VerbTo          Verb = "to"       // replace the recipients by Args.Addresses
	VerbAllow       Verb = "allow"    // let new participants (Args.Addresses) get replies
	VerbHistory     Verb = "history"  // list the log entries
	VerbNotes       Verb = "notes"    // list the notes
	VerbWhy         Verb = "why"      // explain the last decisions
	VerbTimeline    Verb = "timeline" // show how long the conversation waited for whom
	VerbAI          Verb = "ai"       // write a text for colleagues: Args.TextRequest. Text is a draft to change, or a question
	VerbHelp        Verb = "help"     // list the verbs
	VerbList        Verb = "list"     // Args.List: mine, unassigned, all, …
	VerbFind        Verb = "show"     // show the details of the conversation with a number: "show #12"
	VerbStats       Verb = "stats"    // show the week's figures of the actor's teams
	VerbNext        Verb = "next"     // show the conversation that the actor should turn to next
	VerbToday       Verb = "today"    // show what the day has for the actor
	VerbChat        Verb = "chat"     // lead to the chat program's own conversation with Args.Agents: one colleague, or "me"
	VerbSeveral     Verb = "several"  // Args.Do with each of Args.Of, and tell what became of it

	VerbRead Verb = "read" // the actor has read what the customer wrote

	VerbMerge   Verb = "merge"   // what the customer of the conversation Args.Note ("#12") writes comes here from now on
	VerbUnmerge Verb = "unmerge" // takes that back; without Args.Note, of the conversation itself
	VerbSplit   Verb = "split"   // Args.Message begins a conversation of its own

	VerbProfile  Verb = "profile"  // show what is known of the customer
	VerbCustomer Verb = "customer" // change the customer's record by the lines of Args.Note; with Args.Remove, fields without a line go
	VerbAbout    Verb = "about"    // add Args.Note to the notes on the customer
	VerbLink     Verb = "link"     // link the customer to Args.Record; without it, list records for the words in Args.Note, or likely ones
	VerbUnlink   Verb = "unlink"   // undo a Link

	VerbPin   Verb = "pin"   // the customer is the actor's own; if an admin isn't an owner, the owner's
	VerbUnpin Verb = "unpin" // the customer is nobody's own

	// The actor's presence, until Args.Until if that is set.
	VerbAvailable Verb = "available"
	VerbBusy      Verb = "busy"
	VerbBreak     Verb = "break"
	VerbAway      Verb = "away" // Args.Agents: who covers

	VerbTemplate       Verb = "template"       // send a template: Args.Template. Args.Message is an unsent reply that it replaces
	VerbTemplates      Verb = "templates"      // list the templates (admins edit them there)
	VerbTemplateEdit   Verb = "templateedit"   // form: create or change a template, Args.Template.Draft
	VerbTemplateDelete Verb = "templatedelete" // button: delete Args.Template.ID, here and at the provider

	VerbCanned     Verb = "c"          // form: a reply that begins with a canned reply, found by Args.Canned or Args.Note
	VerbCannedList Verb = "canned"     // list the canned replies (agents edit their own there)
	VerbCannedEdit Verb = "cannededit" // form: create or change a canned reply of one's own; button: delete it (Args.Remove)

	VerbSend      Verb = "send"      // button: send Args.Message, which was kept inside or could not be sent before
	VerbSendThere Verb = "sendthere" // button: send Args.Message to the customer of another conversation, Args.Note ("#12")
	VerbKeep      Verb = "keep"      // button: keep Args.Message inside
	VerbSendAgain Verb = "sendagain" // button on a failed delivery, or one with an unclear result: Args.Delivery
	VerbMarkSent  Verb = "marksent"  // button on a delivery with an unclear result: Args.Delivery
	VerbDrop      Verb = "drop"      // button: don't send Args.Delivery or Args.Message
	VerbLeave     Verb = "leave"     // button of the evening list: let the reply window close without an answer
	VerbPromote   Verb = "promote"   // button: make a conversation of an automatic mail (Args.Message)
	VerbForwarder Verb = "forwarder" // button: a forwarded mail is its forwarder's, not its author's
	VerbSilence   Verb = "silence"   // button: stop posting about this automatic sender (Args.Message)
	VerbUnsilence Verb = "unsilence" // undo a Silence, for the sender of Args.Message or for Args.Addresses
)

// VisibleToAll in place of people lets everybody read a conversation who may read its account.
const VisibleToAll = "all"

// ActorKind says what kind of user acted.
type ActorKind string

// Kinds of actors. Only an ActorPerson can cause a message to a customer.
const (
	ActorPerson  ActorKind = "person"  // a human of the surface's own team
	ActorForeign ActorKind = "foreign" // a human of another organisation, or a guest
	ActorBot     ActorKind = "bot"     // another app, a workflow, or the platform itself
	ActorSelf    ActorKind = "self"    // our own app
)

// Actor is who acted, in the surface's terms.
type Actor struct {
	ID   SurfaceUser
	Kind ActorKind
}

// Origin says how an Action reached us.
type Origin string

// Origins.
const (
	OriginText     Origin = "text"     // typed in a thread or channel
	OriginButton   Origin = "button"   // clicked
	OriginForm     Origin = "form"     // submitted
	OriginShortcut Origin = "shortcut" // chosen from a message's menu
	OriginSlash    Origin = "slash"    // typed as a slash command, outside any thread
	OriginEmoji    Origin = "emoji"
	OriginMention  Origin = "mention" // typed as "@Parley verb"
	OriginCatchUp  Origin = "catchup" // the event was missed, and a later sweep of the chat found the message

	// OriginFoundEmoji is an emoji whose event was missed. It was found when the message was read again just before it
	// was sent. Not every chat reports when an emoji was added.
	OriginFoundEmoji Origin = "foundemoji"
)

// Marker is the sign or word that a typed text begins with. A text with a marker is never sent by accident.
type Marker string

// Markers. A text that begins with an escape ("!!wow", "\!wow") is not a command. The escape is removed: its text is "!wow".
const (
	MarkNone  Marker = ""
	MarkNote  Marker = "note"  // "note:" or "//"
	MarkBang  Marker = "bang"  // "!" and a letter
	MarkSlash Marker = "slash" // "/" and a letter
	MarkLone  Marker = "lone"  // only the word of a verb ("resolve"), or "@Parley snooze 2h" with a mention that was typed, not picked

	// The text is perhaps for colleagues: it begins with a word such as "internal:" or "(note)", or one of its later lines
	// begins like a note or with a command.
	MarkColleagues   Marker = "colleagues"
	MarkNoteBelow    Marker = "note_below"
	MarkCommandBelow Marker = "command_below"
)

// IsForColleagues reports whether a marker shows that a text is perhaps for colleagues.
func (m Marker) IsForColleagues() bool {
	return m == MarkColleagues || m == MarkNoteBelow || m == MarkCommandBelow
}

// Place is the position of a message, thread or channel in a surface. The ids are the surface's own.
type Place struct {
	Channel string `json:"channel,omitempty"`
	Thread  string `json:"thread,omitempty"` // id of the thread's first message (its root); "" at top level
	Message string `json:"message,omitempty"`
}

// SurfaceFile is a file that a person attached in the surface.
type SurfaceFile struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	ContentType string `json:"type,omitempty"`
	SizeBytes   int64  `json:"size,omitempty"`
	URL         string `json:"url,omitempty"`         // for the surface's own Open
	Unavailable string `json:"unavailable,omitempty"` // why it can't be read: "external link", …
	// Blob is set if the file was uploaded to us. StoreFile of the engine's Desk returned it. Then ID and URL are not
	// needed.
	Blob string `json:"blob,omitempty"`
}

// FileDeleted is the value of SurfaceFile.Unavailable for a file that was deleted in the surface.
const FileDeleted = "deleted"

// Action is what a person did or asked for in a surface, decoded from stored bytes.
type Action struct {
	Verb   Verb
	Origin Origin
	Actor  Actor
	Place  Place
	// Order is the time at which a text was typed or an emoji was added, as the surface knows it: "1764288000.000100".
	// It is a Unix time in seconds, a dot, six digits, and then anything; "" means unknown. Orders are compared as
	// strings, and replies are sent in this order. A command or an emoji that arrives late does not apply to what was
	// said after it.
	Order string

	Text        string   // canonical Markdown, without marker, verb and escape
	Raw         string   // as typed; quoted to the author if nothing was sent
	Marker      Marker   // how the typed text began
	MentionsBot bool     // the text mentions our app (and is not an explicit reply)
	Mentions    []string // ids of the people and groups that it mentions, or "here"
	Files       []SurfaceFile
	Rich        *Rich // buttons, a list and the like that a reply carries besides its text
	Context
	Edit
	Explicit  bool // VerbSay: typed as "@Parley reply: …"
	OwnThread bool // the thread's root is a post of our own app

	OpenedForm
	Several bool // it is one of those that a VerbSeveral asks for, which tells what became of it
	Args    Args
	Meant   *Meant // VerbUnknown: the verb that was probably meant; nil means unknown
	Answer  string // where to send a private answer to the actor; opaque to everybody but the surface
}

// Context describes a typed text in relation to the messages of its channel.
type Context struct {
	Broadcast bool     // a thread reply that is also shown in the channel
	Quotes    []string // ids of messages in Place.Channel that it quotes, whose words are not part of Text
	Forwards  bool     // it forwards a message, whose words are not part of Text
	Edited    bool     // it was edited before we read it, so its original text is unknown
}

// OpenedForm identifies the form that somebody submitted, for OriginForm.
type OpenedForm struct {
	Form     string    // its id, by which a second submission is recognized; "" means unknown
	OpenedAt time.Time `json:",omitzero"` // by Parley's clock, in full seconds for forms of chats; zero means unknown
}

// Edit identifies one change of a message, for VerbEdit.
type Edit struct {
	// Version is the surface's version of the message. Versions are compared as strings; a later one is greater. A
	// surface may report the same edit under several versions. These have the same hash of the content as a suffix,
	// after a colon.
	Version  string
	Restored bool // the message had been deleted, and its author has restored it
}

// Meant is the verb that somebody probably meant by a mistyped one, such as "!assing @ben". It is offered as a button.
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

// TypedPlace returns where a message was typed. A message outside all threads has itself as Thread. TypedPlace returns the
// zero Place if the action was not typed as a message.
func (a Action) TypedPlace() Place {
	if !a.Typed() || a.Place.Message == "" {
		return Place{}
	}
	return Place{Channel: a.Place.Channel, Thread: cmp.Or(a.Place.Thread, a.Place.Message), Message: a.Place.Message}
}

// Typed reports whether the action was typed as a message. The surface then notifies its author of later messages in the
// thread.
func (a Action) Typed() bool {
	switch a.Origin {
	case OriginText, OriginMention, OriginCatchUp:
		return true
	default:
		return false
	}
}

// IsEmoji reports whether the action was given as an emoji on a message.
func (a Action) IsEmoji() bool { return a.Origin == OriginEmoji || a.Origin == OriginFoundEmoji }

// MayLeave reports whether the action's text may be sent to the customer. The text of an unknown verb may, because a button
// lets its author send it.
func (a Action) MayLeave() bool {
	return a.Verb == VerbSay || a.Verb == VerbReply || a.Verb == VerbUnknown
}

// Args are the arguments of a verb. The comment of each Verb says which ones it uses. Groups of fields are embedded structs,
// because a button carries the arguments as one flat JSON object.
type Args struct {
	Conversation ConversationID `json:"conversation,omitempty"` // #id, or from a button
	Message      MessageID      `json:"message,omitempty"`      // our message id
	Messages     []MessageID    `json:"messages,omitempty"`
	Notes        bool           `json:"notes,omitempty"`
	Delivery     DeliveryID     `json:"delivery,omitempty"`
	Agents       []string       `json:"agents,omitempty"` // surface user ids, e-mails or "me"
	Team         string         `json:"team,omitempty"`
	VisibleTo    []string       `json:"visible_to,omitempty"` // VerbAssign: who may read it, as in VerbVisible; nil changes nothing
	Add          bool           `json:"add,omitempty"`
	Remove       bool           `json:"remove,omitempty"`
	SendArgs
	Tags      []string `json:"tags,omitempty"`
	Until     string   `json:"until,omitempty"` // a time in people's words
	Note      string   `json:"note,omitempty"`
	Addresses []string `json:"addresses,omitempty"`
	AskArgs
	ReplyArgs
	Emoji string `json:"emoji,omitempty"`
	ListArgs
	Seen EventID `json:"seen,omitempty"` // from a web page: the newest event that the page showed
	StartArgs
	SeveralArgs

	Record RecordID `json:"record,omitempty"` // VerbLink

	Canned      *CannedArgs   `json:"canned,omitempty"`
	Template    *TemplateArgs `json:"template,omitempty"`
	TextRequest *TextRequest  `json:"wanted,omitempty"` // VerbAI: nil means a summary
}

// SendArgs identify the earlier text that a button or command is about.
type SendArgs struct {
	Slip  MessageID `json:"slip,omitempty"`  // the mistyped message that the verb corrects
	Sure  bool      `json:"sure,omitempty"`  // VerbSend: the actor has confirmed to send another person's text
	Typed *Place    `json:"typed,omitempty"` // VerbSend: a message that was typed outside all threads, for the customer of Conversation
}

// AskArgs are the arguments of VerbAsk.
type AskArgs struct {
	Whom    string     `json:"whom,omitempty"`    // "#channel", a mail address, or an agent as in Agents
	Context AskContext `json:"context,omitempty"` // what leaves beside the question
}

// AskContext is what somebody who is asked gets to read of a conversation.
type AskContext string

// Contexts.
const (
	AskWithLast    AskContext = "" // the customer's last message
	AskWithNothing AskContext = "nothing"
)

// ReplyArgs are the values with which a reply form is opened, and those that it submits besides the text.
type ReplyArgs struct {
	To []string `json:"to,omitempty"` // the recipients that the form shows
	Cc []string `json:"cc,omitempty"` // the recipients of copies that the form shows
	// Via is our address to which the mail was sent, if the account has several (VerbPromote).
	Via         string          `json:"via,omitempty"`
	Shown       string          `json:"shown,omitempty"`       // hash of what the actor saw: RecipientsMark in a form, WordsMark in a button
	Rich        RichKind        `json:"rich,omitempty"`        // the kind of rich message that the form asks for
	Most        int             `json:"most,omitempty"`        // the maximum number of buttons or other items in a rich message of the account
	Promotional bool            `json:"promotional,omitempty"` // it is advertising, for which some providers have a shorter reply window
	Draft       string          `json:"draft,omitempty"`       // the initial text of the form
	Suggestion  *SuggestionArgs `json:"suggestion,omitempty"`  // the suggested reply that the form starts with; nil means none
}

// ListArgs identify a page of a list of conversations.
type ListArgs struct {
	List  ListName `json:"list,omitempty"`
	View  ListView `json:"view,omitzero"`
	After string   `json:"after,omitempty"` // see ListQuery
	// Before has the After of the latest pages before this one but the first, with commas, for a button that leads back.
	Before string `json:"before,omitempty"`
	Page   int    `json:"page,omitempty"` // of search results or of a history
}

// SeveralArgs are the arguments of VerbSeveral, besides those of Do.
type SeveralArgs struct {
	Do Verb             `json:"do,omitempty"`
	Of []ConversationID `json:"of,omitempty"`
}

// maxSeveral limits the conversations of one VerbSeveral.
const maxSeveral = 100

// ForSeveral returns the verbs that VerbSeveral offers. It also takes them back.
func ForSeveral() []Verb {
	return []Verb{VerbTake, VerbResolve, VerbSnooze, VerbTag, VerbAssign, VerbRead}
}

// Apart returns what a VerbSeveral asks for: one action for each conversation, as if the actor had asked for each alone, and then the
// action itself, which tells what became of them. Any other action is returned as it is.
func (a Action) Apart() []Action {
	if a.Verb != VerbSeveral {
		return []Action{a}
	}
	if !slices.Contains(ForSeveral(), a.Args.Do) && !slices.Contains([]Verb{VerbReopen, VerbWake, VerbUntag, VerbUnassign}, a.Args.Do) {
		a.Args.Of = nil
	}
	a.Args.Of = a.Args.Of[:min(len(a.Args.Of), maxSeveral)]
	var all []Action
	for _, id := range a.Args.Of {
		each := a
		each.Verb, each.Several = a.Args.Do, true
		each.Args.SeveralArgs, each.Args.Conversation = SeveralArgs{}, id
		all = append(all, each)
	}
	return append(all, a)
}

// StartArgs are the arguments of VerbNew.
type StartArgs struct {
	Account   string `json:"account,omitempty"`   // the account that sends the first message
	Recipient string `json:"recipient,omitempty"` // the customer, as typed, or the key of a known customer
	Phone     string `json:"phone,omitempty"`     // the phone number that people see in place of Recipient; "" if they see that
	Subject   string `json:"subject,omitempty"`
	Called    string `json:"called,omitempty"` // the customer's name, for cards and lists; "" keeps the one that is known
}

// TextRequest says which text an AI model is to write.
type TextRequest struct {
	Task     analysis.Task `json:"task"`
	Language string        `json:"language,omitempty"` // language of the text (ISO 639-1); the meaning of "" depends on Task
	Style    string        `json:"style,omitempty"`    // Task Rephrase: one of analysis.Styles
}
