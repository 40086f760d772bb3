package phone

import (
	"bytes"
	"context"
	"encoding/base64"
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
	p, err := New(t.Context(), Options{Public: "http://127.0.0.1:1"}) // nothing listens there
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

// A customer with a number has that number as the user's id.
func TestDriverHasNumber(t *testing.T) {
	t.Parallel()
	d := newDriver(t)
	d.act(t, ann, "meet", `{"profile":"Ann"}`)
	_, answer := d.call(t, http.MethodGet, d.base+"/users", "", "")
	if want := `[{"user":"` + ann + `","name":"Ann","number":"` + ann + `"}]`; answer != want {
		t.Errorf("got %s, want %s", answer, want)
	}
}

// The plus sign in a query needn't be escaped.
func TestDriverNamesNumberInQuery(t *testing.T) {
	t.Parallel()
	d := newDriver(t)
	d.act(t, ann, "meet", `{}`)
	for _, user := range []string{ann, url.QueryEscape(ann)} {
		if status, answer := d.call(t, http.MethodGet, d.base+"/chat?channel=sms&user="+user, "", ""); status != http.StatusOK {
			t.Errorf("user=%s: got %d %s, want 200", user, status, answer)
		}
	}
}

// Several files become one message each. The text goes with the first one.
func TestDriverSendsFiles(t *testing.T) {
	t.Parallel()
	d := newDriver(t)
	const file = `{"name":"a.png","content_type":"image/png","content":"UE5H"}`
	d.act(t, ann, "say", `{"channel":"whatsapp","text":"Look","files":[`+file+`,`+file+`]}`)
	lines := d.list(t, "chat", WhatsApp, ann, "")
	if len(lines) != 2 || lines[0].Text != "Look" || lines[1].Text != "" {
		t.Errorf("got %+v, want two pictures, the first with a text", lines)
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

// A program can send a file as a customer, and read it again.
func TestDriverSendsFile(t *testing.T) {
	t.Parallel()
	d := newDriver(t)
	file := `{"name":"a.png","content_type":"image/png","content":"` + base64.StdEncoding.EncodeToString([]byte("PNG")) + `"}`
	for _, channel := range Kinds() {
		t.Run(channel, func(t *testing.T) {
			id := d.act(t, ann, "say", `{"channel":"`+channel+`","files":[`+file+`]}`)
			lines := d.list(t, "chat", channel, ann, "")
			if len(lines) != 1 || lines[0].File == nil || lines[0].File.Type != "image/png" {
				t.Fatalf("got %+v, want one picture", lines)
			}
			at := d.base + "/file?channel=" + channel + "&user=" + url.QueryEscape(ann) + "&message=" + url.QueryEscape(id)
			_, content := d.call(t, http.MethodGet, at+"&raw=1", "", "")
			if content != "PNG" {
				t.Errorf("the file is %q, want PNG", content)
			}
		})
	}
}

// buttons is a question by the company that has two answers.
const buttons = `{"messaging_product":"whatsapp","to":"` + ann + `","type":"interactive",` +
	`"interactive":{"type":"button","body":{"text":"Sure?"},"action":{"buttons":[{"type":"reply","reply":{"id":"y","title":"Yes"}},` +
	`{"type":"reply","reply":{"id":"n","title":"No"}}]}}}`

// A program can read, react, and tap a button by its words, with or without the id of its message.
func TestDriverTaps(t *testing.T) {
	t.Parallel()
	d := newDriver(t)
	d.act(t, ann, "say", `{"channel":"whatsapp","text":"Hello"}`)
	status, answer := d.call(t, http.MethodPost, d.graph.URL()+"/v26.0/"+whatsAppID+"/messages", metaToken, buttons)
	if status != http.StatusOK {
		t.Fatalf("sending: %d %s", status, answer)
	}
	asked := d.list(t, "inbox", WhatsApp, ann, "")[0]

	d.act(t, ann, "read", `{"channel":"whatsapp"}`)
	d.act(t, ann, "react", `{"channel":"whatsapp","message":"`+asked.ID+`","name":"👍"}`)
	d.act(t, ann, "tap", `{"channel":"whatsapp","name":"Yes"}`)
	d.act(t, ann, "tap", `{"channel":"whatsapp","message":"`+asked.ID+`","name":"No"}`)

	lines := d.list(t, "chat", WhatsApp, ann, "")
	if len(lines) != 4 {
		t.Fatalf("got %+v, want four messages", lines)
	}
	if lines[1].State != "read" || lines[1].Reaction != "👍" {
		t.Errorf("the question is %s with the reaction %q, want it read with 👍", lines[1].State, lines[1].Reaction)
	}
	if lines[2].Text != "Yes" || lines[3].Text != "No" {
		t.Errorf("the answers are %q and %q, want Yes and No", lines[2].Text, lines[3].Text)
	}
}

// A program gets an error if the customer can't do what it asks for.
func TestDriverIsRefused(t *testing.T) {
	t.Parallel()
	d := newDriver(t)
	d.act(t, ann, "say", `{"channel":"whatsapp","text":"Hello"}`)
	for _, tt := range []struct {
		name         string
		method, path string
		body         string
		want         int
	}{
		{
			name:   "a channel that there isn't",
			method: http.MethodPost,
			path:   "/person/x/say",
			body:   `{"channel":"fax","text":"x"}`,
			want:   http.StatusConflict,
		},
		{
			name:   "a verb that there isn't",
			method: http.MethodPost,
			path:   "/person/x/dance",
			body:   `{"channel":"sms"}`,
			want:   http.StatusNotFound,
		},
		{
			name:   "no text",
			method: http.MethodPost,
			path:   "/person/x/say",
			body:   `{"channel":"sms"}`,
			want:   http.StatusConflict,
		},
		{
			name:   "no JSON",
			method: http.MethodPost,
			path:   "/person/x/say",
			body:   `riddle`,
			want:   http.StatusBadRequest,
		},
		{
			name:   "a key that there isn't",
			method: http.MethodPost,
			path:   "/person/x/say",
			body:   `{"riddle":1}`,
			want:   http.StatusBadRequest,
		},
		{
			name:   "nothing to tap",
			method: http.MethodPost,
			path:   "/person/" + ann + "/tap",
			body:   `{"channel":"whatsapp","name":"Yes"}`,
			want:   http.StatusConflict,
		},
		{
			name:   "somebody without a phone",
			method: http.MethodGet,
			path:   "/inbox?channel=whatsapp&user=nobody",
			want:   http.StatusConflict,
		},
		{
			name:   "a message without a file",
			method: http.MethodGet,
			path:   "/file?channel=whatsapp&user=%2B491701234567&message=x",
			want:   http.StatusConflict,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, answer := d.call(t, tt.method, d.base+tt.path, "", tt.body)
			if status != tt.want || !strings.Contains(answer, `"error":`) {
				t.Errorf("got %d %s, want %d with an error", status, answer, tt.want)
			}
		})
	}
}

// A program can arm a fault of Meta's, see that it struck, and disarm it.
func TestDriverArmsFault(t *testing.T) {
	t.Parallel()
	d := newDriver(t)
	faults := d.base + "/faults"
	status, answer := d.call(t, http.MethodPost, faults, "",
		`{"id":"f","route":"whatsapp.number","action":"error","code":131000,"status":500}`)
	if status != http.StatusOK || answer != `{"id":"f","ok":true}` {
		t.Fatalf("arming: %d %s", status, answer)
	}

	number := d.graph.URL() + "/v26.0/" + whatsAppID
	if status, _ := d.call(t, http.MethodGet, number, metaToken, ""); status != http.StatusInternalServerError {
		t.Errorf("the call that is struck: %d, want 500", status)
	}
	if status, _ := d.call(t, http.MethodGet, number, metaToken, ""); status != http.StatusOK {
		t.Errorf("the call after it: %d, want 200", status)
	}
	if _, list := d.call(t, http.MethodGet, faults, "", ""); !strings.Contains(list, `"fired":1`) {
		t.Errorf("the faults are %s, want one that fired once", list)
	}

	d.call(t, http.MethodDelete, faults+"?id=f", "", "")
	if _, list := d.call(t, http.MethodGet, faults, "", ""); list != "[]" {
		t.Errorf("after disarming the faults are %s, want none", list)
	}

	if status, answer := d.call(t, http.MethodPost, faults, "", `{"action":"explode"}`); status != http.StatusBadRequest {
		t.Errorf("a fault that there isn't: %d %s, want 400", status, answer)
	}
}
