package upload

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// postCheck asks, as the page does before an upload, whether a reply would be accepted. body is its JSON.
func (p *testPage) postCheck(body string) *httptest.ResponseRecorder {
	p.t.Helper()
	page, _, _ := strings.Cut(p.annsLink(), "?")
	return p.serve(httptest.NewRequest(http.MethodPost, page+"/check", strings.NewReader(body)))
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

// If one of two files can't be read, neither is sent.
func TestFileThatCannotBeRead(t *testing.T) {
	t.Parallel()
	p := newTestPage(t)
	unreadable := file{name: `odd\`, contentType: "text/plain", content: "x"} // the backslash escapes the quote that ends the name
	wantAnswer(t, p.postForm(p.annsLink(), "both", pdf(), unreadable), http.StatusUnprocessableEntity, "not what the page sends")
	p.wantNothingSubmitted()
}
