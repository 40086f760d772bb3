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
	"strings"
	"time"
	"unicode"

	"parley/channels"
)

// maxBody is the longest webhook the channel reads.
const maxBody = 8 << 20

// Event is what the provider tells by webhook: a customer's message or a status.
type Event struct {
	Type         string    `json:"type"` // a channels.InboundKind; all else can't be decoded
	ID           string    `json:"id"`
	Way          string    `json:"way,omitempty"` // by which it came: what comes by several ways is a fact for each
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
	Blind        bool      `json:"blind,omitempty"`
	References   []string  `json:"references,omitempty"`
	Conversation int64     `json:"conversation,omitempty"`
	Automatic    string    `json:"automatic,omitempty"`
	Historical   bool      `json:"historical,omitempty"`
	Opens        bool      `json:"opens,omitempty"` // it restarts the reply window
	Files        []File    `json:"files,omitempty"`
	Refs         []Ref     `json:"refs,omitempty"`
	Also         []string  `json:"also,omitempty"`
	Target       string    `json:"target,omitempty"`
	Emoji        string    `json:"emoji,omitempty"`
	Previous     string    `json:"previous,omitempty"`
	PreviousAlso []string  `json:"previous_also,omitempty"`
	Answered     string    `json:"answered,omitempty"`
	Author       string    `json:"author,omitempty"`
	Origin       string    `json:"origin,omitempty"`
	Answers      int64     `json:"answers,omitempty"`
	Notices      []string  `json:"notices,omitempty"`

	Consent *channels.Consent `json:"consent,omitempty"`

	State     string   `json:"state,omitempty"` // status: sent, delivered, read, failed
	Message   int64    `json:"message,omitempty"`
	External  []string `json:"external,omitempty"`
	Recipient string   `json:"recipient,omitempty"`
	Further   []string `json:"further,omitempty"` // recipients of whom a status tells the same, each in a part of its own
	Reason    string   `json:"reason,omitempty"`
	Hint      string   `json:"hint,omitempty"`
	Delayed   bool     `json:"delayed,omitempty"`
	Early     bool     `json:"early,omitempty"`
	Piece     int      `json:"piece,omitempty"`
	ByID      bool     `json:"by_id,omitempty"`
	Others    bool     `json:"others,omitempty"`

	Class    channels.Class `json:"class,omitempty"`    // of a failure
	Template *Template      `json:"template,omitempty"` // template: the verdict
	UpTo     time.Time      `json:"up_to,omitzero"`
	Parts    int            `json:"parts,omitempty"`
	Cost     string         `json:"cost,omitempty"`
}

// Ref is a file that the provider keeps; PutFile puts it there.
type Ref struct {
	Name string `json:"name,omitempty"`
	Type string `json:"type,omitempty"`
	Ref  string `json:"ref"`
	Size int64  `json:"size,omitempty"`
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
	_ channels.Channel   = (*Channel)(nil)
	_ channels.Webhook   = (*Channel)(nil)
	_ channels.Fetcher   = (*Channel)(nil)
	_ channels.Attendant = (*Channel)(nil)
	_ channels.Starter   = (*Channel)(nil)
)

// New makes a channel on a provider. secret signs webhooks.
func New(p *Provider, secret string, caps channels.Capabilities, env channels.Env) *Channel {
	return &Channel{caps: caps, base: p.URL(), secret: []byte(secret), env: env,
		client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
}

// Spec describes the channel "loopback", a chat, for programs that configure it like any
// other: bench. Its connections are kept open.
func Spec() channels.Spec {
	return channels.Spec{Kind: "loopback", Name: "Loopback", Icon: "repeat",
		Fields: []channels.Field{
			{Name: "url", Label: "Provider", Help: "Address of the imaginary provider.", Required: true},
			{Name: "secret", Label: "Secret", Help: "Signs webhooks.", Secret: true, Required: true},
		},
		New: func(a channels.Account, env channels.Env) (channels.Channel, error) {
			return &Channel{caps: ChatLike(), base: a.Config["url"], secret: []byte(a.Config["secret"]), env: env,
				client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256, IdleConnTimeout: time.Minute}}}, nil
		}}
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

		f := channels.Fact{ExternalID: e.Type + ":" + e.ID + e.Way, OrderKey: e.From, Payload: raw}
		if e.Type == "status" {
			f.ExternalID += ":" + e.State
			f.OrderKey = "status"
		}

		facts = append(facts, f)
	}

	return facts
}

