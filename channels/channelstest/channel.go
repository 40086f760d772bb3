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
	"strconv"
	"strings"
	"time"
	"unicode"

	"parley/channels"
)

// maxBody is the maximum size of a webhook body, in bytes.
const maxBody = 8 << 20

// Channel is a channels.Channel for tests. It connects one account to a Provider, which plays a messaging
// company such as WhatsApp. A customer's message arrives as a signed webhook whose body is a list of Events. An
// agent's reply is sent to the provider by HTTP.
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

// New returns a channel that is connected to a provider. secret signs webhooks.
func New(p *Provider, secret string, caps channels.Capabilities, env channels.Env) *Channel {
	return &Channel{
		caps:   caps,
		base:   p.URL(),
		secret: []byte(secret),
		env:    env,
		client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	}
}

// Spec describes this channel as a chat of the kind "loopback", for programs that configure it like any other
// channel, such as parley bench. Unlike a channel made by New, it keeps its connections alive.
func Spec() channels.Spec {
	return channels.Spec{
		Kind: "loopback",
		Name: "Loopback",
		Icon: "repeat",
		Fields: []channels.Field{
			{Name: "url", Label: "Provider", Help: "Address of the imaginary provider.", Required: true},
			{Name: "secret", Label: "Secret", Help: "Signs webhooks.", Secret: true, Required: true},
		},
		New: func(a channels.Account, env channels.Env) (channels.Channel, error) {
			return &Channel{
				caps:   ChatLike(),
				base:   a.Config["url"],
				secret: []byte(a.Config["secret"]),
				env:    env,
				client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256, IdleConnTimeout: time.Minute}},
			}, nil
		},
	}
}

// Capabilities implements channels.Channel.
func (c *Channel) Capabilities() channels.Capabilities { return c.caps }

// Sign returns the X-Signature header of a webhook with this body.
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

	switch err := c.env.Accept(r.Context(), splitEvents(body)...); {
	case errors.Is(err, channels.ErrOverloaded):
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
	case err != nil:
		w.WriteHeader(http.StatusInternalServerError)
	default:
		w.WriteHeader(http.StatusOK)
	}
}

// Recipient implements channels.Starter. A customer's name is a single word.
func (c *Channel) Recipient(typed string) (channels.Party, error) {
	key := strings.ToLower(strings.TrimSpace(typed))
	isOneWord := !strings.ContainsAny(key, " ,!?") && !strings.ContainsFunc(key, unicode.IsControl)
	if key == "" || !isOneWord {
		return channels.Party{}, &channels.SendError{
			Class: channels.BadRecipient,
			Text:  "“" + typed + "” isn't a customer.",
			Hint:  "Use one word.",
		}
	}
	return channels.Party{Key: key}, nil
}

// Send implements channels.Channel.
func (c *Channel) Send(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
	if err := c.check(o); err != nil {
		return channels.Receipt{}, err
	}
	m, err := sentOf(ctx, o)
	if err != nil {
		return channels.Receipt{}, err
	}
	resp, err := c.call(ctx, http.MethodPost, "/send", m)
	if err != nil {
		return channels.Receipt{}, err
	}
	defer resp.Body.Close()
	return receiptOf(resp)
}

// sentOf returns the request that sends a message, with the content of its files.
// Errors: *channels.SendError.
func sentOf(ctx context.Context, o channels.Outbound) (Sent, error) {
	m := Sent{
		Token:         strconv.FormatInt(o.DeliveryID, 10),
		Message:       o.MessageID,
		Conversation:  o.ConversationID,
		From:          o.From,
		FromName:      o.FromName,
		To:            partyAddresses(o.To),
		Cc:            partyAddresses(o.Cc),
		Also:          o.To[0].Also,
		InReplyTo:     o.InReplyTo,
		ReplyTo:       o.ReplyTo,
		Subject:       o.Subject,
		Text:          o.Text,
		Author:        o.Author,
		Rich:          o.Rich,
		Signature:     o.Signature.Text,
		SignatureHTML: o.Signature.HTML,
	}
	if o.Template != nil {
		m.Template = &SentTemplate{Name: o.Template.Name, Language: o.Template.Language, Values: o.Template.Values}
	}

	for _, f := range o.Files {
		content, err := readFile(ctx, f)
		if err != nil {
			return Sent{}, err
		}
		m.Files = append(m.Files, File{Name: f.Name, Type: f.ContentType, Content: content})
	}

	for _, p := range o.Signature.Pictures {
		content, err := readFile(ctx, p.File)
		if err != nil {
			return Sent{}, err
		}
		m.Pictures = append(m.Pictures, p.ContentID+" "+string(content))
	}

	return m, nil
}

