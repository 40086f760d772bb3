package bridge

import (
	"time"

	"parley/store"
)

// Act is what an agent asks for on a page of Parley's own, such as the inbox.
type Act struct {
	Verb Verb   `json:"verb"`
	Args Args   `json:"args"`           // Conversation is never 0
	Text string `json:"text,omitempty"` // Reply and Note: Markdown
	Form string `json:"form"`           // names the form as it was opened, which may be handed in several times

	Files []SurfaceFile `json:"files,omitempty"` // Reply: uploaded to us, each with its Blob
}

// Attaching says what an agent may attach to a reply on a page.
type Attaching struct {
	Files   bool   // the channel takes files
	Why     string // why it takes none, for people
	Confirm bool   // the page shows what is attached once more before it leaves
	Several bool   // the reply may have several recipients, whom the page shows
}

// Acts returns the verbs that an agent can ask for on such a page.
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
	ActRefused ActState = "refused" // it was applied, and changed nothing: ActResult.Why says why not
	ActStuck   ActState = "stuck"   // it can't be applied, and is kept for an admin to look at
)

// ActResult tells what became of an act.
type ActResult struct {
	State ActState
	Why   string // of ActRefused: for people
}

// Spoken is a message of a conversation as a page of Parley's own shows it.
type Spoken struct {
	ID        MessageID
	Event     EventID // by which messages are in order, before ID
	Direction store.Direction
	Fate      store.Fate
	Reason    string  // a code, or words: why it has that fate
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
	Words string // WordsMark of the text, which Send hands in

	SpokenReply
	SpokenRevision
}

// SpokenReply says how far a reply has come.
type SpokenReply struct {
	Delivery DeliveryID   // the delivery that Send again and Mark as sent are about; 0 means there is none
	Receipt  OutcomeState // of one that left: sent, delivered or read

	SpokenWait
}

// SpokenRevision says how a customer changed a message, or that the customer deleted it.
type SpokenRevision struct {
	Revised      time.Time // when it was changed or deleted; zero means never
	RevisedEvent EventID   // which told that
	Before       string    // what it said before, canonical Markdown; "" means that it says the same now
	Deleted      bool
}

// SpokenWait says why a reply waits.
type SpokenWait struct {
	Until   time.Time // the end of its hold; zero means it is not held
	Trouble string    // why the last attempt failed; "" means it didn't
	Behind  string    // who wrote the reply before it, which waits for its chat; "" means it waits for none
	Unread  bool      // it waits until its chat can say whether it was changed there
}

// SpokenFile is a file of a Spoken.
type SpokenFile struct {
	Index     int
	Name      string
	SizeBytes int64
	Readable  bool   // the page can deliver its bytes
	Type      string // its content type, as it was sent
	Missing   string // why it isn't there; "" means nobody knows, or it is
}

// SpokenPage is a page of what was said in a conversation, oldest first.
type SpokenPage struct {
	List  []Spoken
	Older bool // there is more before it
}

// SpokenBefore says before which message a page ends, by its event and id. The zero value means the page with the newest.
type SpokenBefore struct {
	Event EventID
	ID    MessageID
}
