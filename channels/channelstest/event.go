package channelstest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"parley/channels"
)

// Event is one element of a webhook body, by which the test Provider reports something to Parley: a customer
// wrote, edited or deleted a message, a receipt came, and so on. Example:
//
//	{"type": "message", "id": "1", "from": "kim", "text": "Hello"}
//
// Decode converts it to channels.Inbound, whose fields of the same names have the same meaning.
type Event struct {
	Type string    `json:"type"` // a channels.InboundKind; Decode refuses all others
	ID   string    `json:"id"`
	Way  string    `json:"way,omitempty"` // how it was delivered; Parley stores it once for each way
	From string    `json:"from,omitempty"`
	Name string    `json:"name,omitempty"` // name of From
	Also []string  `json:"also,omitempty"` // more keys of From
	At   time.Time `json:"at,omitzero"`

	Phone string `json:"phone,omitempty"` // channels.Party.Phone of From

	// Envelope.
	To      []string `json:"to,omitempty"`
	Cc      []string `json:"cc,omitempty"`
	ReplyTo []string `json:"reply_to,omitempty"`
	Via     string   `json:"via,omitempty"`
	Blind   bool     `json:"blind,omitempty"`

	// The conversation or message that it answers.
	Conversation int64    `json:"conversation,omitempty"`
	Answers      int64    `json:"answers,omitempty"` // channels.Answers.Message
	References   []string `json:"references,omitempty"`
	Answered     string   `json:"answered,omitempty"` // channels.Answers.External

	// Its content.
	Subject string   `json:"subject,omitempty"`
	Text    string   `json:"text,omitempty"`
	HTML    string   `json:"html,omitempty"`
	Files   []File   `json:"files,omitempty"`
	Refs    []Ref    `json:"refs,omitempty"`
	Notices []string `json:"notices,omitempty"`

	// The message or person that it changes, and its circumstances.
	Target       string            `json:"target,omitempty"`
	Emoji        string            `json:"emoji,omitempty"`
	Previous     string            `json:"previous,omitempty"`
	PreviousAlso []string          `json:"previous_also,omitempty"`
	Author       string            `json:"author,omitempty"`
	Origin       string            `json:"origin,omitempty"`
	Opens        bool              `json:"opens,omitempty"` // it restarts the reply window
	Automatic    string            `json:"automatic,omitempty"`
	Historical   bool              `json:"historical,omitempty"`
	Consent      *channels.Consent `json:"consent,omitempty"`
	Template     *Template         `json:"template,omitempty"` // the decision, for the type template

	// For the type status; see channels.Status.
	State     string         `json:"state,omitempty"` // sent, delivered, read, failed
	Message   int64          `json:"message,omitempty"`
	External  []string       `json:"external,omitempty"`
	Recipient string         `json:"recipient,omitempty"`
	Further   []string       `json:"further,omitempty"` // more recipients with this status; each gets an Inbound of its own
	Reason    string         `json:"reason,omitempty"`
	Hint      string         `json:"hint,omitempty"`
	Class     channels.Class `json:"class,omitempty"` // of a failure
	Delayed   bool           `json:"delayed,omitempty"`
	Early     bool           `json:"early,omitempty"`
	Piece     int            `json:"piece,omitempty"`
	ByID      bool           `json:"by_id,omitempty"`
	Others    bool           `json:"others,omitempty"`
	UpTo      time.Time      `json:"up_to,omitzero"`
	Parts     int            `json:"parts,omitempty"`
	Cost      string         `json:"cost,omitempty"`
}

// Ref refers to a file that stays at the provider until it is fetched. See Provider.PutFile.
type Ref struct {
	Name string `json:"name,omitempty"`
	Type string `json:"type,omitempty"`
	Ref  string `json:"ref"`
	Size int64  `json:"size,omitempty"`
}

// splitEvents returns a fact for each event in a webhook body. A fact is what Parley stores: the raw bytes
// under an id, by which repeated deliveries are recognised. A body that isn't a list of events becomes one
// quarantined fact.
func splitEvents(body []byte) []channels.Fact {
	sum := sha256.Sum256(body)
	unreadable := []channels.Fact{{
		ExternalID: "x:" + hex.EncodeToString(sum[:]),
		OrderKey:   "unreadable",
		Payload:    body,
		Quarantine: "not a list of events",
	}}
	var events []json.RawMessage
	if json.Unmarshal(body, &events) != nil || len(events) == 0 {
		return unreadable
	}

	var facts []channels.Fact
	for _, raw := range events {
		var e Event
		if json.Unmarshal(raw, &e) != nil || e.ID == "" {
			return unreadable
		}

		f := channels.Fact{ExternalID: e.Type + ":" + e.ID + e.Way, OrderKey: e.From, Payload: raw}
		if e.Type == "status" {
			f.ExternalID += ":" + e.State
			f.OrderKey = "status"
		}

		facts = append(facts, f)
	}

	return facts
}

