package channels

import "time"

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

// Capabilities of one account. The engine asks these, never the kind.
type Capabilities struct {
	Threads      bool // the customer's side has threads of its own (mail): several conversations at once
	Subject      bool
	Participants bool // several recipients (To, Cc)
	RichText     Level
	Edit         Level
	Delete       Level
	Reactions    Level
	ReadReceipts Level
	Delivered    Level

	ReplyWindow           time.Duration // 0 = none
	MaxTextRunes          int           // 0 = no limit
	AttachmentsPerMessage int           // 0 = none allowed
	MaxAttachmentBytes    int64         // all files of a message together
	RetryFor              time.Duration // how long a certain, passing failure is tried again
	RequestTimeout        time.Duration // the longest Send may take
	Hold                  time.Duration // default hold before a reply leaves
	Rate                  float64       // messages per second of one account; 0 = only 429s limit
}
