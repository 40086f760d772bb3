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

// AutomaticOwn is the Inbound.Automatic of a message whose sender is an address of the account itself.
const AutomaticOwn = "own-address"

// Party is a person as one account of a channel knows her.
type Party struct {
	Key string // normalised and unique per account: an e-mail address in lower case, a phone number in E.164
	// Address is the spelling of Key to send to, because some mail servers distinguish John.Doe and john.doe. "" means
	// Key. It never identifies a person.
	Address string
	// Phone is the person's phone number, for people to read, if Key is an id that only the provider uses. "" means that
	// it is Key or unknown. It never identifies a person, and nothing is sent to it.
	Phone string
	Name  string // chosen by the person herself; may be empty, never trusted
	// Also are other keys of the same person on this account, such as a provider's own id besides the phone number.
	Also []string
	// Lasting means that Key belongs to this person forever. The keys in Also may be reassigned to somebody else, as
	// phone numbers are.
	Lasting bool
}

// InboundKind is what an Inbound reports.
type InboundKind string

// The kinds of an Inbound.
const (
	InboundMessage InboundKind = "message" // a message from the customer
	InboundStatus  InboundKind = "status"  // the delivery status of one of our messages
	InboundOwn     InboundKind = "own"     // a message that Parley itself sent: its copy in the mailbox, or an echo
	// InboundElsewhere is a reply to a customer that somebody wrote outside of Parley, for example in the mailbox itself.
	// From is the customer. If From is empty, the reply belongs to the conversation that it answers, provided that the
	// customer is in Envelope.To or Cc.
	InboundElsewhere InboundKind = "foreign"

	InboundReaction InboundKind = "reaction" // Change.Emoji was put on Change.Target; "" means that it was removed
	InboundEdit     InboundKind = "edit"     // the customer edited her message Change.Target: Text is the new text
	InboundDelete   InboundKind = "delete"   // the customer deleted her message Change.Target
	InboundIdentity InboundKind = "identity" // the customer's key changed from Change.Previous to From
	InboundConsent  InboundKind = "consent"  // the customer opted out of messages, or in again
	InboundTemplate InboundKind = "template" // the provider's decision on one of our templates
	InboundNotice   InboundKind = "notice"   // Notices about the account itself, for the people who look after it
)

// Inbound is one event from a provider, decoded: a customer's message, or something about an earlier message of hers or
// of ours. Channel.Decode returns it. Kind decides which of the fields are used.
type Inbound struct {
	Kind       InboundKind
	ExternalID string // the provider's id of the message, unique per account
	From       Party
	At         time.Time // when it was sent, by the sender's clock, so it isn't used for ordering
	Envelope   Envelope
	Answers    Answers

	Subject     string
	Text        string // canonical Markdown, with what it quotes
	Original    Original
	Attachments []Attachment
	Notices     []string // remarks for agents: "Encrypted: cannot be displayed."

	Change    Change    // for kinds that change an earlier message
	Elsewhere Elsewhere // for InboundElsewhere
	Chosen    string    // the id of the Button or ListRow that the customer tapped; "" means none
	Opens     bool      // restarts the reply window even though the customer wrote nothing
	Consent   *Consent
	Template  *TemplateState

	Disowned   bool       // the domain of its sender says that somebody else has sent it
	Forwarded  *Forwarded // set by the engine: an agent passed it on
	Automatic  string     // why it is automatic mail ("auto-submitted", "list", …); "" means that a person wrote it
	Historical bool       // it was imported: it triggers no automation or notice, and doesn't reopen a conversation

	// Status is set for InboundStatus. It is also set for InboundOwn if the whole message was seen, which proves that it
	// was sent even if the response to Send was lost.
	Status *Status
}

// Envelope holds the recipients of a message and of a reply to it.
type Envelope struct {
	To, Cc  []Party
	ReplyTo []Party // the recipients of a reply; empty means Inbound.From
	Via     string  // the one of our own addresses that it was sent to
	Blind   bool    // it was sent to us as Bcc
}

// Answers identifies the message that an Inbound answers. Conversation and Message come from a token, which is a signed
// text that we put into our messages where the provider repeats it, such as a mail's Message-ID. Without a token, they
// are 0.
type Answers struct {
	Conversation int64
	Message      int64    // our id of the message that it answers or reacts to; for InboundOwn, of the message itself
	References   []string // the provider's ids of all messages that it answers, the most reliable first
	External     string   // the provider's id of the one message that it answers; "" means none
}

// Original is the message as the provider has it.
type Original struct {
	HTML      Page // the whole message; nil if there can be no more than Inbound.Text
	NeedsHTML bool // HTML shows more than Inbound.Text, such as pictures or tables
}

// Change describes a change to an earlier message or to the customer.
type Change struct {
	Target   string // the provider's id of the message that was reacted to, edited or deleted
	Emoji    string // for a reaction, as Unicode; "" means that it was removed
	Previous Party  // for InboundIdentity: the customer with the keys that became invalid; zero if none did
}

// Elsewhere describes the origin of a reply that wasn't sent by Parley.
type Elsewhere struct {
	Author string // the author's name at the provider; "" means unknown
	Origin string // for people: "from the mailbox by help@acme.test"; "" means unknown
}

// Consent is a customer's decision about getting messages.
type Consent struct {
	OptedOut  bool
	Marketing bool // the decision is about advertising only; the customer still wants replies
	Silent    bool // the message (STOP, START) needs no reply and doesn't start a conversation
}

// Forwarded says who passed a message on.
type Forwarded struct {
	By   Party
	Note string // what was written above it
}

