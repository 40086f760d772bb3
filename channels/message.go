package channels

import (
	"context"
	"io"
	"net"
	"time"
)

// Dialer opens outbound connections; *net.Dialer fits.
type Dialer interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// Party is a person's address on a channel.
type Party struct {
	Key  string // normalised, unique per account: e-mail in lower case, phone in E.164
	Name string // as the person calls herself; may be empty, never trusted
}

// InboundKind says what an Inbound is about.
type InboundKind string

// Kinds of Inbound.
const (
	InboundMessage InboundKind = "message" // the customer said something
	InboundStatus  InboundKind = "status"  // what became of one of our messages
	InboundOwn     InboundKind = "own"     // our own message seen again (copy, echo)
	InboundForeign InboundKind = "foreign" // an answer written elsewhere, for the same customer
)

// Inbound is one thing that arrived from a customer or about our message.
type Inbound struct {
	Kind       InboundKind
	ExternalID string // the provider's id of the message, unique per account
	From       Party
	At         time.Time // as the sender's side says; not trusted for order

	Subject     string
	Text        string // canonical Markdown, without quoted history
	Quoted      string // quoted history as Markdown, "" if none
	HTML        string // sanitised original, "" if Text tells all of it
	Attachments []Attachment
	Notices     []string // remarks for agents: "Encrypted: cannot be displayed."

	To, Cc     []Party
	ReplyTo    []Party  // whom an answer goes to; empty = From
	Via        string   // which of our own addresses it was sent to
	References []string // ids it answers, best first

	// Conversation and Answers come from a verified token of ours; 0 = none.
	Conversation int64
	Answers      int64 // our message id

	Automatic  string // why it is automatic mail ("auto-submitted", "list", …); "" = a person
	Historical bool   // imported: no automation, notice or reopening

	Status *Status // InboundStatus only
}

// Attachment of an Inbound.
type Attachment struct {
	Name        string
	ContentType string
	ContentID   string // without <>, "" if not referenced
	Inline      bool   // shown inside the body
	Content     []byte
}

// DeliveryState is what is known of an outgoing message (see design: Attempts).
type DeliveryState string

// States that a provider can tell.
const (
	StateAccepted  DeliveryState = "accepted"
	StateSent      DeliveryState = "sent"
	StateDelivered DeliveryState = "delivered"
	StateRead      DeliveryState = "read"
	StateFailed    DeliveryState = "failed"
)

// Status tells what became of one of our messages.
type Status struct {
	State     DeliveryState
	MessageID int64    // from a verified token; 0 = unknown
	External  []string // provider's ids to look it up by, best first
	Recipient string   // whom it concerns, "" = all
	Reason    string   // for people
	Delayed   bool     // a note only: still being tried
	Class     Class    // of a failure
}

// Outbound is one message on its way to a customer.
type Outbound struct {
	DeliveryID     int64
	ConversationID int64
	MessageID      int64
	Attempt        int       // 1 for the first
	FirstAttemptAt time.Time // zero on the first attempt

	To, Cc     []Party
	Subject    string
	Text       string // canonical Markdown
	Author     string // agent's name as customers see it
	Signature  string // Markdown, "" = none
	From       string // which of our own addresses; "" = the account's
	InReplyTo  string // provider's id of the message that is answered
	References []string
	Files      []File
	Automatic  bool // written by a machine: mark it so
}

// File is an attachment on its way out.
type File struct {
	Name        string
	ContentType string
	SizeBytes   int64
	Open        func(ctx context.Context) (io.ReadCloser, error)
}

// Receipt is a provider's answer to a successful Send.
type Receipt struct {
	ExternalID string        // the provider's id of the message
	State      DeliveryState // StateAccepted, or higher if it is known already
	Note       string        // a remark for the log: "copy to Sent failed"
}

// Outcome of Reconcile.
type Outcome int

// Outcomes. Only Absent, seen twice, allows another Send.
const (
	CannotTell Outcome = iota
	Landed
	Absent
)
