package channels

import (
	"strings"
	"time"
)

// Level says how well a channel carries a feature.
type Level int

// Levels, from worst to best.
const (
	Rejected    Level = -2 // the provider refuses the whole message
	Dropped     Level = -1 // silently lost: never try
	Unsupported Level = 0
	Partial     Level = 1
	Full        Level = 2
)

// StartRule says how a conversation may begin.
type StartRule int

// Rules of starting.
const (
	StartNever    StartRule = iota // only customers begin
	StartTemplate                  // with an approved template
	StartFree                      // with any text
)

// FileKind is a kind of file for which providers have a size limit of its own.
type FileKind string

// Kinds of files.
const (
	FileImage    FileKind = "image"
	FileVideo    FileKind = "video"
	FileAudio    FileKind = "audio"
	FileDocument FileKind = "document" // all else
)

// KindOf returns the kind of file that a content type stands for: FileImage for "image/png".
func KindOf(contentType string) FileKind {
	major, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(contentType)), "/")
	switch kind := FileKind(major); kind {
	case FileImage, FileVideo, FileAudio:
		return kind
	default:
		return FileDocument
	}
}

// FileLimits is the size in bytes of the largest file of each kind. A kind that is missing can't be sent.
type FileLimits map[FileKind]int64

// Default holds. A hold is how long a reply waits before it is sent, so that its author can take it back. It is
// shorter in a chat, because the customer waits at the other end.
const (
	HoldMail = 20 * time.Second
	HoldChat = 4 * time.Second
)

// Capabilities say what one account can do. All code outside of the channels asks these, and never which kind of channel it is.
type Capabilities struct {
	Threads      bool // the customer's side has threads of its own (mail): several conversations at once
	Subject      bool
	Participants bool // several recipients (To, Cc)
	RichText     Level
	Edit         Level
	Delete       Level
	Reactions    Level
	Receipts     Receipts

	Start        StartRule   // whether we may begin a conversation
	Window       ReplyWindow // when free text may be sent
	Templates    bool        // approved templates may be sent, also when the window is closed
	ReplyTo      Level       // an answer can name the one message that it answers
	Rich         RichLimits
	Files        FileRules
	MaxTextRunes int // 0 means no limit
	Sending      Sending
	Hold         time.Duration // default hold before a reply leaves
}

// Receipts says what a provider reports of our messages after it has accepted them.
type Receipts struct {
	Delivered Level
	Read      Level
}

// ReplyWindow is the time after the customer's last message in which free text may be sent.
type ReplyWindow struct {
	Free  time.Duration // how long any text may be sent; 0 means always
	Human time.Duration // how long a person may answer; longer than Free. 0 means as long as Free
}

// RichLimits say what a message can carry besides its text.
type RichLimits struct {
	Buttons     int // answers to tap below a text; 0 means they become words
	ListRows    int // rows of a list message; 0 means they become words
	Carousel    int // cards of a carousel; 0 means they become words
	Location    Level
	ContactCard Level
}

// FileRules say which files a message can carry.
type FileRules struct {
	PerMessage  int        // how many files; 0 if none is allowed
	MaxBytes    int64      // all files of a message together
	Limits      FileLimits // by kind of file; empty means MaxBytes for each
	Types       []string   // the content types that the provider takes; empty means any: see SentAs
	Captions    Level      // a text can be sent in one message with a file
	Unavailable string     // for people: why this set-up of Parley can't send files; "" means it can
}

// Sending says how fast messages may leave, and how long one is tried.
type Sending struct {
	Rate       float64       // messages per second of one account; 0 means that only the provider's answers (429) limit it
	ReplyEvery time.Duration // the provider's pace towards one customer; 0 if there is none
	RetryFor   time.Duration // how long a message that failed with Retry is tried again
	Timeout    time.Duration // the longest Send may take
	AbsentFor  time.Duration // how long Reconcile must answer Absent before a message is sent again; 0 means a few seconds
	References bool          // Outbound.References is used: in headers, or to look for a message whose answer was lost
}
