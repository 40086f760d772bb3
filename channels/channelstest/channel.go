package channelstest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"parley/channels"
)

// maxBody is the longest webhook the channel reads.
const maxBody = 8 << 20

// Event is what the provider tells by webhook: a customer's message or a status.
type Event struct {
	Type         string    `json:"type"` // message, status, own, foreign; all else can't be decoded
	ID           string    `json:"id"`
	From         string    `json:"from,omitempty"`
	Name         string    `json:"name,omitempty"`
	At           time.Time `json:"at,omitzero"`
	Subject      string    `json:"subject,omitempty"`
	Text         string    `json:"text,omitempty"`
	Quoted       string    `json:"quoted,omitempty"`
	HTML         string    `json:"html,omitempty"`
	To           []string  `json:"to,omitempty"`
	Cc           []string  `json:"cc,omitempty"`
	ReplyTo      []string  `json:"reply_to,omitempty"`
	Via          string    `json:"via,omitempty"`
	References   []string  `json:"references,omitempty"`
	Conversation int64     `json:"conversation,omitempty"`
	Automatic    string    `json:"automatic,omitempty"`
	Files        []File    `json:"files,omitempty"`

	State     string   `json:"state,omitempty"` // status: sent, delivered, read, failed
	Message   int64    `json:"message,omitempty"`
	External  []string `json:"external,omitempty"`
	Recipient string   `json:"recipient,omitempty"`
	Reason    string   `json:"reason,omitempty"`
	Delayed   bool     `json:"delayed,omitempty"`
}

// Channel is the test channel of one account: webhook in, HTTP out.
type Channel struct {
	caps   channels.Capabilities
	base   string
	secret []byte
	env    channels.Env
	client *http.Client
}

var (
	_ channels.Channel = (*Channel)(nil)
	_ channels.Webhook = (*Channel)(nil)
)

// ChatLike are the capabilities of a chat: one conversation per customer.
func ChatLike() channels.Capabilities {
	return channels.Capabilities{Delivered: channels.Full, ReadReceipts: channels.Full, AttachmentsPerMessage: 1,
		MaxAttachmentBytes: 1 << 20, MaxTextRunes: 4000, RetryFor: 48 * time.Hour, RequestTimeout: 2 * time.Second}
}

// MailLike are the capabilities of mail: threads of its own, several recipients.
func MailLike() channels.Capabilities {
	caps := ChatLike()
	caps.Threads, caps.Subject, caps.Participants, caps.RichText = true, true, true, channels.Full
	caps.MaxTextRunes, caps.AttachmentsPerMessage = 0, 20
	return caps
}

