package channels

import (
	"strings"
	"time"
)

// Level is how well a channel supports a feature. A zero Level means that it doesn't.
type Level int

// The levels of support, in ascending order.
const (
	Rejected    Level = -2 // the provider refuses a message that uses it
	Dropped     Level = -1 // the provider silently drops it, so it must never be tried
	Unsupported Level = 0
	Partial     Level = 1
	Full        Level = 2
)

// StartRule is how an agent may start a conversation with a customer.
type StartRule int

// The rules, in ascending order of freedom.
const (
	StartNever    StartRule = iota // not at all: only customers start conversations
	StartTemplate                  // with a template that the provider has approved
	StartFree                      // with any text
)

// FileKind groups files by content type. Providers often have a separate size limit for each kind.
type FileKind string

// The kinds of files.
const (
	FileImage    FileKind = "image"
	FileVideo    FileKind = "video"
	FileAudio    FileKind = "audio"
	FileDocument FileKind = "document" // everything else
)

// KindOf returns the kind of a content type: FileImage for "image/png".
func KindOf(contentType string) FileKind {
	major, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(contentType)), "/")
	switch kind := FileKind(major); kind {
	case FileImage, FileVideo, FileAudio:
		return kind
	default:
		return FileDocument
	}
}

// FileLimits are the maximum file sizes in bytes, by kind. A kind without an entry can't be sent.
type FileLimits map[FileKind]int64

// Default holds. A hold delays a reply for a moment so that its author can still undo it. It is shorter in a chat,
// where the customer is waiting.
const (
	HoldMail = 20 * time.Second
	HoldChat = 4 * time.Second
)

// Capabilities describe what one account can do. All code outside the channel packages decides by these, never by the
// kind of channel. For example, replies are refused 24 hours after a customer's last message because Window.Free
// says so, and not because the account is one of WhatsApp.
type Capabilities struct {
	Threads      bool // one customer can have several conversations at once, as in mail
	Subject      bool // messages have a subject
	Participants bool // a message can have several recipients (To, Cc)
	RichText     Level
	Edit         Level
	Delete       Level
	Reactions    Level
	Receipts     Receipts

	Start        StartRule   // how agents may start a conversation
	Window       ReplyWindow // when free text may be sent
	Templates    bool        // approved templates may be sent, even when the window is closed
	ReplyTo      Level       // a reply can quote the message that it answers
	Rich         RichLimits
	Files        FileRules
	MaxTextRunes int // 0 means no limit
	Sending      Sending
	Hold         time.Duration // the default delay before a reply is sent: see HoldMail
}

// Receipts are the reports that a provider sends about our messages after it has accepted them.
type Receipts struct {
	Delivered Level
	Read      Level
}

// ReplyWindow is the time after the customer's last message during which free text may be sent.
type ReplyWindow struct {
	Free  time.Duration // for any text; 0 means that there is no limit
	Human time.Duration // for text written by a person, longer than Free; 0 means the same as Free
}

// RichLimits are the maximum sizes of a message's interactive parts. What isn't supported is sent as plain text.
type RichLimits struct {
	Buttons     int // quick-reply buttons below a text; 0 means unsupported
	LinksAlone  int // buttons that are links, in a message without other buttons; 0 means that links count like other buttons
	ListRows    int // rows of a list message; 0 means unsupported
	Carousel    int // cards of a carousel; 0 means unsupported
	Location    Level
	ContactCard Level
}

// FileRules describe which files can be attached to a message.
type FileRules struct {
	PerMessage  int        // maximum number of files; 0 means that files can't be sent
	MaxBytes    int64      // maximum size of all files of a message together
	Limits      FileLimits // maximum size of one file, by kind; empty means MaxBytes for each
	Types       []string   // content types that the provider accepts; empty means any: see SentAs
	Captions    Level      // a file and a text can share one message
	Unavailable string     // why this installation can't send files, for people; "" means that it can
}

// Sending holds an account's rate limits, timeouts and retry limits.
type Sending struct {
	Rate       float64       // maximum messages per second for the account; 0 means only the provider's 429 responses limit it
	ReplyEvery time.Duration // minimum interval between messages to one customer; 0 means no minimum
	RetryFor   time.Duration // how long a message that failed with class Retry is retried
	Timeout    time.Duration // maximum duration of one Send
	AbsentFor  time.Duration // how long Reconcile must report Absent before a message is sent again; 0 means a few seconds
	References bool          // Outbound.References is needed: for headers, or by Reconcile to find a message
}
