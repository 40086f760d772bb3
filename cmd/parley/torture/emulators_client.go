package torture

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"parley/channels/email/mailfake"
	"parley/channels/emulator"
	"parley/cmd/parley/demo"
	"parley/cmd/parley/lab"
)

const callTimeout = 30 * time.Second

// Client controls the emulators of a test run over HTTP. The emulators play the mail server and the chat
// providers that Parley talks to, and run in a process of their own. With a Client the run makes customers and
// agents write (SendMail), reads what they see (ReadFolder), and makes providers fail (ArmFaults).
//
// Customers are identified by the number of their conversation, from 1. A Client may be used concurrently.
type Client struct {
	Slack string // base URL of the Slack emulator, without a trailing slash; "" means there is none
	Teams string // base URL of the Teams emulator; "" means agents work in Slack
	Blind bool   // in Teams, Parley has no permission to read channels
	Mail  string // base URL that controls mail and phones
	Chats bool   // some customers write by phone
}

// errConflict is returned for acts that the current state of the chat doesn't allow, such as a click on a button that
// is gone.
var errConflict = errors.New("torture: nobody can do that now")

// Call sends a request with in as its JSON body, and decodes the JSON response into into. Either may be nil.
// A status other than 200 is an error with the response's text; for 409 it wraps errConflict.
func (c Client) Call(ctx context.Context, method, address string, in, into any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("torture: %s: %w", address, err)
		}
		body = bytes.NewReader(raw)
	}

	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return fmt.Errorf("torture: %s: %w", address, err)
	}

	res, err := emulator.NewClient().Do(req)
	if err != nil {
		return fmt.Errorf("torture: %w", err)
	}
	defer func() { _ = res.Body.Close() }()

	if res.StatusCode != http.StatusOK {
		const maxQuoted = 300                                      // bytes of a response in an error
		text, _ := io.ReadAll(io.LimitReader(res.Body, maxQuoted)) // without a text the status is enough
		if res.StatusCode == http.StatusConflict {
			return fmt.Errorf("%w: %s: %s", errConflict, address, bytes.TrimSpace(text))
		}
		return fmt.Errorf("torture: %s: %s: %s", address, res.Status, bytes.TrimSpace(text))
	}

	if into == nil {
		_, err = io.Copy(io.Discard, res.Body)
	} else {
		err = json.NewDecoder(res.Body).Decode(into)
	}

	if err != nil {
		return fmt.Errorf("torture: %s: %w", address, err)
	}

	return nil
}

// readBody returns the body of a response that isn't JSON.
func (c Client) readBody(ctx context.Context, address string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", fmt.Errorf("torture: %s: %w", address, err)
	}
	res, err := emulator.NewClient().Do(req)
	if err != nil {
		return "", fmt.Errorf("torture: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("torture: %s: %s", address, res.Status)
	}
	body, err := io.ReadAll(res.Body)
	return string(body), err
}

// SendMail sends a new mail of a customer.
func (c Client) SendMail(ctx context.Context, m mailfake.Mail) (mailfake.Sent, error) {
	var sent mailfake.Sent
	err := c.Call(ctx, http.MethodPost, c.Mail+"/_fake/mail/send", m, &sent)
	return sent, err
}

// AnswerMail sends a customer's answer to the mail with messageID. The mail program, such as Gmail, fills in the fields
// that m leaves empty and quotes the mail in its own style.
func (c Client) AnswerMail(ctx context.Context, m mailfake.Mail, messageID string, program mailfake.Program) error {
	in := struct {
		mailfake.Mail
		Answered string           `json:"message_id_of"`
		Program  mailfake.Program `json:"program"`
	}{m, messageID, program}
	return c.Call(ctx, http.MethodPost, c.Mail+"/_fake/mail/reply", in, nil)
}

// ListSubmissions returns the mails that Parley handed to the mail server.
func (c Client) ListSubmissions(ctx context.Context) ([]mailfake.Submission, error) {
	var list []mailfake.Submission
	err := c.Call(ctx, http.MethodGet, c.Mail+"/_fake/mail/submissions", nil, &list)
	return list, err
}

// SendText sends a message of a customer by phone.
func (c Client) SendText(ctx context.Context, t ChatText) error {
	at := fmt.Sprintf("%s/_fake/person/%d/say", c.Mail, t.Conversation)
	return c.Call(ctx, http.MethodPost, at, demo.Act{Channel: string(t.Kind), Text: t.Text}, nil)
}

