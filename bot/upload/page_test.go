package upload

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
)

// The page names the customer, and nothing that a customer is called becomes markup of the page.
func TestPageNamesTheCustomer(t *testing.T) {
	t.Parallel()
	p := newTestPage(t)
	w := p.get(p.annsLink())
	wantAnswer(t, w, http.StatusOK, "Send files to Kim &lt;script&gt;")
	wantAnswer(t, w, http.StatusOK, `data-theme="dark"`)
}

// The text and the files of the form become one reply. A field in which no file was chosen is ignored.
func TestFilesAreSubmitted(t *testing.T) {
	t.Parallel()
	p := newTestPage(t)
	photo := file{name: `C:\tmp\..\photo.png`, contentType: "application/octet-stream", content: "png"}
	wantAnswer(t, p.postForm(p.annsLink(), " Here **it** is. ", pdf(), photo, file{}), http.StatusOK, "On its way to Kim")

	if p.desk.checkedText != "Here **it** is." {
		t.Errorf("checked the text %q, want it without blanks around it", p.desk.checkedText)
	}
	if len(p.replies) != 1 {
		t.Fatalf("got %d replies, want 1: %+v", len(p.replies), p.replies)
	}
	got := p.replies[0].Files
	if len(got) != 2 {
		t.Fatalf("got %d files, want 2: %+v", len(got), got)
	}

	if got[0].Blob == "" || got[0].Blob == got[1].Blob {
		t.Errorf("stored as %q and %q, want two names", got[0].Blob, got[1].Blob)
	}
	for i, want := range []bridge.SurfaceFile{
		{Name: "plan.pdf", ContentType: "application/pdf", SizeBytes: int64(len(pdf().content))},
		{Name: "photo.png", ContentType: "image/png", SizeBytes: int64(len(photo.content))},
	} {
		want.ID, want.Blob = got[i].Blob, got[i].Blob
		if got[i] != want {
			t.Errorf("file %d: got %+v, want %+v", i, got[i], want)
		}
	}
}

// The refusal of a form says why, and the form comes back with the text that was typed.
func TestRefusedForms(t *testing.T) {
	t.Parallel()
	refusal := &bridge.Problem{Text: "SMS takes no files.", Hint: "Send a link to it instead."}
	for _, tt := range []struct {
		name    string
		text    string
		files   []file
		refusal error
		status  int
		words   string
	}{
		{name: "no file", text: "Here", status: http.StatusUnprocessableEntity, words: "Choose at least one file."},
		{name: "an empty file", text: "Here", files: []file{{name: "a.txt", contentType: "text/plain"}},
			status: http.StatusUnprocessableEntity, words: "a.txt is empty."},
		{name: "too many files", text: "Here", files: slices.Repeat([]file{pdf()}, maxFiles+1),
			status: http.StatusUnprocessableEntity, words: "at most 10 files"},
		{name: "a text that begins like a note", text: "note: never", files: []file{pdf()},
			status: http.StatusUnprocessableEntity, words: "begins like a note"},
		{name: "a text that begins like a command", text: "!resolve", files: []file{pdf()},
			status: http.StatusUnprocessableEntity, words: "begins like a command"},
		{name: "a text that is too long", text: strings.Repeat("ä", maxTextRunes+1), files: []file{pdf()},
			status: http.StatusUnprocessableEntity, words: "at most 3000 characters"},
		{name: "a channel without files", text: "Here", files: []file{pdf()}, refusal: refusal,
			status: http.StatusUnprocessableEntity, words: "SMS takes no files. Send a link"},
		{name: "a database that is down", text: "Here", files: []file{pdf()}, refusal: errors.New("down"),
			status: http.StatusInternalServerError, words: "nothing was sent"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newTestPage(t)
			p.desk.refusal = tt.refusal
			w := p.postForm(p.annsLink(), tt.text, tt.files...)
			wantAnswer(t, w, tt.status, tt.words)
			wantAnswer(t, w, tt.status, ">"+tt.text[:4]) // in the form's field
			wantForm(t, w, true)
			p.wantNothingSubmitted()
		})
	}

	t.Run("a body that isn't a form of the page", func(t *testing.T) {
		t.Parallel()
		p := newTestPage(t)
		w := p.serve(httptest.NewRequest(http.MethodPost, p.annsLink(), strings.NewReader("text=a")))
		wantAnswer(t, w, http.StatusUnprocessableEntity, "not what the page sends")
		p.wantNothingSubmitted()
	})

	t.Run("a reply that can't be stored", func(t *testing.T) {
		t.Parallel()
		p := newTestPage(t)
		p.handInErr = errors.New("down")
		wantAnswer(t, p.postForm(p.annsLink(), "Here", pdf()), http.StatusInternalServerError, "nothing was sent")
	})
}