// page is an original that needs no cleaning.
type page string

// Sanitised implements channels.Page.
func (p page) Sanitised() string { return string(p) }

// Decode implements channels.Channel.
func (c *Channel) Decode(raw []byte) ([]channels.Inbound, error) {
	var e Event
	if err := json.Unmarshal(raw, &e); err != nil {
		return nil, fmt.Errorf("channelstest: event: %w", err)
	}

	from := partyOf(e.From)
	from.Name, from.Also, from.Lasting = e.Name, e.Also, isLasting(e.From)
	in := channels.Inbound{
		ExternalID: e.ID, From: from, At: e.At,
		Envelope: channels.Envelope{To: partiesOf(e.To), Cc: partiesOf(e.Cc), ReplyTo: partiesOf(e.ReplyTo), Via: e.Via, Blind: e.Blind},
		Answers:  channels.Answers{Conversation: e.Conversation, Message: e.Answers, References: e.References, External: e.Answered},
		Subject:  e.Subject, Text: e.Text, Original: channels.Original{Quoted: e.Quoted}, Notices: e.Notices,
		Change:  channels.Change{Target: e.Target, Emoji: e.Emoji, Previous: channels.Party{Key: e.Previous, Also: e.PreviousAlso, Lasting: isLasting(e.Previous)}},
		Foreign: channels.Foreign{Author: e.Author, Origin: e.Origin},
		Opens:   e.Opens, Consent: e.Consent, Automatic: e.Automatic, Historical: e.Historical,
	}
	if e.HTML != "" {
		in.Original.HTML = page(e.HTML)
	}
	for _, r := range e.Refs {
		in.Attachments = append(in.Attachments, channels.Attachment{Name: r.Name, ContentType: r.Type, Ref: r.Ref, SizeBytes: r.Size})
	}
	for _, f := range e.Files {
		in.Attachments = append(in.Attachments, channels.Attachment{Name: f.Name, ContentType: f.Type, Content: f.Content, Inline: f.Inline})
	}
	if e.State != "" {
		in.Status = &channels.Status{State: channels.DeliveryState(e.State), MessageID: e.Message, External: e.External, Recipient: e.Recipient,
			Reason: e.Reason, Hint: e.Hint, Delayed: e.Delayed, Early: e.Early, Piece: e.Piece, UpTo: e.UpTo, Parts: e.Parts, Cost: e.Cost, Class: e.Class,
			ByID: e.ByID, Others: e.Others}
	}
	switch in.Kind = channels.InboundKind(e.Type); in.Kind {
	case channels.InboundMessage, channels.InboundOwn, channels.InboundForeign:
	case channels.InboundReaction, channels.InboundEdit, channels.InboundDelete, channels.InboundIdentity, channels.InboundConsent, channels.InboundNotice:
		in.ExternalID = ""
	case channels.InboundStatus:
		in.ExternalID = ""
		if in.Status == nil {
			return nil, errors.New("channelstest: status without a state")
		}
	case channels.InboundTemplate:
		if e.Template == nil {
			return nil, errors.New("channelstest: a verdict on nothing")
		}
		state := stateOf(*e.Template)
		in.Template, in.ExternalID = &state, ""
	default:
		return nil, fmt.Errorf("channelstest: unknown event type %q", e.Type)
	}
	all := []channels.Inbound{in}
	for _, who := range e.Further {
		one, s := in, *in.Status
		s.Recipient, one.Status = who, &s
		all = append(all, one)
	}
	return all, nil
}

