package upload

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parley/bot/forms"
	"parley/bridge"
	"parley/bridge/bridgetest"
)

// desk is an engine with conversation 12, which ann may answer.
type desk struct {
	*bridgetest.Desk
	forms.Choices // but for those below, the page asks for none

	resolved    bool   // the conversation is
	refusal     error  // what MayReply returns
	checkedText string // that of the last call of MayReply
	storedFiles int
}

func (d *desk) StoreFile(ctx context.Context, r io.Reader, maxBytes int64) (blob string, size int64, err error) {
	d.storedFiles++
	return d.Desk.StoreFile(ctx, r, maxBytes)
}

func (d *desk) Facts(_ context.Context, id bridge.ConversationID, user bridge.SurfaceUser) (bridge.Facts, error) {
	switch {
	case user != "ann":
		return bridge.Facts{}, &bridge.Problem{Code: "not_an_agent", Text: "You are not one of Parley's agents.", Hint: "Ask an admin."}
	case id != 12:
		return bridge.Facts{}, bridge.ErrNoConversation
	}

	f := bridge.Facts{
		ID:      12,
		Status:  bridge.StatusOpen,
		Account: bridge.Account{Mode: bridge.ModeLive, ChannelName: "E-mail"},
		Subject: "<b>Printer</b>",
		Contact: bridge.PartyRef{Name: "Kim <script>", Address: "kim@example.org"},
	}
	if d.resolved {
		f.Status = bridge.StatusResolved
	}
	return f, nil
}

func (d *desk) MayReply(_ context.Context, _ bridge.ConversationID, _ bridge.SurfaceUser, text string, _ []bridge.SurfaceFile) error {
	d.checkedText = text
	return d.refusal
}

// The page asks for none of these.

func (d *desk) FactsAt(context.Context, bridge.Place, bridge.SurfaceUser) (bridge.Facts, error) {
	return bridge.Facts{}, bridge.ErrNoConversation
}

func (d *desk) Profile(context.Context, bridge.ConversationID, bridge.SurfaceUser) (bridge.Profile, error) {
	return bridge.Profile{}, errors.ErrUnsupported
}

func (d *desk) List(context.Context, bridge.ListQuery, bridge.SurfaceUser) (bridge.Listing, error) {
	return bridge.Listing{}, nil
}

func (d *desk) History(context.Context, bridge.ConversationID, int, bridge.SurfaceUser) (bridge.History, error) {
	return bridge.History{}, nil
}

func (d *desk) Canned(context.Context, bridge.Facts, bridge.SurfaceUser) ([]bridge.Canned, error) {
	return nil, nil
}

func (d *desk) Suggested(context.Context, bridge.ConversationID, bridge.EventID, bridge.SurfaceUser) ([]bridge.SuggestedReply, error) {
	return nil, nil
}

func (d *desk) WordsAt(context.Context, bridge.Place, bridge.SurfaceUser) (text, mark string, err error) {
	return "", "", nil
}

func (d *desk) Spoken(context.Context, bridge.ConversationID, bridge.Place, bridge.SurfaceUser) (
	list []bridge.SpokenMessage, shown []bridge.MessageID, err error,
) {
	return nil, nil, nil
}

func (d *desk) SaidAt(context.Context, bridge.Place, bridge.SurfaceUser) ([]bridge.Said, error) {
	return nil, nil
}
func (d *desk) Accounts(context.Context, bridge.SurfaceUser) ([]bridge.AccountRef, error) {
	return nil, nil
}
func (d *desk) Count(string, string) (bridge.Count, bool) { return bridge.Count{}, false }

// testPage is an upload page, with what was submitted on it.
type testPage struct {
	t       *testing.T
	page    *Page
	desk    *desk
	handler http.Handler
	now     time.Time

	replies   []Reply // what HandIn got
	isUsed    bool    // what Used returns
	isAlready bool    // what HandIn returns
	handInErr error   // what HandIn returns
}

// currentKey signs tickets; tickets of earlierKey are still accepted.
const (
	currentKey = "new"
	earlierKey = "old"
)

