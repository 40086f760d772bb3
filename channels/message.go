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

// AutomaticOwn is Inbound.Automatic of a message that came from an address of the account itself.
const AutomaticOwn = "own-address"

// Party is a person's address on a channel.
type Party struct {
	Key string // normalised, unique per account: e-mail in lower case, phone in E.164
	// Address is Key as this person spells it, for sending: some mail servers tell John.Doe and john.doe apart. "" means
	// as Key. It never says who somebody is.
	Address string
	Name    string // as the person calls herself; may be empty, never trusted
	// Also are other keys of the same person on this account: for example, a provider's own id beside the phone number.
	Also []string
	// Lasting says that Key always belongs to this person. The keys in Also may pass to somebody else, as phone
	// numbers do.
	Lasting bool
}

// InboundKind says what an Inbound is about.
type InboundKind string

// Kinds of Inbound.
const (
	InboundMessage InboundKind = "message" // the customer said something
	InboundStatus  InboundKind = "status"  // what became of one of our messages
	InboundOwn     InboundKind = "own"     // a message that Parley sent, seen again: its copy in the mailbox, an echo
	// InboundElsewhere is our answer to a customer that was written outside of Parley, for example in the mailbox itself. From is the
	// customer. If From is empty, the answer belongs to the conversation that it answers, provided that Envelope.To or Cc names the
	// customer.
	InboundElsewhere InboundKind = "foreign"

	InboundReaction InboundKind = "reaction" // Change.Emoji on Change.Target; if it is "", the reaction was taken back
	InboundEdit     InboundKind = "edit"     // of the customer's own message Change.Target: Text is the new one
	InboundDelete   InboundKind = "delete"   // of the customer's own message Change.Target
	InboundIdentity InboundKind = "identity" // the customer got another key: Change.Previous became From
	InboundConsent  InboundKind = "consent"  // the customer forbids or allows messages
	InboundTemplate InboundKind = "template" // the provider's verdict on one of our templates
	InboundNotice   InboundKind = "notice"   // something about the account itself: Notices, for its people
)

// Inbound is one thing that arrived from a customer or about our message.
type Inbound struct {
	Kind       InboundKind
	ExternalID string // the provider's id of the message, unique per account
	From       Party
	At         time.Time // when it was sent, by the sender's clock: not trusted for order
	Envelope   Envelope
	Answers    Answers

	Subject     string
	Text        string // canonical Markdown, without quoted history
	Original    Original
	Attachments []Attachment
	Notices     []string // remarks for agents: "Encrypted: cannot be displayed."

	Change    Change    // of kinds that change something earlier
	Elsewhere Elsewhere // InboundElsewhere
	Chosen    string    // the id of the Button or ListRow that the customer tapped, "" if there is none
	Opens     bool      // restarts the reply window although the customer wrote nothing
	Consent   *Consent
	Template  *TemplateState

	Automatic  string // why it is automatic mail ("auto-submitted", "list", …); "" means a person
	Historical bool   // imported: no automation, notice or reopening

	// Status belongs to InboundStatus. InboundOwn has it when the whole message was seen: then the
	// message has arrived, even if the answer to Send was lost.
	Status *Status
}

// Envelope says to whom a message was sent, and whom an answer to it reaches.
type Envelope struct {
	To, Cc  []Party
	ReplyTo []Party // whom an answer goes to; empty means Inbound.From
	Via     string  // which of our own addresses it was sent to
	Blind   bool    // it was sent to us without the knowledge of those in To and Cc
}

// Answers says what a message answers. Conversation and Message come from a token: a signed text that we put into our messages where the
// provider repeats it, for example into a mail's Message-ID. They are 0 if the message has no token.
type Answers struct {
	Conversation int64
	Message      int64    // our id of the message that it answers or reacts to; of InboundOwn, our id of the message itself
	References   []string // the provider's ids of all messages that it answers, the most reliable first
	External     string   // the provider's id of the one message that it answers, "" if there is none
}

// Original is what the provider's message has besides the text.
type Original struct {
	Quoted string // quoted history as Markdown, "" if none
	HTML   Page   // the whole message; nil if Inbound.Text has all of it
}

// Change is what a message does to something earlier.
type Change struct {
	Target   string // the provider's id of the message that a reaction, edit or delete is about
	Emoji    string // of a reaction, as Unicode; "" means it was taken back
	Previous Party  // InboundIdentity: the customer by the keys that are no longer used; zero if none was given up
}

// Elsewhere is where an answer was written that didn't leave through Parley.
type Elsewhere struct {
	Author string // who wrote it, as the provider names them; "" means unknown
	Origin string // where it was written, for people: "from the mailbox by help@acme.test"; "" means unknown
}

// Consent says what a customer wants from now on.
type Consent struct {
	OptedOut  bool
	Marketing bool // only advertising is meant; the customer still wants answers
	Silent    bool // the message (STOP, START) needs no answer and opens no conversation
}

// Page is an HTML document that a customer sent. It is made safe only when somebody opens it, because
// most are never opened.
type Page interface {
	// Sanitised returns HTML that is safe to show in a sandboxed page. It may take as long as decoding the message did.
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
	SizeBytes   int64  // with Ref: as the provider says, 0 means unknown
}