// Recipient implements channels.Starter: customers are called by one word.
func (c *Channel) Recipient(typed string) (channels.Party, error) {
	key := strings.ToLower(strings.TrimSpace(typed))
	isOneWord := !strings.ContainsAny(key, " ,!?") && !strings.ContainsFunc(key, unicode.IsControl)
	if key == "" || !isOneWord {
		return channels.Party{}, &channels.SendError{Class: channels.BadRecipient, Text: "“" + typed + "” is no customer.", Hint: "Use one word."}
	}
	return channels.Party{Key: key}, nil
}

// Send implements channels.Channel.
func (c *Channel) Send(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
	m := Sent{Token: strconv.FormatInt(o.DeliveryID, 10), Message: o.MessageID, Conversation: o.ConversationID, To: partyAddresses(o.To), Cc: partyAddresses(o.Cc),
		Subject: o.Subject, Text: o.Text, Author: o.Author, InReplyTo: o.InReplyTo, From: o.From, Rich: o.Rich, ReplyTo: o.ReplyTo,
		Signature: o.Signature.Text, SignatureHTML: o.Signature.HTML}
	if o.Template != nil {
		m.Template = &SentTemplate{Name: o.Template.Name, Language: o.Template.Language, Values: o.Template.Values}
	}
	if err := c.check(o); err != nil {
		return channels.Receipt{}, err
	}
	m.Also = o.To[0].Also
	for _, f := range o.Files {
		content, err := readFile(ctx, f)
		if err != nil {
			return channels.Receipt{}, &channels.SendError{Class: channels.Retry, Text: "A file could not be read.", Cause: err}
		}
		m.Files = append(m.Files, File{Name: f.Name, Type: f.ContentType, Content: content})
	}
	for _, p := range o.Signature.Pictures {
		content, err := readFile(ctx, p.File)
		if err != nil {
			return channels.Receipt{}, &channels.SendError{Class: channels.Retry, Text: "A picture could not be read.", Cause: err}
		}
		m.Pictures = append(m.Pictures, p.ContentID+" "+string(content))
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
	hasParts := len(o.Files) > 0 || o.Rich != nil
	switch {
	case len(o.To) == 0:
		return &channels.SendError{Class: channels.BadRecipient, Text: "There is no recipient.", Hint: "Name one."}
	case o.Rich != nil && !c.caps.Carries(o.Rich):
		return channels.RefuseContent("The provider doesn't carry this.", "Say it in words.")
	case o.Rich.Kind().IsSentAlone() && o.Text != "":
		return channels.RefuseContent("No text stands beside this.", "Send the text before it.")
	case o.ReplyTo != "" && c.caps.ReplyTo < channels.Partial:
		return channels.RefuseContent("The provider knows no answers to one message.", "Quote it.")
	case o.Text == "" && !hasParts:
		return channels.RefuseContent("There is nothing to send.", "Write something.")
	case c.caps.MaxTextRunes > 0 && len([]rune(o.Text)) > c.caps.MaxTextRunes:
		return channels.RefuseContent("The text is too long.", "Shorten it.")
	case len(o.Files) > c.caps.Files.PerMessage:
		return channels.RefuseContent("There are too many files.", "Send fewer.")
	}
	return nil
}

// readFile reads a whole file.
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
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
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
			Wait: time.Duration(seconds * float64(time.Second)), Pair: resp.Header.Get("X-Pair") == "true"}
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
	if others, err := o.OfAnother(ctx, []string{found[0].ID}); err != nil || others[found[0].ID] {
		return channels.Absent, channels.Receipt{}, err
	}
	return channels.Landed, channels.Receipt{ExternalID: found[0].ID, State: channels.StateAccepted}, nil
}
