package bridge

import (
	"time"

	"parley/store"
)

// This file has the types that the engine and Parley's own web pages (the inbox) exchange. A page submits an Act, such as
// a reply, and polls for its ActResult, because acts are queued and applied asynchronously:
//
//	Act{Verb: VerbResolve, Args: Args{Conversation: 12}, Form: "f1"}  →  ActWaits, then ActDone
//
// The page shows the messages of a conversation as a list of SpokenMessage.

// Act is one thing that an agent does on a web page: a reply, or a click on "Resolve".
type Act struct {
	Verb Verb   `json:"verb"`
	Args Args   `json:"args"`           // Conversation is 0 only for VerbSeveral
	Text string `json:"text,omitempty"` // of VerbReply and VerbNote, in Markdown
	Form string `json:"form"`           // id of the opened form, never "". It identifies a form that is submitted twice

	OpenedAt time.Time `json:"opened_at,omitzero"` // VerbReply, VerbSeveral: when the page was loaded, by Parley's clock; zero means unknown

	Files []SurfaceFile `json:"files,omitempty"` // VerbReply: uploaded files, each with its Blob
}

// Attaching says whether an agent may attach files to a reply on a page, and what the page shows next to them.
type Attaching struct {
	Files   bool   // the channel accepts files
	Why     string // if Files is false, the reason in words for people
	Confirm bool   // the page asks for confirmation before files are sent
	Several bool   // the reply may have several recipients, and the page shows them

	// Withheld says why the account's mode sends nothing to the customer; nil if a reply leaves.
	Withheld *Problem
}

// Down is a chat of the agents, or an account of customers, that doesn't work now.
type Down struct {
	Name   string    // "Slack", or the account's name
	IsChat bool      // agents work in it
	Since  time.Time // when the chat was last reached; zero if it can be reached, but has another fault
}

// Acts returns the verbs that are valid in an Act.
func Acts() []Verb {
	return []Verb{VerbReply, VerbNote, VerbTake, VerbAssign, VerbVisible, VerbUnassign, VerbPending, VerbSnooze, VerbWake, VerbResolve,
		VerbReopen,
		VerbRead, VerbSeveral,
		VerbUndo, VerbSend, VerbKeep, VerbDrop, VerbSendAgain, VerbMarkSent}
}

// ActState is the progress of an act.
type ActState string

// States of an act.
const (
	ActUnknown ActState = ""        // no such act was accepted
	ActWaits   ActState = "waits"   // it is stored and will be applied
	ActDone    ActState = "done"    // it was applied
	ActRefused ActState = "refused" // it changed nothing; ActResult.Why has the reason
	ActStuck   ActState = "stuck"   // it can't be applied, and is kept for an admin to look at
)

// ActResult is the result of an act.
type ActResult struct {
	State ActState
	Why   string // ActRefused: the reason, in words for people
	Told  *Line  // VerbSeveral: what became of each, with the button that takes it back; nil while that isn't known
}

// SpokenMessage is a message of a conversation as a web page shows it.
type SpokenMessage struct {
	ID        MessageID
	Event     EventID // messages are sorted by Event, then by ID
	Direction store.Direction
	Fate      Fate    // what happened to it: sent, kept inside, …
	Reason    Reason  // why it has that fate
	Author    string  // name of the agent or customer; "" means unknown
	Address   string  // of an author who is not the conversation's customer
	Stranger  bool    // the author is named by the conversation's latest mail, but gets no replies
	Agent     AgentID // 0 if no agent wrote it
	At        time.Time
	Subject   string
	Text      string // its present text, in canonical Markdown
	Quoted    string // what a mail repeats of what was said before, in Markdown
	Notices   []string
	Files     []SpokenFile
	HasHTML   bool   // it arrived as an HTML mail
	Original  string // signed link to the mail's sandboxed HTML original; may be ""

	Tags  []Tag
	Verbs []Verb // what the viewer may do with it
	Words string // WordsMark of its text and files, which VerbSend passes back in Args.Shown

	SpokenReply
	SpokenRevision
	SpokenResponse
}

// SpokenResponse says which message another one responds to, and how customers responded to it with emoji.
type SpokenResponse struct {
	Answers   *Answered // the message that it answers; nil means none in particular
	Reactions []SpokenReaction
}

// SpokenReaction is an emoji that a customer has added to a message.
type SpokenReaction struct {
	Emoji    string
	Customer string // name
}

// SpokenReply is the delivery state of a reply.
type SpokenReply struct {
	Delivery DeliveryID   // the delivery that "Send again" and "Mark as sent" apply to; 0 means none
	Receipt  OutcomeState // of a reply that was sent: sent, delivered or read

	SpokenWait
}

// SpokenRevision describes how the customer later changed or deleted a message.
type SpokenRevision struct {
	Revised      time.Time // when it was changed or deleted; zero means never
	RevisedEvent EventID   // the event that reported it
	Before       string    // the earlier text, in canonical Markdown; "" if the text is the same
	Deleted      bool
}

// SpokenWait says why a reply has not been sent yet. The zero value means that it is not waiting.
type SpokenWait struct {
	Until   time.Time // end of the hold, the time in which the reply can be taken back; zero means not held
	Trouble string    // error of the last attempt; "" if none failed
	Behind  string    // author of an earlier reply that must be sent first and waits for its chat; "" means none
	Unread  bool      // the chat has to be asked first whether the reply was edited there
}

// SpokenFile is a file of a SpokenMessage.
type SpokenFile struct {
	Index     int
	Name      string
	SizeBytes int64
	Readable  bool   // the page can serve its content
	Type      string // content type, as the sender declared it
	Missing   string // why the file is missing; "" if it isn't missing, or for an unknown reason
}

// SpokenPage is a page of a conversation's messages, oldest first.
type SpokenPage struct {
	List  []SpokenMessage
	Older bool // there are older messages
}

// SpokenBefore is a cursor: the page ends before the message with this event and id. The zero value means the newest page.
type SpokenBefore struct {
	Event EventID
	ID    MessageID
}
