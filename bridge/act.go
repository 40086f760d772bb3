package bridge

import (
	"time"

	"parley/store"
)

// This file is what the engine and the pages of Parley's own site (the inbox) tell each other. A page hands in an
// Act, such as a reply, and asks later for its ActResult. It shows what was said in a conversation as a list of
// Spoken. A delivery is the sending of one message to one place, with all its attempts. A message's fate is what
// became of it.

// Act is one thing that an agent does on a page of Parley's own, such as the inbox: a reply, or a click on "Resolve".
type Act struct {
	Verb Verb   `json:"verb"`
	Args Args   `json:"args"`           // Conversation is never 0
	Text string `json:"text,omitempty"` // Reply and Note: Markdown
	Form string `json:"form"`           // id of the opened form, never "": the same form may be submitted twice

	OpenedAt time.Time `json:"opened_at,omitzero"` // Reply: when its page was read, by Parley's clock. Zero means not known

	Files []SurfaceFile `json:"files,omitempty"` // Reply: uploaded to us, each with its Blob
}

// Attaching says whether an agent may attach files to a reply on a page, and what the page shows beside them.
type Attaching struct {
	Files   bool   // the channel takes files
	Why     string // if not: why, for people
	Confirm bool   // the page shows what is attached once more before it leaves
	Several bool   // the reply may have several recipients, whom the page shows
}

// Acts returns the verbs that an Act can have.
func Acts() []Verb {
	return []Verb{VerbReply, VerbNote, VerbTake, VerbAssign, VerbUnassign, VerbPending, VerbSnooze, VerbWake, VerbResolve, VerbReopen,
		VerbUndo, VerbSend, VerbKeep, VerbDrop, VerbSendAgain, VerbMarkSent}
}

// ActState says how far an act has come.
type ActState string

// States of an act.
const (
	ActUnknown ActState = ""        // no act of that name was accepted
	ActWaits   ActState = "waits"   // it is stored and will be applied
	ActDone    ActState = "done"    // it was applied
	ActRefused ActState = "refused" // it changed nothing: ActResult.Why says why
	ActStuck   ActState = "stuck"   // it can't be applied, and is kept for an admin to look at
)

// ActResult says what became of an act.
type ActResult struct {
	State ActState
	Why   string // of ActRefused: for people
}

// SpokenMessage is a message of a conversation as a page of Parley's own shows it.
type SpokenMessage struct {
	ID        MessageID
	Event     EventID // messages are sorted by it, then by ID
	Direction store.Direction
	Fate      Fate
	Reason    Reason  // why it has that fate
	Author    string  // an agent's or the customer's name; "" means not known
	Agent     AgentID // 0 means no agent wrote it
	At        time.Time
	Subject   string
	Text      string // as it says now, canonical Markdown
	Quoted    string // the history below a mail, Markdown
	Notices   []string
	Files     []SpokenFile
	HasHTML   bool   // it came as an HTML mail
	Original  string // signed link to the mail's sandboxed HTML original; "" means there is none

	Verbs []Verb // what the viewer may do with it
	Words string // WordsMark of the text and files. VerbSend hands it in, as Args.Shown

	SpokenReply
	SpokenRevision
}

// SpokenReply says how far a reply has come.
type SpokenReply struct {
	Delivery DeliveryID   // what "Send again" and "Mark as sent" are about; 0 means there is none
	Receipt  OutcomeState // if it left: sent, delivered or read

	SpokenWait
}

// SpokenRevision says whether the customer later changed or deleted a message.
type SpokenRevision struct {
	Revised      time.Time // when it was changed or deleted; zero means never
	RevisedEvent EventID   // the event that said so
	Before       string    // what it said before, canonical Markdown; "" means that it says the same now
	Deleted      bool
}

// SpokenWait says why a reply hasn't left yet. Its zero value means that it doesn't wait.
type SpokenWait struct {
	Until   time.Time // when its hold ends, in which it can be taken back; zero means it isn't held
	Trouble string    // why the last attempt failed; "" means none failed
	Behind  string    // the author of an earlier reply that must leave first and waits for its chat; "" means none
	Unread  bool      // it waits until its chat can be asked whether it was edited there
}

// SpokenFile is a file of a SpokenMessage.
type SpokenFile struct {
	Index     int
	Name      string
	SizeBytes int64
	Readable  bool   // the page can deliver its bytes
	Type      string // its content type, as it was sent
	Missing   string // why it isn't there; "" means that it is, or that the reason isn't known
}

// SpokenPage is a page of what was said in a conversation, oldest first.
type SpokenPage struct {
	List  []SpokenMessage
	Older bool // there is more before it
}

// SpokenBefore names the message before which a page ends, by its event and id. The zero value means the newest page.
type SpokenBefore struct {
	Event EventID
	ID    MessageID
}