// call sends a request with a JSON body to the provider. The caller closes the body of the response.
// Errors: *channels.SendError.
func (c *Channel) call(ctx context.Context, method, path string, request any) (*http.Response, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, &channels.SendError{Class: channels.BadContent, Text: "It can't be written down.", Cause: err}
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, &channels.SendError{Class: channels.Retry, Text: "No request could be made.", Cause: err}
	}
	if ctx.Err() != nil {
		return nil, &channels.SendError{Class: channels.Retry, Text: "It was too late to begin.", Cause: ctx.Err()}
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, transportError(err)
	}
	return resp, nil
}

// check rejects messages that exceed the channel's capabilities.
func (c *Channel) check(o channels.Outbound) error {
	hasParts := len(o.Files) > 0 || o.Rich != nil
	switch {
	case len(o.To) == 0:
		return &channels.SendError{Class: channels.BadRecipient, Text: "There is no recipient.", Hint: "Name one."}
	case o.Rich != nil && !c.caps.CanSendRich(o.Rich):
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
// Errors: *channels.SendError.
func readFile(ctx context.Context, f channels.File) (content []byte, err error) {
	r, err := f.Open(ctx)
	if err == nil {
		defer r.Close()
		content, err = io.ReadAll(r)
	}
	if err != nil {
		return nil, &channels.SendError{Class: channels.Retry, Text: "A file could not be read.", Cause: err}
	}
	return content, nil
}

// transportError classifies a request without a response. If no connection was established, the provider didn't get
// the message, so it may be sent again. Otherwise the provider may have got it, and the error is Ambiguous.
func transportError(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return &channels.SendError{Class: channels.Retry, Text: "The provider can't be reached.", Cause: err}
	}
	return &channels.SendError{Class: channels.Ambiguous, Text: "The answer was lost.", Cause: err}
}

// receiptOf converts the provider's response to a message. Its class says whether the message may be sent again.
func receiptOf(resp *http.Response) (channels.Receipt, error) {
	fail := func(class channels.Class, text string) (channels.Receipt, error) {
		return channels.Receipt{}, &channels.SendError{Class: class, Text: text, Cause: fmt.Errorf("status %d", resp.StatusCode)}
	}

	switch {
	case resp.StatusCode == http.StatusOK:
		var accepted struct{ ID string }
		if err := json.NewDecoder(resp.Body).Decode(&accepted); err != nil {
			return fail(channels.Ambiguous, "The answer was lost.")
		}
		return channels.Receipt{ExternalID: accepted.ID, State: channels.StateAccepted}, nil
	case resp.StatusCode == http.StatusTooManyRequests:
		seconds, _ := strconv.ParseFloat(resp.Header.Get("Retry-After"), 64)
		return channels.Receipt{}, &channels.SendError{
			Class: channels.Throttled,
			Text:  "Too many messages.",
			Wait:  time.Duration(seconds * float64(time.Second)),
			Pair:  resp.Header.Get("X-Pair") == "true",
		}
	case resp.Header.Get("X-Taken") == "no":
		return fail(channels.Retry, "The provider is busy.")
	case resp.Header.Get("X-Class") != "":
		return fail(channels.Class(resp.Header.Get("X-Class")), "The provider refused it.")
	}
	return fail(channels.Ambiguous, "The provider stumbled.")
}

// Reconcile implements channels.Channel. It asks the provider for the message with this delivery's token.
func (c *Channel) Reconcile(ctx context.Context, o channels.Outbound) (channels.Outcome, channels.Receipt, error) {
	path := "/sent?token=" + strconv.FormatInt(o.DeliveryID, 10)
	resp, err := c.call(ctx, http.MethodGet, path, nil)
	if err != nil {
		return channels.CannotTell, channels.Receipt{}, fmt.Errorf("channelstest: reconcile: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return channels.CannotTell, channels.Receipt{}, nil
	}
	var found []Sent
	if err := json.NewDecoder(resp.Body).Decode(&found); err != nil {
		return channels.CannotTell, channels.Receipt{}, fmt.Errorf("channelstest: reconcile: %w", err)
	}
	if len(found) == 0 {
		return channels.Absent, channels.Receipt{}, nil
	}

	id := found[0].ID
	others, err := o.IDsOfOthers(ctx, []string{id})
	if err != nil || others[id] { // what was found is another message
		return channels.Absent, channels.Receipt{}, err
	}
	return channels.Landed, channels.Receipt{ExternalID: id, State: channels.StateAccepted}, nil
}
