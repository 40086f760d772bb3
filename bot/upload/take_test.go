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

// check asks whether a reply would be taken.
func (s *stand) check(body string) *httptest.ResponseRecorder {
	page, _, _ := strings.Cut(s.link(), "?")
	return s.ask(httptest.NewRequest(http.MethodPost, page+"/check", strings.NewReader(body)))
}

// What would not be taken is said before a long upload, not after it.
func TestRefusedBeforeTheFilesCome(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	const one = `{"text":"Here","files":[{"name":"a.pdf","type":"application/pdf","size":8}]}`
	if w := s.check(one); w.Code != http.StatusNoContent || s.desk.checked != "Here" {
		t.Errorf("%d %s, checked %q", w.Code, w.Body, s.desk.checked)
	}
	s.says(s.check(`{"text":"note: no","files":[{"name":"a.pdf","size":8}]}`), http.StatusUnprocessableEntity, "begins like a note")
	s.says(s.check(`{"files":[]}`), http.StatusUnprocessableEntity, "Choose at least one file.")
	s.says(s.check(`text=a`), http.StatusUnprocessableEntity, "not what the page sends")
	s.says(s.check(`{"text":"`+strings.Repeat("a", maxCheckBytes)), http.StatusUnprocessableEntity, "not what the page sends")
	s.desk.refuse = &bridge.Problem{Text: "a.pdf has 90 MB; WhatsApp takes at most 10 MB."}
	s.says(s.check(one), http.StatusUnprocessableEntity, "takes at most 10 MB")
	s.desk.resolved = true
	s.says(s.check(one), http.StatusUnprocessableEntity, "resolved")
	if len(s.replies) != 0 || s.desk.stored != 0 {
		t.Errorf("handed in: %+v, stored %d", s.replies, s.desk.stored)
	}
}

// A ticket that was used shows no form, and takes no files to keep them for nothing.
func TestUsedTicket(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.used = true
	for _, w := range []*httptest.ResponseRecorder{s.get(s.link()), s.check(`{}`), s.send(s.link(), "Here", plan)} {
		s.says(w, http.StatusOK, "This was sent before")
		if strings.Contains(w.Body.String(), "</form>") {
			t.Error("there is a form")
		}
	}
	if s.desk.stored != 0 || len(s.replies) != 0 {
		t.Errorf("stored %d, handed in %+v", s.desk.stored, s.replies)
	}
}

// Names come as browsers write them in forms, types from anywhere, and lines end as in forms.
func TestNamesOfFiles(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.says(s.send(s.link(), "one\r\ntwo", file{"100%22 🔥 \u202efdp.txt", "text/plain", "x"}, file{"..", "text", "x"}, file{"a%0D%0Ab.png", "", "x"}, file{"a\tb c.csv", "text/csv; charset=x", "x"}),
		http.StatusOK, "On its way")
	var names []string
	for _, f := range s.replies[0].Files {
		names = append(names, f.Name+" "+f.ContentType)
	}
	want := "100\" 🔥 \u202efdp.txt text/plain|file application/octet-stream|a  b.png image/png|a b c.csv text/csv"
	if got := strings.Join(names, "|"); got != want || s.desk.checked != "one\ntwo" {
		t.Errorf("%q, want %q; the text %q", got, want, s.desk.checked)
	}
	s.says(s.send(s.link(), "both", plan, file{`odd\`, "text/plain", "x"}), http.StatusUnprocessableEntity, "not what the page sends")
	if len(s.replies) != 1 {
		t.Errorf("one of two is sent: %+v", s.replies[1:])
	}
}

// A line that is too slow is told so; it is no fault of ours.
func TestTooSlow(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	head := "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\nhalf"
	for _, sent := range []string{head, head[:3]} {
		r := httptest.NewRequest(http.MethodPost, s.link(), io.MultiReader(strings.NewReader(sent), iotest.ErrReader(os.ErrDeadlineExceeded)))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		s.says(s.ask(r), http.StatusUnprocessableEntity, "longer than 10 minutes: nothing was sent")
	}
}