// Page is an HTML document that a customer sent. It is sanitised only when somebody opens it, because most pages are
// never opened.
type Page interface {
	// Sanitised returns HTML that is safe to show in a sandboxed page. It may take as long as decoding the message did.
	Sanitised() string
}

// Attachment is a file of an Inbound. Either Content or Ref is set.
type Attachment struct {
	Name        string
	ContentType string
	ContentID   string // without <>; "" means that the HTML doesn't reference it
	Inline      bool   // shown inside the body
	Content     []byte
	Ref         string // an opaque reference for Fetcher.Fetch, at most 2,000 bytes
	SizeBytes   int64  // with Ref: the size that the provider reports; 0 means unknown
}

// DeliveryState is how far an outgoing message has come, as a provider reports it.
type DeliveryState string

// The states of a delivery at the provider.
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
	External  []string // the provider's ids of the message, the most reliable first
	Recipient string   // the recipient that it is about; "" means all of them
	// UpTo, if set, replaces MessageID and External: the status applies to all messages that were sent to Inbound.From
	// up to this time, by the provider's clock ("read up to here").
	UpTo    time.Time
	Reason  string // of a failure, for people
	Hint    string // of a failure: what to do about it, for people; "" means the default hint
	Delayed bool   // not delivered yet, but the provider is still trying: shown as a remark
	Class   Class  // of a failure
	Early   bool   // it is about a part of the message other than the last one: see Receipt.More
	Piece   int    // with Early: which part, counted from 0; used only if that part was delivered
	Parts   int    // as in Receipt
	Cost    string // as in Receipt
	ByID    bool   // External has the id from Send's Receipt, so that a different id means a different attempt
	Others  bool   // another account or program may have sent the message: if it is unknown here, the status is ignored
}

// Outbound is one message to be sent to a customer, as Channel.Send and Channel.Reconcile get it.
type Outbound struct {
	DeliveryID     int64
	ConversationID int64
	MessageID      int64
	Attempt        Attempt

	To, Cc     []Party
	Subject    string
	Text       string // canonical Markdown
	Author     string // the agent's name for customers
	Signature  Signature
	From       string   // the one of our own addresses to send from; "" means the account's
	FromName   string   // what customers see beside it; "" means the account's
	InReplyTo  string   // mail: the Message-ID of the customer's newest message
	References []string // ids of the conversation's messages and of those they answer; set if Sending.References is
	Files      []File
	Automatic  bool // written by no person; the channel marks it as automatic if it can
	// Promotional means that its author marked it as advertising. It may be sent only during ReplyWindow.Free, and not
	// during the rest of ReplyWindow.Human.
	Promotional bool

	ReplyTo  string       // the provider's id of the one message that is answered; "" means none
	LastIn   time.Time    // when the customer last opened the reply window; zero means never
	Rich     *Rich        // buttons, a list, a place, a contact or cards; nil means Text alone
	Template *TemplateUse // sent instead of Text; Text then has the filled template, for people
}

// Attempt is one try to send a message, or one part of it (see Receipt.More).
type Attempt struct {
	Number  int       // counts the calls for this part, since it was queued or a person sent it again; the first is 1
	Part    int       // how many parts were sent already
	FirstAt time.Time // when the first attempt began; zero during the first attempt
	// Again is how often a person has sent the message again, either because it had failed, or after editing it while it
	// was unknown whether it had been sent. Each time counts as a new message. So a channel whose provider deduplicates
	// messages by an idempotency key includes Again in the key.
	Again int
	// Reworded is for Reconcile. It means that the message was edited after the attempt, which may therefore have sent
	// another text. A channel that recognises messages by their text alone must not report Absent.
	Reworded bool
	// Owners is for IDsOfOthers. It maps those of the provider's ids that are known to our messages' ids. May be nil.
	Owners func(ctx context.Context, external []string) (map[string]int64, error)
}

// IDsOfOthers returns those of the provider's ids that are known to belong to messages other than o. Reconcile must not
// mistake them for o.
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

// Signature is appended to an agent's messages.
type Signature struct {
	Text string // Markdown; "" means none
	// HTML is the signature as sanitised HTML, for channels that support HTML. It refers to Pictures by their ContentID.
	// If it is "", Text is used.
	HTML     string
	Pictures []Picture
}

// File is an attachment of an Outbound.
type File struct {
	Name        string
	ContentType string
	SizeBytes   int64
	Open        func(ctx context.Context) (io.ReadCloser, error)
	// Link returns a signed public URL, valid for a day, for providers that download files themselves.
	// Errors: *SendError if Parley has no public address.
	Link func() (string, error)
}

// Picture is a File that HTML embeds with <img src="cid:ContentID">.
type Picture struct {
	File

	ContentID string // without <>
}

// Receipt is the result of a successful Send.
type Receipt struct {
	ExternalID string        // the provider's id of the message
	State      DeliveryState // StateAccepted, or a later state if it is known already
	Trouble    *Condition    // a problem to report to admins even though the message was sent; nil means none
	Parts      int           // how many messages the provider bills (SMS); 0 means one
	Cost       string        // the provider's price category: "utility"; "" means unknown
	// More means that only a part of the message was sent, such as the text without its file. Send is then called again
	// with the next Attempt.Part, so that no part is sent twice if a later one fails.
	More bool
}

// Outcome is the result of Reconcile. Parley sends a message again only after two results of Absent.
type Outcome int

// The outcomes of Reconcile.
const (
	CannotTell Outcome = iota // the provider doesn't say
	Landed                    // the provider has the message
	Absent                    // the provider doesn't have the message
)
