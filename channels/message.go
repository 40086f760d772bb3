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

// AutomaticOwn is the Inbound.Automatic of what came from an address of the account itself.
const AutomaticOwn = "own-address"

// Party is a person's address on a channel.
type Party struct {
	Key  string // normalised, unique per account: e-mail in lower case, phone in E.164
	Name string // as the person calls herself; may be empty, never trusted
	// Also are other keys of the same person on this account: a provider's own id beside
	// the phone number. Whoever is known by one of them is this person.
	Also []string
}

// InboundKind says what an Inbound is about.
type InboundKind string

// Kinds of Inbound.
const (
	InboundMessage InboundKind = "message" // the customer said something
	InboundStatus  InboundKind = "status"  // what became of one of our messages
	InboundOwn     InboundKind = "own"     // our own message seen again (copy, echo)
	// InboundForeign is an answer written elsewhere. From is the customer; without it the answer
	// belongs to the conversation that it answers, if To or Cc name the customer.
	InboundForeign InboundKind = "foreign"

	InboundReaction InboundKind = "reaction" // to Target: Emoji, "" = taken back
	InboundEdit     InboundKind = "edit"     // of the customer's own message Target: Text is the new one
	InboundDelete   InboundKind = "delete"   // of the customer's own message Target
	InboundIdentity InboundKind = "identity" // the customer got another key: Previous became From
	InboundConsent  InboundKind = "consent"  // the customer forbids or allows messages
	InboundTemplate InboundKind = "template" // the provider's verdict on one of our templates
	InboundNotice   InboundKind = "notice"   // something about the account itself: Notices, for its people
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
	HTML        Page   // the original, nil if Text tells all of it
	Attachments []Attachment
	Notices     []string // remarks for agents: "Encrypted: cannot be displayed."

	To, Cc     []Party
	ReplyTo    []Party  // whom an answer goes to; empty = From
	Via        string   // which of our own addresses it was sent to
	References []string // ids it answers, best first

	// Conversation and Answers come from a verified token of ours; 0 = none.
	Conversation int64
	Answers      int64 // our message id; InboundOwn: the message that this is, or is a part of

	Target   string // the provider's id of the message that a reaction, edit or delete is about
	Emoji    string // of a reaction, as Unicode
	Author   string // InboundForeign: who wrote it, as the provider names them; "" = unknown
	Origin   string // InboundForeign: where it was written, for people: "from the mailbox by help@acme.test"; "" = unknown
	Previous string // InboundIdentity: the key that is no longer used
	Answered string // the provider's id of the one message that this answers, "" = none
	Chosen   string // the id of the Button or ListRow that the customer tapped, "" = none
	Opens    bool   // restarts the reply window although it is no message
	Consent  *Consent
	Template *TemplateState

	Automatic  string // why it is automatic mail ("auto-submitted", "list", …); "" = a person
	Historical bool   // imported: no automation, notice or reopening

	// Status of InboundStatus; of InboundOwn when all of the message is there, so that its
	// fate is known even if the answer to Send was lost.
	Status *Status
}

// Consent says what a customer wants from now on.
type Consent struct {
	OptedOut  bool
	Marketing bool // only advertising is meant; answers are still wanted
	Silent    bool // the message itself asks for no answer and opens nothing: STOP, START
}

// Page is a document that a customer sent. It is made safe when somebody opens it, which
// for most never happens.
type Page interface {
	// Sanitised gives HTML that is safe to show in a sandboxed page. It may take as long as
	// decoding the message did.
	Sanitised() string
}

// Attachment of an Inbound. Content or Ref is set.
type Attachment struct {
	Name        string
	ContentType string
	ContentID   string // without <>, "" if not referenced
	Inline      bool   // shown inside the body
	Content     []byte
	Ref         string // what Fetcher.Fetch needs to read it; opaque to the engine, at most 2,000 bytes
	SizeBytes   int64  // with Ref: as the provider says, 0 = unknown
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
	// UpTo instead of MessageID and External: it is true of everything sent to Inbound.From
	// until then, by the provider's clock (a watermark: "read up to here").
	UpTo    time.Time
	Reason  string // for people
	Delayed bool   // a note only: still being tried
	Class   Class  // of a failure
	Early   bool   // a part failed that others of the same Send follow, see Receipt.More
	Parts   int    // as in Receipt
	Cost    string // as in Receipt
}

// Outbound is one message on its way to a customer.
type Outbound struct {
	DeliveryID     int64
	ConversationID int64
	MessageID      int64
	Attempt        int       // 1 for the first
	Part           int       // how many parts of it have landed already, see Receipt.More
	FirstAttemptAt time.Time // zero while the first attempt is made
	// Again is how often it failed for certain, and a person sent it once more: where the other
	// side knows messages by a key of ours, each time is another message.
	Again int

	To, Cc    []Party
	Subject   string
	Text      string // canonical Markdown
	Author    string // agent's name as customers see it
	Signature string // Markdown, "" = none
	// SignatureHTML is Signature for channels that carry HTML, sanitised; "" = Signature says all of it.
	// It shows SignaturePictures by their ContentID.
	SignatureHTML     string
	SignaturePictures []Picture
	From              string // which of our own addresses; "" = the account's
	InReplyTo         string // provider's id of the message that is answered
	References        []string
	Files             []File
	Automatic         bool // written by a machine: mark it so

	ReplyTo  string       // the provider's id of the one message that is answered; "" = none
	LastIn   time.Time    // when the customer last opened the reply window; zero = never
	Rich     *Rich        // what is sent besides Text; nil = nothing
	Template *TemplateUse // instead of Text, which then holds its words as people read them
}

// File is an attachment on its way out.
type File struct {
	Name        string
	ContentType string
	SizeBytes   int64
	Open        func(ctx context.Context) (io.ReadCloser, error)
	// Link makes a signed public address for providers that fetch files by themselves; it
	// works for a day. Errors: *SendError when this Parley has no public address.
	Link func() (string, error)
}

// Picture is a File that HTML shows as <img src="cid:ContentID">.
type Picture struct {
	File

	ContentID string // without <>
}

// Receipt is a provider's answer to a successful Send.
type Receipt struct {
	ExternalID string        // the provider's id of the message
	State      DeliveryState // StateAccepted, or higher if it is known already
	Note       string        // a remark for the log: "copy to Sent failed"
	Parts      int           // how many messages the provider counts it as (SMS); 0 = one
	Cost       string        // the provider's price category: "utility"; "" = unknown
	// More says that this was a part (the text before its file): Send is called again, with
	// the next Outbound.Part. So no part is sent twice when a later one fails.
	More bool
}

// Outcome of Reconcile.
type Outcome int

// Outcomes. Only Absent, seen twice, allows another Send.
const (
	CannotTell Outcome = iota
	Landed
	Absent
)
