package site_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"testing"
	"testing/iotest"

	"parley/bot/web/inbox"
	"parley/bridge"
	"parley/channels"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store"
)

// halfDesk is an inbox whose files can be read by half, and which stores what is done without saying so.
type halfDesk struct{ inbox.Desk }

// File implements inbox.Desk.
func (halfDesk) File(context.Context, bridge.AgentID, bridge.ConversationID, bridge.MessageID, int) (channels.File, error) {
	return channels.File{Name: "plan.pdf", Open: func(context.Context) (io.ReadCloser, error) {
		half := bytes.NewReader(make([]byte, 1<<20))
		return io.NopCloser(io.MultiReader(half, iotest.ErrReader(io.ErrUnexpectedEOF))), nil
	}}, nil
}

// Act implements inbox.Desk.
func (halfDesk) Act(context.Context, bridge.AgentID, bridge.Act) (string, error) {
	return "", errors.New("the connection ended before the answer")
}

// download gets a file in somebody's name, as far as it comes.
func download(s *sitetest.Site, who *sitetest.Visitor, path string) (*http.Response, []byte, error) {
	s.T.Helper()
	r, err := http.NewRequestWithContext(s.T.Context(), http.MethodGet, s.URL+path, nil)
	if err != nil {
		s.T.Fatal(err)
	}
	r.AddCookie(who.Cookie())
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.T.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	return answer, body, err
}

// A file whose second half can't be read doesn't look whole to the browser. And what fails is never said to have changed
// nothing: a reply may be stored although nobody could say so, and who is told otherwise sends it twice.
func TestHalfDone(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, deskCompany, func(o *site.Options) { o.Inbox = halfDesk{newEngine(t, o).Inbox()} })
	ben := s.Visitor("ben@acme.test")
	if answer, body, err := download(s, ben, "/inbox/1/files/1/0"); err == nil || answer.StatusCode != http.StatusOK {
		t.Errorf("%d, %d bytes: %v", answer.StatusCode, len(body), err)
	}

	a := ben.Post("/inbox/1", form(ben.Get("/inbox"), "verb", "reply", "form", "x", "text", "On Monday"))
	if a.Status != http.StatusInternalServerError || !a.Has("went wrong") || a.Has("Nothing was changed") {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

// An export is written to the disk, whatever its size, and one at a time. It leaves nothing there.
//
func TestLargeExport(t *testing.T) {
	t.Parallel()
	const pieces = 64
	piece := make([]byte, 1<<20)
	begun, mayEnd := make(chan *os.File), make(chan struct{})
	s := withRecords(t, func(o *site.Options) {
		o.Operations.ExportContact = func(_ context.Context, _ []store.ContactID, w io.Writer) error {
			file, isFile := w.(*os.File)
			if !isFile {
				t.Errorf("it is written to a %T", w)
			}
			begun <- file
			<-mayEnd
			for range pieces {
				if _, err := w.Write(piece); err != nil {
					return err
				}
			}
			return nil
		}
	})
	ann := s.Visitor("ann@acme.test")
	const path = "/settings/erase/contact/102/export"
	done := make(chan struct{})
	go func() {
		defer close(done)
		answer, body, err := download(s, ann, path)
		if err != nil || answer.ContentLength != pieces<<20 || len(body) != pieces<<20 {
			t.Errorf("%d bytes of %d: %v", len(body), answer.ContentLength, err)
		}
	}()

	file := <-begun
	if file == nil {
		close(mayEnd)
		<-done
		return
	}
	if a := ann.Get(path); a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" || !a.Has("Another export") {
		t.Errorf("beside another: %d %s", a.Status, a.Body)
	}
	if _, err := os.Stat(file.Name()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("others can read it: %v", err)
	}
	close(mayEnd)
	<-done
}