// ReadPhone returns what a customer's phone sent and received; the zero value for a customer who writes by mail.
func (c Client) ReadPhone(ctx context.Context, kind ChatKind, conv int) (phoneState, error) {
	var b phoneState
	if kind == ByMail { // has a mailbox
		return b, nil
	}

	if kind == BySMS { // asked first: what is sent meanwhile is in the chat then
		if err := c.Call(ctx, http.MethodGet, c.Mail+"/_fake/chat/texts?conv="+strconv.Itoa(conv), nil, &b.textState); err != nil {
			return b, err
		}
	}

	var lines []demo.Line
	q := url.Values{"channel": {string(kind)}, "user": {strconv.Itoa(conv)}}
	err := c.Call(ctx, http.MethodGet, c.Mail+"/_fake/chat?"+q.Encode(), nil, &lines)
	if err != nil {
		return phoneState{}, err
	}
	for _, l := range lines {
		b.add(l)
	}
	return b, nil
}

// ReadFolder returns the mails in a folder of a mailbox, oldest first.
func (c Client) ReadFolder(ctx context.Context, address, name string) ([]mailfake.Received, error) {
	q := url.Values{"address": {address}, "folder": {name}, "raw": {"0"}}
	var list []mailfake.Received
	err := c.Call(ctx, http.MethodGet, c.Mail+"/_fake/mail/inbox?"+q.Encode(), nil, &list)
	return list, err
}

// CountFaults returns how often the armed faults occurred, by provider and effect, such as "imap fetch cut".
func (c Client) CountFaults(ctx context.Context) (map[string]int, error) {
	counts := map[string]int{}
	if err := c.chat().countFaults(ctx, counts); err != nil {
		return nil, err
	}

	var mail mailfake.State
	if err := c.Call(ctx, http.MethodGet, c.Mail+"/_fake/mail/state", nil, &mail); err != nil {
		return nil, err
	}

	for _, f := range mail.Faults {
		counts[strings.Replace(string(f.Op), ".", " ", 1)+" "+string(f.Action)] += f.Fired
	}

	for _, path := range c.optionalFaultPaths() {
		if err := c.Call(ctx, http.MethodGet, c.Mail+path, nil, &counts); err != nil {
			return nil, err
		}
	}

	return counts, nil
}

// optionalFaultPaths returns the control paths for faults of the emulators that only some runs have.
func (c Client) optionalFaultPaths() (paths []string) {
	if c.Chats {
		paths = append(paths, "/_fake/chat/faults")
	}
	return paths
}

// ClearFaults disarms all faults.
func (c Client) ClearFaults(ctx context.Context) error {
	if err := c.chat().clearFaults(ctx); err != nil {
		return err
	}
	for _, path := range c.optionalFaultPaths() {
		if err := c.Call(ctx, http.MethodDelete, c.Mail+path, nil, nil); err != nil {
			return err
		}
	}
	return c.Call(ctx, http.MethodDelete, c.Mail+"/_fake/mail/faults", nil, nil)
}

// BounceMail makes the mail server accept mail to an address and then bounce it.
func (c Client) BounceMail(ctx context.Context, address string) error {
	return c.Call(ctx, http.MethodPost, c.Mail+"/_fake/mail/recipient",
		mailfake.RecipientRule{Address: address, Policy: mailfake.PolicyBounce}, nil)
}

// CutMailConnections cuts the connections of the company's mailbox.
func (c Client) CutMailConnections(ctx context.Context) error {
	return c.Call(ctx, http.MethodPost, c.Mail+"/_fake/mail/disconnect?address="+url.QueryEscape(lab.HelpAddress), nil, nil)
}

// CustomerAddress returns the mail address of a customer.
func CustomerAddress(conv int) string { return fmt.Sprintf("c%03d@customer.test", conv) }

// CopyAddresses returns the Cc addresses of a customer's mails. One customer in six has one, but never a customer whose
// mailbox no longer exists.
func CopyAddresses(conv int) []string {
	const every, remainder = 6, 5 // conversation 5 is by mail even in a run with chats
	if conv%every != remainder {
		return nil
	}
	return []string{fmt.Sprintf("c%03d-copy@customer.test", conv)}
}

// Subject returns the subject of a conversation, such as "Case 017", which also appears on the card (the first post) of
// its thread.
func Subject(conv int) string { return fmt.Sprintf("Case %03d", conv) }

// subjectIn returns the subject that a card is about; "" if there is none. For a customer by SMS the card shows only a
// phone number, since Twilio doesn't report names; the subject is derived from it.
func subjectIn(words string) string {
	const caseDigits, phoneDigits = 3, 7
	_, rest, hasCase := strings.Cut(words, "Case ")
	if hasCase && len(rest) >= caseDigits {
		return "Case " + rest[:caseDigits]
	}

	_, rest, hasPhone := strings.Cut(words, phonePrefix)
	if !hasPhone || len(rest) < phoneDigits {
		return ""
	}

	n, err := strconv.Atoi(rest[:phoneDigits])
	if err != nil || n <= firstPhone {
		return "" // not the number of one of our customers
	}

	return Subject(n - firstPhone)
}
