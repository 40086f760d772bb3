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

	resolved bool
	refuse   error // of MayReply
	checked  string
	stored   int
}

func (d *desk) StoreFile(ctx context.Context, r io.Reader, maxBytes int64) (blob string, size int64, err error) {
	d.stored++
	return d.Desk.StoreFile(ctx, r, maxBytes)
}

func (d *desk) Facts(_ context.Context, id bridge.ConversationID, user string) (bridge.Facts, error) {
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

func (d *desk) FactsAt(context.Context, bridge.Place, string) (bridge.Facts, error) {
	return bridge.Facts{}, bridge.ErrNoConversation
}

func (d *desk) List(context.Context, bridge.ListQuery, string) (bridge.Listing, error) {
	return bridge.Listing{}, nil
}

func (d *desk) History(context.Context, bridge.ConversationID, int, string) (bridge.History, error) {
	return bridge.History{}, nil
}

func (d *desk) Suggested(context.Context, bridge.ConversationID, bridge.EventID, string) ([]bridge.SuggestedReply, error) {
	return nil, nil
}

func (d *desk) WordsAt(context.Context, bridge.Place, string) (string, error)       { return "", nil }
func (d *desk) SaidAt(context.Context, bridge.Place, string) ([]bridge.Said, error) { return nil, nil }
func (d *desk) Accounts(context.Context, string) ([]bridge.AccountRef, error)       { return nil, nil }
func (d *desk) Count(string, string) (bridge.Count, bool)                           { return bridge.Count{}, false }

func (d *desk) MayReply(_ context.Context, _ bridge.ConversationID, _, text string, _ []bridge.SurfaceFile) error {
	d.checked = text
	return d.refuse
}

// stand is a page with what was handed in on it.
type stand struct {
	t       *testing.T
	desk    *desk
	page    *Page
	now     time.Time
	handler http.Handler
	replies []Reply
	used    bool
	already bool
	fail    error
}

func newStand(t *testing.T) *stand {
	t.Helper()
	s := &stand{t: t, desk: &desk{Desk: bridgetest.NewDesk()}, now: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
	p := New(Options{Base: "https://help.acme.test", Path: "/chat/upload", Keys: [][]byte{[]byte("new"), []byte("old")}, Ancestors: []string{"https://chat.example"},
		AppID: "app", Desk: s.desk, Now: func() time.Time { return s.now },
		Used: func(context.Context, Ticket) (bool, error) { return s.used, nil },
		HandIn: func(_ context.Context, _ Ticket, r Reply) (bool, error) {
			s.replies = append(s.replies, r)
			return s.already, s.fail
		}})
	mux := http.NewServeMux()
	for pattern, h := range p.Handlers() {
		mux.Handle(pattern, h)
	}
	s.page, s.handler = p, mux
	return s
}

// link is where the page leads ann.
func (s *stand) link() string {
	return s.page.Link(Ticket{User: "ann", Conversation: 12, Nonce: "n"}, "dark", "")
}

func (s *stand) ask(r *http.Request) *httptest.ResponseRecorder {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

func (s *stand) get(link string) *httptest.ResponseRecorder {
	return s.ask(httptest.NewRequest(http.MethodGet, link, nil))
}

// file is one that somebody chooses.
type file struct{ name, kind, content string }

// send posts the form.
func (s *stand) send(link, text string, files ...file) *httptest.ResponseRecorder {
	s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	fields := []error{form.WriteField("text", text), form.WriteField("odd", "x")}
	for _, f := range files {
		w, err := form.CreatePart(map[string][]string{"Content-Disposition": {fmt.Sprintf(`form-data; name="file"; filename="%s"`, f.name)}, "Content-Type": {f.kind}})
		if err == nil {
			_, err = io.WriteString(w, f.content)
		}
		fields = append(fields, err)
	}
	if err := errors.Join(append(fields, form.Close())...); err != nil {
		s.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, link, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return s.ask(r)
}

func (s *stand) says(w *httptest.ResponseRecorder, status int, words string) {
	s.t.Helper()
	if w.Code != status || !strings.Contains(w.Body.String(), words) {
		s.t.Errorf("%d, want %d with %q:\n%s", w.Code, status, words, w.Body)
	}
}

var plan = file{"plan.pdf", "application/pdf", "%PDF-1.4"}

// What is chosen on the page becomes one reply; the page names the customer, and nothing that
// a customer is called becomes part of the page.
func TestFilesAreSent(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.says(s.get(s.link()), http.StatusOK, "Send files to Kim &lt;script&gt;")
	s.says(s.get(s.link()), http.StatusOK, `data-theme="dark"`)
	s.says(s.send(s.link(), " Here **it** is. ", plan, file{`C:\tmp\..\photo.png`, "application/octet-stream", "png"}, file{"", "", ""}), http.StatusOK, "On its way to Kim")
	if len(s.replies) != 1 || s.desk.checked != "Here **it** is." {
		t.Fatalf("%+v, checked %q", s.replies, s.desk.checked)
	}
	got := s.replies[0].Files
	if len(got) != 2 || got[0].Name != "plan.pdf" || got[0].ContentType != "application/pdf" || got[0].SizeBytes != 8 || got[0].Blob == "" ||
		got[1].Name != "photo.png" || got[1].ContentType != "image/png" || got[1].Blob == got[0].Blob {
		t.Errorf("%+v", got)
	}
	s.already = true
	s.says(s.send(s.link(), "", plan), http.StatusOK, "This was sent before")
}

// What isn't sent says why, and what was typed stays.
func TestWhatIsNotSent(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	many := make([]file, maxFiles+1)
	for i := range many {
		many[i] = plan
	}
	for name, c := range map[string]struct {
		text   string
		files  []file
		refuse error
		status int
		words  string
	}{
		"no file":       {"Here", nil, nil, http.StatusUnprocessableEntity, "Choose at least one file."},
		"an empty one":  {"Here", []file{{"a.txt", "text/plain", ""}}, nil, http.StatusUnprocessableEntity, "a.txt is empty."},
		"too many":      {"Here", many, nil, http.StatusUnprocessableEntity, "at most 10 files"},
		"a note":        {"note: never", []file{plan}, nil, http.StatusUnprocessableEntity, "begins like a note"},
		"a verb":        {"!resolve", []file{plan}, nil, http.StatusUnprocessableEntity, "begins like a command"},
		"too long":      {strings.Repeat("ä", maxTextRunes+1), []file{plan}, nil, http.StatusUnprocessableEntity, "at most 3000 characters"},
		"for a channel": {"Here", []file{plan}, &bridge.Problem{Text: "SMS takes no files.", Hint: "Send a link to it instead."}, http.StatusUnprocessableEntity, "SMS takes no files. Send a link"},
		"a database":    {"Here", []file{plan}, errors.New("down"), http.StatusInternalServerError, "nothing was sent"},
	} {
		s.desk.refuse = c.refuse
		w := s.send(s.link(), c.text, c.files...)
		s.says(w, c.status, c.words)
		if !strings.Contains(w.Body.String(), "</form>") || !strings.Contains(w.Body.String(), ">"+c.text[:4]) {
			t.Errorf("%s: what was typed is gone:\n%s", name, w.Body)
		}
	}
	s.desk.refuse = nil
	s.says(s.ask(httptest.NewRequest(http.MethodPost, s.link(), strings.NewReader("text=a"))), http.StatusUnprocessableEntity, "not what the page sends")
	if len(s.replies) != 0 {
		t.Errorf("handed in: %+v", s.replies)
	}
	s.fail = errors.New("down")
	s.says(s.send(s.link(), "Here", plan), http.StatusInternalServerError, "nothing was sent")
}

// endless is a body that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// More than fits is refused while it comes.
func TestTooMuch(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	head := "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n"
	r := httptest.NewRequest(http.MethodPost, s.link(), io.MultiReader(strings.NewReader(head), endless{}))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	s.says(s.ask(r), http.StatusRequestEntityTooLarge, "at most 100 MB")
	cut := httptest.NewRequest(http.MethodPost, s.link(), strings.NewReader(head+"half of it"))
	cut.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	s.says(s.ask(cut), http.StatusUnprocessableEntity, "not what the page sends")
	if len(s.replies) != 0 {
		t.Errorf("handed in: %+v", s.replies)
	}
}

// Only who was given a ticket gets in, for an hour, and only into what they may answer now.
func TestWhoGetsIn(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	ticket := Ticket{User: "ann", Conversation: 12, Nonce: "n", Until: s.now.Add(time.Minute).Unix()}
	at := "https://help.acme.test/chat/upload/"
	s.says(s.get(at+sign([]byte("old"), ticket)), http.StatusOK, "</form>")
	signed := sign([]byte("new"), ticket)
	text, mac, _ := strings.Cut(signed, ".")
	other := ticket
	other.Conversation = 13
	forged, _, _ := strings.Cut(sign([]byte("new"), other), ".")
	for name, link := range map[string]string{
		"another key": at + sign([]byte("else"), ticket), "no mac": at + text, "half a mac": at + text + "." + mac[:10], "another ticket": at + forged + "." + mac,
		"a link of another kind": at + text + "." + macOf([]byte("new"), "f."+text), "nothing": at + "x.", "words": at + "ticket",
	} {
		if w := s.get(link); w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "Kim") || !strings.Contains(w.Body.String(), "not valid any more") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	ticket.User = "dan"
	s.says(s.get(s.page.Link(ticket, "", "")), http.StatusUnprocessableEntity, "not one of Parley&#39;s agents. Ask an admin.")
	s.says(s.get(s.page.Link(other, "", "")), http.StatusNotFound, "no such conversation")
	s.desk.resolved = true
	if w := s.send(s.link(), "Here", plan); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "resolved") || strings.Contains(w.Body.String(), "</form>") {
		t.Errorf("resolved: %d %s", w.Code, w.Body)
	}
	s.desk.resolved = false
	link := s.link()
	s.now = s.now.Add(TicketLife + time.Second)
	s.says(s.get(link), http.StatusNotFound, "not valid any more")
	if w := s.send(link, "Here", plan); w.Code != http.StatusNotFound || len(s.replies) != 0 {
		t.Errorf("an hour later: %d, %+v", w.Code, s.replies)
	}
}

// The page runs nothing but its own, shows itself in the chat alone, and stays in no cache; what
// was typed goes along where no server sees it.
func TestPageIsStrict(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	link := s.page.Link(Ticket{User: "ann", Conversation: 12, Nonce: "n"}, "odd", "50 % off & more\n#1")
	if !strings.HasSuffix(link, "#50%20%25%20off%20&%20more%0A%231") || strings.Contains(link, "theme") {
		t.Errorf("the link %s", link)
	}
	w := s.get(link)
	policy := w.Header().Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'nonce-", "frame-ancestors 'self' https://chat.example", "form-action 'self'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy lacks %s: %s", want, policy)
		}
	}
	if strings.Contains(policy, "unsafe") || policy == s.get(link).Header().Get("Content-Security-Policy") {
		t.Errorf("the policy %s", policy)
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex"} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	for _, bad := range []string{" style=", "onclick=", "src=", "<b>Printer"} {
		if strings.Contains(w.Body.String(), bad) {
			t.Errorf("the page has %q", bad)
		}
	}
}