// endless is a body that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// A form with more bytes than are allowed is refused while it is read.
func TestTooManyBytes(t *testing.T) {
	t.Parallel()
	p := newTestPage(t)
	wantAnswer(t, p.postRaw(io.MultiReader(strings.NewReader(fileHead), endless{})), http.StatusRequestEntityTooLarge, "at most 100 MB")
	p.wantNothingSubmitted()
}

// A ticket opens the page only if one of our keys signed exactly it, as a ticket.
func TestTicketsAreSigned(t *testing.T) {
	t.Parallel()
	p := newTestPage(t)
	ticket := annsTicket()
	ticket.Until = p.now.Add(time.Minute).Unix()
	const at = "https://help.acme.test/chat/upload/"
	wantForm(t, p.get(at+sign([]byte(earlierKey), ticket)), true)

	text, mac, _ := strings.Cut(sign([]byte(currentKey), ticket), ".")
	other := ticket
	other.Conversation = 13
	otherText, _, _ := strings.Cut(sign([]byte(currentKey), other), ".")
	for name, link := range map[string]string{
		"signed with an unknown key":       at + sign([]byte("else"), ticket),
		"no signature":                     at + text,
		"half a signature":                 at + text + "." + mac[:10],
		"the signature of another ticket":  at + otherText + "." + mac,
		"signed as a link of another kind": at + text + "." + macOf([]byte(currentKey), "f."+text),
		"an empty signature":               at + "x.",
		"no ticket at all":                 at + "ticket",
	} {
		t.Run(name, func(t *testing.T) {
			w := p.get(link)
			wantAnswer(t, w, http.StatusNotFound, "not valid any more")
			if strings.Contains(w.Body.String(), "Kim") {
				t.Errorf("the answer names the customer:\n%s", w.Body)
			}
		})
	}
}

// A ticket gives its bearer no rights: Parley checks what they may do now.
func TestBearerMayNotReply(t *testing.T) {
	t.Parallel()
	t.Run("who isn't an agent", func(t *testing.T) {
		t.Parallel()
		p := newTestPage(t)
		ticket := annsTicket()
		ticket.User = "dan"
		wantAnswer(t, p.get(p.page.Link(ticket, "", "")), http.StatusUnprocessableEntity, "not one of Parley&#39;s agents. Ask an admin.")
	})

	t.Run("a conversation that is not there", func(t *testing.T) {
		t.Parallel()
		p := newTestPage(t)
		ticket := annsTicket()
		ticket.Conversation = 13
		wantAnswer(t, p.get(p.page.Link(ticket, "", "")), http.StatusNotFound, "no such conversation")
	})

	t.Run("a conversation that was resolved meanwhile", func(t *testing.T) {
		t.Parallel()
		p := newTestPage(t)
		p.desk.resolved = true
		w := p.postForm(p.annsLink(), "Here", pdf())
		wantAnswer(t, w, http.StatusUnprocessableEntity, "resolved")
		wantForm(t, w, false)
	})
}

// A ticket ends after TicketLife, also for a form that was opened before.
func TestTicketEnds(t *testing.T) {
	t.Parallel()
	p := newTestPage(t)
	link := p.annsLink()
	p.now = p.now.Add(TicketLife + time.Second)
	wantAnswer(t, p.get(link), http.StatusNotFound, "not valid any more")
	wantAnswer(t, p.postForm(link, "Here", pdf()), http.StatusNotFound, "not valid any more")
	p.wantNothingSubmitted()
}

// The page runs no script but its own, is shown in the chat alone, and stays in no cache.
func TestPageIsStrict(t *testing.T) {
	t.Parallel()
	p := newTestPage(t)
	w := p.get(p.annsLink())
	policy := w.Header().Get("Content-Security-Policy")
	for _, want := range []string{
		"default-src 'none'", "script-src 'nonce-", "frame-ancestors 'self' https://chat.example", "form-action 'self'",
	} {
		if !strings.Contains(policy, want) {
			t.Errorf("want %q in the policy, got %s", want, policy)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Errorf("the policy allows something unsafe: %s", policy)
	}

	if again := p.get(p.annsLink()).Header().Get("Content-Security-Policy"); policy == again {
		t.Errorf("two answers have the same nonce: %s", policy)
	}

	for name, want := range map[string]string{
		"Cache-Control":          "no-store",
		"Referrer-Policy":        "no-referrer",
		"X-Content-Type-Options": "nosniff",
		"X-Robots-Tag":           "noindex",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("header %s: got %q, want %q", name, got, want)
		}
	}

	for _, bad := range []string{" style=", "onclick=", "src=", "<b>Printer"} {
		if strings.Contains(w.Body.String(), bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
}
