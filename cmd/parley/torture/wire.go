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
	"parley/cmd/parley/lab"
)

const wireTimeout = 30 * time.Second

// wire speaks to the emulators' control addresses.
type wire struct {
	Slack string // base URL of the Slack emulator, without a final slash; "" = there is none
	Teams string // likewise of the Teams emulator
	Blind bool   // in Teams Parley may not read channels
	Mail  string // likewise of the mail world's control, and of the phones
	Chats bool   // there are phones
}

// errImpossible is returned for what a person can't do as the chat is now, as to press a button that
// is gone.
var errImpossible = errors.New("torture: nobody can do that now")

// call sends in as JSON, if there is one, and reads the answer into into, if wanted.
// Errors: errImpossible; no answer, or one that is not 200 with its text.
func (w wire) call(ctx context.Context, method, address string, in, into any) error {
	ctx, cancel := context.WithTimeout(ctx, wireTimeout)
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
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("torture: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 300)) // the status alone says enough
		if res.StatusCode == http.StatusConflict {
			return fmt.Errorf("%w: %s: %s", errImpossible, address, bytes.TrimSpace(text))
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

// send lets a customer write a new mail.
func (w wire) send(ctx context.Context, m mailfake.Mail) (mailfake.Sent, error) {
	var sent mailfake.Sent
	return sent, w.call(ctx, http.MethodPost, w.Mail+"/_fake/mail/send", m, &sent)
}

// answer lets a customer answer a mail with a mail program.
func (w wire) answer(ctx context.Context, from, messageID string, program mailfake.Program, text string) error {
	in := map[string]any{"from": from, "to": []string{lab.HelpAddress}, "subject": "", "text": text, "message_id_of": messageID, "program": program}
	return w.call(ctx, http.MethodPost, w.Mail+"/_fake/mail/reply", in, nil)
}

// text lets a customer write by phone.
func (w wire) text(ctx context.Context, t chatText) error {
	return w.call(ctx, http.MethodPost, w.Mail+"/_fake/chat/say", t, nil)
}

// phone shows a customer's phone.
func (w wire) phone(ctx context.Context, kind chatKind, conv int) (chatBox, error) {
	q := url.Values{"kind": {string(kind)}, "conv": {strconv.Itoa(conv)}}
	var b chatBox
	return b, w.call(ctx, http.MethodGet, w.Mail+"/_fake/chat/box?"+q.Encode(), nil, &b)
}

// folder lists the mails of somebody's folder, oldest first.
func (w wire) folder(ctx context.Context, address, name string) ([]mailfake.Received, error) {
	q := url.Values{"address": {address}, "folder": {name}, "raw": {"0"}}
	var list []mailfake.Received
	return list, w.call(ctx, http.MethodGet, w.Mail+"/_fake/mail/inbox?"+q.Encode(), nil, &list)
}

func (w wire) mailFault(ctx context.Context, f mailfake.Fault) error {
	return w.call(ctx, http.MethodPost, w.Mail+"/_fake/mail/faults", f, nil)
}

// faultCounts says how often the armed faults struck, by what they do.
func (w wire) faultCounts(ctx context.Context) (map[string]int, error) {
	counts := map[string]int{}
	if err := w.platform().struck(ctx, counts); err != nil {
		return nil, err
	}
	var mail mailfake.State
	if err := w.call(ctx, http.MethodGet, w.Mail+"/_fake/mail/state", nil, &mail); err != nil {
		return nil, err
	}
	for _, f := range mail.Faults {
		counts[strings.Replace(string(f.Op), ".", " ", 1)+" "+string(f.Action)] += f.Fired
	}
	if w.Chats {
		return counts, w.call(ctx, http.MethodGet, w.Mail+"/_fake/chat/faults", nil, &counts)
	}
	return counts, nil
}

// heal disarms all faults.
func (w wire) heal(ctx context.Context) error {
	if err := w.platform().heal(ctx); err != nil {
		return err
	}
	if w.Chats {
		if err := w.call(ctx, http.MethodDelete, w.Mail+"/_fake/chat/faults", nil, nil); err != nil {
			return err
		}
	}
	return w.call(ctx, http.MethodDelete, w.Mail+"/_fake/mail/faults", nil, nil)
}

// bounce lets mail to an address be taken, and come back with a report.
func (w wire) bounce(ctx context.Context, address string) error {
	return w.call(ctx, http.MethodPost, w.Mail+"/_fake/mail/recipient", mailfake.RecipientRule{Address: address, Policy: mailfake.PolicyBounce}, nil)
}

// cutMail cuts the connections of the company's mailbox.
func (w wire) cutMail(ctx context.Context) error {
	return w.call(ctx, http.MethodPost, w.Mail+"/_fake/mail/disconnect?address="+url.QueryEscape(lab.HelpAddress), nil, nil)
}

func customer(conv int) string { return fmt.Sprintf("c%03d@customer.test", conv) }

// subject of a conversation; the words are found again on the card of its thread.
func subject(conv int) string { return fmt.Sprintf("Case %03d", conv) }

// subjectIn finds the subject on a card; "" = there is none. The card of somebody who writes short messages
// shows the number in its place: Twilio tells no name.
func subjectIn(words string) string {
	if _, rest, ok := strings.Cut(words, "Case "); ok && len(rest) >= 3 {
		return "Case " + rest[:3]
	}
	if _, rest, ok := strings.Cut(words, phonePrefix); ok && len(rest) >= 7 {
		if n, err := strconv.Atoi(rest[:7]); err == nil && n > firstPhone {
			return subject(n - firstPhone)
		}
	}
	return ""
}