// page is the HTML of a message, which is not sanitised in tests.
type page string

// Sanitised implements channels.Page.
func (p page) Sanitised() string { return string(p) }

// Decode implements channels.Channel.
func (c *Channel) Decode(raw []byte) ([]channels.Inbound, error) {
	var e Event
	if err := json.Unmarshal(raw, &e); err != nil {
		return nil, fmt.Errorf("channelstest: event: %w", err)
	}

	in := e.inbound()
	switch in.Kind {
	case channels.InboundMessage, channels.InboundOwn, channels.InboundElsewhere:
		in.ExternalID = e.ID
	case channels.InboundReaction, channels.InboundEdit, channels.InboundDelete, channels.InboundIdentity, channels.InboundConsent,
		channels.InboundNotice:
	case channels.InboundStatus:
		if in.Status == nil {
			return nil, errors.New("channelstest: status without a state")
		}
	case channels.InboundTemplate:
		if e.Template == nil {
			return nil, errors.New("channelstest: a verdict on nothing")
		}
		state := stateOf(*e.Template)
		in.Template = &state
	default:
		return nil, fmt.Errorf("channelstest: unknown event type %q", e.Type)
	}

	all := []channels.Inbound{in}
	for _, recipient := range e.Further {
		status := *in.Status
		status.Recipient = recipient
		further := in
		further.Status = &status
		all = append(all, further)
	}
	return all, nil
}

// inbound returns the parts of an Inbound that don't depend on the event's type.
func (e *Event) inbound() channels.Inbound {
	from := partyOf(e.From)
	from.Name, from.Phone, from.Also, from.Lasting = e.Name, e.Phone, e.Also, isLasting(e.From)

	return channels.Inbound{
		Kind: channels.InboundKind(e.Type),
		From: from,
		At:   e.At,
		Envelope: channels.Envelope{
			To:      partiesOf(e.To),
			Cc:      partiesOf(e.Cc),
			ReplyTo: partiesOf(e.ReplyTo),
			Via:     e.Via,
			Blind:   e.Blind,
		},
		Answers: channels.Answers{
			Conversation: e.Conversation,
			Message:      e.Answers,
			References:   e.References,
			External:     e.Answered,
		},
		Subject:     e.Subject,
		Text:        e.Text,
		Original:    e.original(),
		Attachments: e.attachments(),
		Notices:     e.Notices,
		Change: channels.Change{
			Target:   e.Target,
			Emoji:    e.Emoji,
			Previous: channels.Party{Key: e.Previous, Also: e.PreviousAlso, Lasting: isLasting(e.Previous)},
		},
		Elsewhere:  channels.Elsewhere{Author: e.Author, Origin: e.Origin},
		Opens:      e.Opens,
		Consent:    e.Consent,
		Automatic:  e.Automatic,
		Historical: e.Historical,
		Status:     e.status(),
	}
}

func (e *Event) original() channels.Original {
	return channels.Original{HTML: page(cmp.Or(e.HTML, e.Text)), NeedsHTML: e.HTML != ""}
}

func (e *Event) attachments() (list []channels.Attachment) {
	for _, r := range e.Refs {
		list = append(list, channels.Attachment{Name: r.Name, ContentType: r.Type, Ref: r.Ref, SizeBytes: r.Size})
	}
	for _, f := range e.Files {
		list = append(list, channels.Attachment{Name: f.Name, ContentType: f.Type, Content: f.Content, Inline: f.Inline})
	}
	return list
}

// status returns the status that an event reports, or nil if it reports none.
func (e *Event) status() *channels.Status {
	if e.State == "" {
		return nil
	}
	return &channels.Status{
		State:     channels.DeliveryState(e.State),
		MessageID: e.Message,
		External:  e.External,
		Recipient: e.Recipient,
		Reason:    e.Reason,
		Hint:      e.Hint,
		Class:     e.Class,
		Delayed:   e.Delayed,
		Early:     e.Early,
		Piece:     e.Piece,
		ByID:      e.ByID,
		Others:    e.Others,
		UpTo:      e.UpTo,
		Parts:     e.Parts,
		Cost:      e.Cost,
	}
}