func newTestPage(t *testing.T) *testPage {
	t.Helper()
	p := &testPage{t: t, desk: &desk{Desk: bridgetest.NewDesk()}, now: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
	p.page = New(Options{
		Base:      "https://help.acme.test",
		Path:      "/chat/upload",
		Keys:      [][]byte{[]byte(currentKey), []byte(earlierKey)},
		Ancestors: []string{"https://chat.example"},
		AppID:     "app",
		Desk:      p.desk,
		Now:       func() time.Time { return p.now },
		Used:      func(context.Context, Ticket) (bool, error) { return p.isUsed, nil },
		HandIn: func(_ context.Context, _ Ticket, r Reply) (bool, error) {
			p.replies = append(p.replies, r)
			return p.isAlready, p.handInErr
		},
	})

	mux := http.NewServeMux()
	for pattern, h := range p.page.Handlers() {
		mux.Handle(pattern, h)
	}
	p.handler = mux
	return p
}

// annsTicket is for ann and the one conversation.
func annsTicket() Ticket { return Ticket{User: "ann", Conversation: 12, Nonce: "n"} }

// annsLink returns the page's address for ann.
func (p *testPage) annsLink() string { return p.page.Link(annsTicket(), "dark", "") }

func (p *testPage) serve(r *http.Request) *httptest.ResponseRecorder {
	p.t.Helper()
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	return w
}

func (p *testPage) get(link string) *httptest.ResponseRecorder {
	return p.serve(httptest.NewRequest(http.MethodGet, link, nil))
}

// file is one that somebody chooses in a browser.
type file struct{ name, contentType, content string }

// pdf returns a file that every conversation accepts.
func pdf() file { return file{name: "plan.pdf", contentType: "application/pdf", content: "%PDF-1.4"} }

// postForm sends the page's form as a browser does.
func (p *testPage) postForm(link, text string, files ...file) *httptest.ResponseRecorder {
	p.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	errs := []error{form.WriteField("text", text), form.WriteField("odd", "x")}
	for _, f := range files {
		disposition := fmt.Sprintf(`form-data; name="file"; filename="%s"`, f.name)
		w, err := form.CreatePart(map[string][]string{"Content-Disposition": {disposition}, "Content-Type": {f.contentType}})
		if err == nil {
			_, err = io.WriteString(w, f.content)
		}
		errs = append(errs, err)
	}
	if err := errors.Join(append(errs, form.Close())...); err != nil {
		p.t.Fatal(err)
	}

	r := httptest.NewRequest(http.MethodPost, link, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return p.serve(r)
}

// fileHead is how a form begins whose first part is a file; its boundary is "x".
const fileHead = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n"

// postRaw sends a body, which begins like fileHead, as a form.
func (p *testPage) postRaw(body io.Reader) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, p.annsLink(), body)
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	return p.serve(r)
}

// wantAnswer checks an answer's status, and that its body contains words.
func wantAnswer(t *testing.T, w *httptest.ResponseRecorder, status int, words string) {
	t.Helper()
	if w.Code != status {
		t.Errorf("got status %d, want %d", w.Code, status)
	}
	if !strings.Contains(w.Body.String(), words) {
		t.Errorf("want %q in the answer, got:\n%s", words, w.Body)
	}
}

// wantForm checks whether an answer has the form in which somebody can try again.
func wantForm(t *testing.T, w *httptest.ResponseRecorder, want bool) {
	t.Helper()
	if got := strings.Contains(w.Body.String(), "</form>"); got != want {
		t.Errorf("the answer has a form: got %v, want %v:\n%s", got, want, w.Body)
	}
}

func (p *testPage) wantNothingSubmitted() {
	p.t.Helper()
	if len(p.replies) != 0 {
		p.t.Errorf("want nothing submitted, got %+v", p.replies)
	}
}

func (d *desk) ListChoices(context.Context, bridge.SurfaceUser) (bridge.ListChoices, error) {
	return bridge.ListChoices{}, nil
}
