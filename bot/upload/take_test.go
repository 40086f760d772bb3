package upload

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"parley/bridge"
)

// postCheck asks, as the page does before an upload, whether a reply would be accepted. body is its JSON.
func (p *testPage) postCheck(body string) *httptest.ResponseRecorder {
	p.t.Helper()
	page, _, _ := strings.Cut(p.annsLink(), "?")
	return p.serve(httptest.NewRequest(http.MethodPost, page+"/check", strings.NewReader(body)))
}

// A reply that wouldn't be accepted is refused before a long upload, not after it.
func TestCheckBeforeUpload(t *testing.T) {
	t.Parallel()
	const onePDF = `{"text":"Here","files":[{"name":"a.pdf","type":"application/pdf","size":8}]}`
	for _, tt := range []struct {
		name     string
		body     string
		refusal  error // of the desk
		resolved bool  // the conversation is
		want     string
	}{
		{name: "a note", body: `{"text":"note: no","files":[{"name":"a.pdf","size":8}]}`, want: "begins like a note"},
		{name: "no file", body: `{"files":[]}`, want: "Choose at least one file."},
		{name: "no JSON", body: `text=a`, want: "not what the page sends"},
		{name: "too many bytes", body: `{"text":"` + strings.Repeat("a", maxCheckBytes), want: "not what the page sends"},
		{name: "too large for the channel", body: onePDF, want: "takes at most 10 MB",
			refusal: &bridge.Problem{Text: "a.pdf has 90 MB; WhatsApp takes at most 10 MB."}},
		{name: "a resolved conversation", body: onePDF, resolved: true, want: "resolved"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newTestPage(t)
			p.desk.refusal, p.desk.resolved = tt.refusal, tt.resolved
			wantAnswer(t, p.postCheck(tt.body), http.StatusUnprocessableEntity, tt.want)
			p.wantNothingSubmitted()
			p.wantNoFileStored()
		})
	}

	t.Run("a reply that would be accepted", func(t *testing.T) {
		t.Parallel()
		p := newTestPage(t)
		wantAnswer(t, p.postCheck(onePDF), http.StatusNoContent, "")
		if p.desk.checkedText != "Here" {
			t.Errorf("checked the text %q, want %q", p.desk.checkedText, "Here")
		}
		p.wantNothingSubmitted()
		p.wantNoFileStored()
	})
}

func (p *testPage) wantNoFileStored() {
	p.t.Helper()
	if p.desk.storedFiles != 0 {
		p.t.Errorf("got %d files stored, want none", p.desk.storedFiles)
	}
}

// With a ticket that was used, the page shows no form, and stores no files that nobody would need.
func TestUsedTicket(t *testing.T) {
	t.Parallel()
	p := newTestPage(t)
	p.isUsed = true
	for name, w := range map[string]*httptest.ResponseRecorder{
		"page":  p.get(p.annsLink()),
		"check": p.postCheck(`{}`),
		"form":  p.postForm(p.annsLink(), "Here", pdf()),
	} {
		t.Run(name, func(t *testing.T) {
			wantAnswer(t, w, http.StatusOK, "This was sent before")
			wantForm(t, w, false)
		})
	}
	p.wantNothingSubmitted()
	p.wantNoFileStored()
}

// Browsers escape quotes and line ends in names of files. Such names lose control characters, and a file without a usable
// type gets that of its name.
func TestNamesAndTypesOfFiles(t *testing.T) {
	t.Parallel()
	p := newTestPage(t)
	files := []struct {
		sent               file
		wantName, wantType string
	}{
		{sent: file{name: "100%22 🔥 \u202efdp.txt", contentType: "text/plain"}, wantName: "100\" 🔥 \u202efdp.txt", wantType: "text/plain"},
		{sent: file{name: "..", contentType: "text"}, wantName: "file", wantType: "application/octet-stream"},
		{sent: file{name: "a%0D%0Ab.png"}, wantName: "a  b.png", wantType: "image/png"},
		{sent: file{name: "a\tb c.csv", contentType: "text/csv; charset=x"}, wantName: "a b c.csv", wantType: "text/csv"},
	}

	var sent []file
	for _, f := range files {
		f.sent.content = "x"
		sent = append(sent, f.sent)
	}

	wantAnswer(t, p.postForm(p.annsLink(), "Here", sent...), http.StatusOK, "On its way")
	if len(p.replies) != 1 || len(p.replies[0].Files) != len(files) {
		t.Fatalf("got %+v, want one reply with %d files", p.replies, len(files))
	}

	for i, f := range files {
		got := p.replies[0].Files[i]
		if got.Name != f.wantName {
			t.Errorf("%q is named %q, want %q", f.sent.name, got.Name, f.wantName)
		}
		if got.ContentType != f.wantType {
			t.Errorf("%q with type %q has type %q, want %q", f.sent.name, f.sent.contentType, got.ContentType, f.wantType)
		}
	}
}

// Browsers end the lines of a form with "\r\n". The text of a reply has "\n" instead.
func TestLineEndsOfText(t *testing.T) {
	t.Parallel()
	p := newTestPage(t)
	wantAnswer(t, p.postForm(p.annsLink(), "one\r\ntwo", pdf()), http.StatusOK, "On its way")
	if want := "one\ntwo"; p.desk.checkedText != want {
		t.Errorf("checked the text %q, want %q", p.desk.checkedText, want)
	}
}

// If one of two files can't be read, neither is sent.
func TestFileThatCannotBeRead(t *testing.T) {
	t.Parallel()
	p := newTestPage(t)
	unreadable := file{name: `odd\`, contentType: "text/plain", content: "x"} // the backslash escapes the quote that ends the name
	wantAnswer(t, p.postForm(p.annsLink(), "both", pdf(), unreadable), http.StatusUnprocessableEntity, "not what the page sends")
	p.wantNothingSubmitted()
}

// The refusal of an upload that takes too long says so. It is not answered as a fault of ours.
func TestSlowUpload(t *testing.T) {
	t.Parallel()
	for name, sent := range map[string]string{
		"while a file is read":       fileHead + "half",
		"before the first part ends": fileHead[:3],
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newTestPage(t)
			w := p.postRaw(io.MultiReader(strings.NewReader(sent), iotest.ErrReader(os.ErrDeadlineExceeded)))
			wantAnswer(t, w, http.StatusUnprocessableEntity, "longer than 10 minutes: nothing was sent")
		})
	}
}