// New makes a channel on a provider. secret signs webhooks.
func New(p *Provider, secret string, caps channels.Capabilities, env channels.Env) *Channel {
	return &Channel{caps: caps, base: p.URL(), secret: []byte(secret), env: env,
		client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
}

// Capabilities implements channels.Channel.
func (c *Channel) Capabilities() channels.Capabilities { return c.caps }

// Sign makes the signature that a webhook with this body carries.
func Sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// ServeHTTP implements channels.Webhook.
func (c *Channel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	if !hmac.Equal([]byte(r.Header.Get("X-Signature")), []byte(Sign(string(c.secret), body))) {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	switch err := c.env.Accept(r.Context(), split(body)...); {
	case errors.Is(err, channels.ErrOverloaded):
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
	case err != nil:
		w.WriteHeader(http.StatusInternalServerError)
	default:
		w.WriteHeader(http.StatusOK)
	}
}

// split makes one fact of each event in a webhook's body.
func split(body []byte) []channels.Fact {
	var events []json.RawMessage
	sum := sha256.Sum256(body)
	whole := []channels.Fact{{ExternalID: "x:" + hex.EncodeToString(sum[:]), OrderKey: "unreadable", Payload: body, Quarantine: "not a list of events"}}
	if json.Unmarshal(body, &events) != nil || len(events) == 0 {
		return whole
	}
	var facts []channels.Fact
	for _, raw := range events {
		var e Event
		if json.Unmarshal(raw, &e) != nil || e.ID == "" {
			return whole
		}
		f := channels.Fact{ExternalID: e.Type + ":" + e.ID, OrderKey: e.From, Payload: raw}
		if e.Type == "status" {
			f.ExternalID += ":" + e.State
			f.OrderKey = "status"
		}
		facts = append(facts, f)
	}
	return facts
}

// Decode implements channels.Channel.
func (c *Channel) Decode(raw []byte) ([]channels.Inbound, error) {
	var e Event
	if err := json.Unmarshal(raw, &e); err != nil {
		return nil, fmt.Errorf("channelstest: event: %w", err)
	}
	in := channels.Inbound{ExternalID: e.ID, From: channels.Party{Key: e.From, Name: e.Name}, At: e.At, Subject: e.Subject, Text: e.Text,
		Quoted: e.Quoted, HTML: e.HTML, To: parties(e.To), Cc: parties(e.Cc), ReplyTo: parties(e.ReplyTo), Via: e.Via,
		References: e.References, Conversation: e.Conversation, Automatic: e.Automatic}
	for _, f := range e.Files {
		in.Attachments = append(in.Attachments, channels.Attachment{Name: f.Name, ContentType: f.Type, Content: f.Content, Inline: f.Inline})
	}
	switch e.Type {
	case "message":
		in.Kind = channels.InboundMessage
	case "own":
		in.Kind = channels.InboundOwn
	case "foreign":
		in.Kind = channels.InboundForeign
	case "status":
		in.Kind, in.ExternalID = channels.InboundStatus, ""
		in.Status = &channels.Status{State: channels.DeliveryState(e.State), MessageID: e.Message, External: e.External,
			Recipient: e.Recipient, Reason: e.Reason, Delayed: e.Delayed}
	default:
		return nil, fmt.Errorf("channelstest: unknown event type %q", e.Type)
	}
	return []channels.Inbound{in}, nil
}

func parties(keys []string) []channels.Party {
	var list []channels.Party
	for _, k := range keys {
		list = append(list, channels.Party{Key: k})
	}
	return list
}

func partyKeys(list []channels.Party) []string {
	keys := []string{}
	for _, p := range list {
		keys = append(keys, p.Key)
	}
	return keys
}

// Send implements channels.Channel.
func (c *Channel) Send(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
	m := Sent{Token: strconv.FormatInt(o.DeliveryID, 10), Conversation: o.ConversationID, To: partyKeys(o.To), Cc: partyKeys(o.Cc),
		Subject: o.Subject, Text: o.Text, Author: o.Author, InReplyTo: o.InReplyTo, From: o.From}
	if err := c.check(o); err != nil {
		return channels.Receipt{}, err
	}
	for _, f := range o.Files {
		content, err := readFile(ctx, f)
		if err != nil {
			return channels.Receipt{}, &channels.SendError{Class: channels.Retry, Text: "A file could not be read.", Cause: err}
		}
		m.Files = append(m.Files, File{Name: f.Name, Type: f.ContentType, Content: content})
	}
	body, err := json.Marshal(m)
	if err != nil {
		return channels.Receipt{}, &channels.SendError{Class: channels.BadContent, Text: "It can't be written down.", Cause: err}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/send", bytes.NewReader(body))
	if err != nil {
		return channels.Receipt{}, &channels.SendError{Class: channels.Retry, Text: "No request could be made.", Cause: err}
	}
	if ctx.Err() != nil {
		return channels.Receipt{}, &channels.SendError{Class: channels.Retry, Text: "It was too late to begin.", Cause: ctx.Err()}
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return channels.Receipt{}, transportError(err)
	}
	defer resp.Body.Close()
	return receiptOf(resp)
}

// check refuses what the provider would refuse.
func (c *Channel) check(o channels.Outbound) error {
	switch {
	case len(o.To) == 0:
		return &channels.SendError{Class: channels.BadRecipient, Text: "There is no recipient.", Hint: "Name one."}
	case o.Text == "" && len(o.Files) == 0:
		return &channels.SendError{Class: channels.BadContent, Text: "There is nothing to send.", Hint: "Write something."}
	case c.caps.MaxTextRunes > 0 && len([]rune(o.Text)) > c.caps.MaxTextRunes:
		return &channels.SendError{Class: channels.BadContent, Text: "The text is too long.", Hint: "Shorten it."}
	case len(o.Files) > c.caps.AttachmentsPerMessage:
		return &channels.SendError{Class: channels.BadContent, Text: "There are too many files.", Hint: "Send fewer."}
	}
	return nil
}

func readFile(ctx context.Context, f channels.File) ([]byte, error) {
	r, err := f.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// transportError: a connection that was never made is certain, all else is not.
func transportError(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return &channels.SendError{Class: channels.Retry, Text: "The provider can't be reached.", Cause: err}
	}
	return &channels.SendError{Class: channels.Ambiguous, Text: "The answer was lost.", Cause: err}
}

func receiptOf(resp *http.Response) (channels.Receipt, error) {
	fail := func(class channels.Class, text string) (channels.Receipt, error) {
		return channels.Receipt{}, &channels.SendError{Class: class, Text: text, Cause: fmt.Errorf("status %d", resp.StatusCode)}
	}
	switch {
	case resp.StatusCode == http.StatusOK:
		var answer struct{ ID string }
		if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
			return fail(channels.Ambiguous, "The answer was lost.")
		}
		return channels.Receipt{ExternalID: answer.ID, State: channels.StateAccepted}, nil
	case resp.StatusCode == http.StatusTooManyRequests:
		seconds, _ := strconv.ParseFloat(resp.Header.Get("Retry-After"), 64)
		return channels.Receipt{}, &channels.SendError{Class: channels.Throttled, Text: "Too many messages.",
			Wait: time.Duration(seconds * float64(time.Second))}
	case resp.Header.Get("X-Taken") == "no":
		return fail(channels.Retry, "The provider is busy.")
	case resp.Header.Get("X-Class") != "":
		return fail(channels.Class(resp.Header.Get("X-Class")), "The provider refused it.")
	}
	return fail(channels.Ambiguous, "The provider stumbled.")
}

// Reconcile implements channels.Channel.
func (c *Channel) Reconcile(ctx context.Context, o channels.Outbound) (channels.Outcome, channels.Receipt, error) {
	at := c.base + "/sent?token=" + url.QueryEscape(strconv.FormatInt(o.DeliveryID, 10))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return channels.CannotTell, channels.Receipt{}, fmt.Errorf("channelstest: reconcile: %w", err)
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return channels.CannotTell, channels.Receipt{}, fmt.Errorf("channelstest: reconcile: %w", err)
	}
	defer resp.Body.Close()
	var found []Sent
	if resp.StatusCode != http.StatusOK {
		return channels.CannotTell, channels.Receipt{}, nil
	}
	if err := json.NewDecoder(resp.Body).Decode(&found); err != nil {
		return channels.CannotTell, channels.Receipt{}, fmt.Errorf("channelstest: reconcile: %w", err)
	}
	if len(found) == 0 {
		return channels.Absent, channels.Receipt{}, nil
	}
	return channels.Landed, channels.Receipt{ExternalID: found[0].ID, State: channels.StateAccepted}, nil
}