// DeliveryState is how far an outgoing message has come.
type DeliveryState string

// States that a provider can report.
const (
	StateAccepted  DeliveryState = "accepted"
	StateSent      DeliveryState = "sent"
	StateDelivered DeliveryState = "delivered"
	StateRead      DeliveryState = "read"
	StateFailed    DeliveryState = "failed"
)

// Status is a provider's report on one of our messages.
type Status struct {
	State     DeliveryState
	MessageID int64    // our id, from a token (see Answers); 0 means unknown
	External  []string // provider's ids by which the message can be found, the most reliable first
	Recipient string   // whom it concerns; "" means all recipients
	// UpTo, when set, replaces MessageID and External: the status holds for all messages that were
	// sent to Inbound.From until this time, by the provider's clock ("read up to here").
	UpTo    time.Time
	Reason  string // for people
	Hint    string // of a failure: what to do next, for people; "" means the usual words
	Delayed bool   // not delivered yet, and the provider still tries: shown as a remark
	Class   Class  // of a failure
	Early   bool   // it is about another part of the message than the last one, see Receipt.More
	Piece   int    // with Early: which part, counted from 0. It matters only if the part has arrived
	Parts   int    // as in Receipt
	Cost    string // as in Receipt
	ByID    bool   // External has the id that Send's receipt has: another id is of another attempt at the message
	Others  bool   // another account or program may have sent the message: if it isn't known here, nobody is told
}

// Outbound is one message on its way to a customer.
type Outbound struct {
	DeliveryID     int64
	ConversationID int64
	MessageID      int64
	Attempt        Attempt

	To, Cc     []Party
	Subject    string
	Text       string // canonical Markdown
	Author     string // agent's name as customers see it
	Signature  Signature
	From       string   // which of our own addresses; "" means the account's
	InReplyTo  string   // mail: the Message-ID of the customer's newest message
	References []string // ids of the conversation's messages, and of what they answer, if Sending.References says that they are used
	Files      []File
	Automatic  bool // no person wrote it; the channel marks it as automatic if it can
	// Promotional says that its author marked it as advertising. It leaves only while anybody may write, never in the time in which
	// a person alone may still answer (ReplyWindow.Human).
	Promotional bool

	ReplyTo  string       // the provider's id of the one message that is answered; "" if there is none
	LastIn   time.Time    // when the customer last opened the reply window; zero means never
	Rich     *Rich        // buttons, a list, a place, a card; nil means Text alone
	Template *TemplateUse // sent instead of Text, which then has the filled template as people read it
}

// Attempt is one try to send a message.
type Attempt struct {
	Number  int       // of the calls for this part, since it was queued or a person sent the message again; 1 for the first
	Part    int       // how many parts have arrived already, see Receipt.More
	FirstAt time.Time // when the first attempt began; zero during it
	// Again is how often the message failed and a person sent it once more, or was edited while nobody knew whether it had left, and
	// then sent once more. A channel whose provider recognises repeated messages by a key of ours puts Again into the key, because
	// each time is a new message.
	Again int
	// Reworded is for Reconcile: the message was edited meanwhile, so the attempt may have sent other words than it has now. A channel that
	// knows messages by their words alone must not call it absent.
	Reworded bool
	// Owners is for Reconcile, which uses it by IDsOfOthers: it returns our messages' ids for those of the provider's ids that are known. It
	// may be nil.
	Owners func(ctx context.Context, external []string) (map[string]int64, error)
}

// IDsOfOthers returns those of the provider's ids that are known to belong to other messages than o. Reconcile must not take them for o.
func (o *Outbound) IDsOfOthers(ctx context.Context, external []string) (map[string]bool, error) {
	others := map[string]bool{}
	if o.Attempt.Owners == nil || len(external) == 0 {
		return others, nil
	}

	owners, err := o.Attempt.Owners(ctx, external)
	if err != nil {
		return nil, err
	}

	for id, message := range owners {
		if message != 0 && message != o.MessageID {
			others[id] = true
		}
	}

	return others, nil
}

// Signature stands below an agent's mails.
type Signature struct {
	Text string // Markdown, "" if there is none
	// HTML is the signature as sanitised HTML, for channels that carry HTML. If it is "", they use Text.
	// It shows Pictures by their ContentID.
	HTML     string
	Pictures []Picture
}

// File is an attachment on its way out.
type File struct {
	Name        string
	ContentType string
	SizeBytes   int64
	Open        func(ctx context.Context) (io.ReadCloser, error)
	// Link returns a signed public URL, valid for a day, for providers that fetch files by themselves.
	// Errors: *SendError when Parley has no public address.
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
	Trouble    *Condition    // what failed beside the message, of which admins are told; nil if nothing did
	Parts      int           // how many messages the provider counts it as (SMS); 0 means one
	Cost       string        // the provider's price category: "utility"; "" means unknown
	// More is true when only a part of the message was sent, for example the text before its file. Send is called again
	// with the next Attempt.Part, so that no part is sent twice when a later one fails.
	More bool
}

// Outcome of Reconcile.
type Outcome int

// Outcomes of Reconcile. Parley sends again only after it has seen Absent twice.
const (
	CannotTell Outcome = iota // the provider doesn't say
	Landed                    // the provider has the message
	Absent                    // the provider doesn't have it
)
