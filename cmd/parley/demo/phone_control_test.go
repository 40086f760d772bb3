package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/channels/emulator"
)

// driver is a program in another process that plays customers.
type driver struct {
	*Exchange
	base string // the address of the control, as p.Env writes it for serve
}

func newDriver(t *testing.T) driver {
	t.Helper()
	p, err := NewPhone(t.Context(), PhoneOptions{Public: "http://127.0.0.1:1"}) // nothing listens there
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	const name = "FAKE_PHONES_CONTROL="
	for _, line := range p.Env() {
		if strings.HasPrefix(line, name) {
			return driver{Exchange: p, base: strings.TrimPrefix(line, name)}
		}
	}
	t.Fatalf("the variables %q lack %s", p.Env(), name)
	return driver{}
}

// call makes a call, and returns status and body.
func (d driver) call(t *testing.T, method, address, token, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}

	resp, err := emulator.NewClient().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

// act lets a customer do something, which must succeed, and returns the id in the answer.
func (d driver) act(t *testing.T, user, verb, body string) string {
	t.Helper()
	status, answer := d.call(t, http.MethodPost, d.base+"/person/"+user+"/"+verb, "", body)
	var out struct{ ID string }
	if err := json.Unmarshal([]byte(answer), &out); err != nil || status != http.StatusOK {
		t.Fatalf("%s of %s: %d %s, %v", verb, user, status, answer, err)
	}
	return out.ID
}

// list reads lines of a customer's phone. what is the list: chat or inbox.
func (d driver) list(t *testing.T, what, channel, user, more string) []Line {
	t.Helper()
	status, answer := d.call(t, http.MethodGet, d.base+"/"+what+"?channel="+channel+"&user="+url.QueryEscape(user)+more, "", "")
	var lines []Line
	if err := json.Unmarshal([]byte(answer), &lines); err != nil || status != http.StatusOK {
		t.Fatalf("%s of %s: %d %s, %v", what, user, status, answer, err)
	}
	return lines
}

// sendFromCompany sends a text to a customer, as Parley does.
func (d driver) sendFromCompany(ctx context.Context, channel, number, text string) error {
	address := d.graph.URL() + "/v26.0/" + whatsAppID + "/messages"
	contentType := "application/json"
	body := fmt.Sprintf(`{"messaging_product":"whatsapp","to":%q,"type":"text","text":{"body":%q}}`, number, text)
	if channel == SMS {
		address = d.twilio.URL() + "/2010-04-01/Accounts/" + twilioSID + "/Messages.json"
		contentType = "application/x-www-form-urlencoded"
		body = url.Values{"From": {smsNumber}, "To": {number}, "Body": {text}}.Encode()
	}

	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", contentType)
	if channel == SMS {
		req.SetBasicAuth(twilioSID, twilioToken)
	} else {
		req.Header.Set("Authorization", "Bearer "+metaToken)
	}

	resp, err := emulator.NewClient().Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("sending by %s: %s", channel, resp.Status)
	}
	return nil
}

const ann = "+491701234567"

// A program can write as a customer in each kind of chat, and read the chat.
func TestDriverWrites(t *testing.T) {
	t.Parallel()
	d := newDriver(t)
	for _, channel := range Kinds() {
		t.Run(channel, func(t *testing.T) {
			id := d.act(t, ann, "say", `{"channel":"`+channel+`","profile":"Ann","text":"Hello"}`)
			lines := d.list(t, "chat", channel, ann, "")
			if len(lines) != 1 || lines[0].Text != "Hello" || !lines[0].Mine || lines[0].ID != id {
				t.Errorf("got %+v, want one text of Ann's with the id %s", lines, id)
			}
			if inbox := d.list(t, "inbox", channel, ann, ""); len(inbox) != 0 {
				t.Errorf("the inbox has %+v, want nothing", inbox)
			}
		})
	}
}

// A program can wait for messages that a customer receives.
func TestDriverReceives(t *testing.T) {
	t.Parallel()
	for _, channel := range []string{WhatsApp, SMS} {
		t.Run(channel, func(t *testing.T) {
			t.Parallel()
			d := newDriver(t)
			d.act(t, ann, "say", `{"channel":"`+channel+`","text":"Hello"}`)
			sent := make(chan error, 1)
			go func() { sent <- d.sendFromCompany(t.Context(), channel, ann, "Hi Ann") }()
			inbox := d.list(t, "inbox", channel, ann, "&min=1&wait=60")
			if len(inbox) != 1 || inbox[0].Text != "Hi Ann" || inbox[0].Mine {
				t.Errorf("got %+v, want one text: Hi Ann", inbox)
			}
			if err := <-sent; err != nil {
				t.Error(err)
			}
		})
	}
}
