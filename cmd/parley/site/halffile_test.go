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

	"parley/bridge"
	"parley/channels"
	"parley/channels/emulator"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store"
	"parley/store/storetest"
)

// halfDesk is an inbox whose files can be read by half, and which stores what is done without saying so.
type halfDesk struct{ site.Inbox }

// File implements site.Inbox.
func (halfDesk) File(context.Context, bridge.AgentID, bridge.ConversationID, bridge.MessageID, int) (channels.File, error) {
	return channels.File{Name: "plan.pdf", Open: func(context.Context) (io.ReadCloser, error) {
		half := bytes.NewReader(make([]byte, 1<<20))
		return io.NopCloser(io.MultiReader(half, iotest.ErrReader(io.ErrUnexpectedEOF))), nil
	}}, nil
}

// Act implements site.Inbox.
func (halfDesk) Act(context.Context, bridge.AgentID, bridge.Act) (string, error) {
	return "", errors.New("the connection ended before the answer")
}

// download gets a file in somebody's name, as far as it comes. It may be called in a goroutine of a test's own.
func download(s *sitetest.Site, who *sitetest.Visitor, path string) (*http.Response, []byte, error) {
	s.T.Helper()
	r := must(http.NewRequestWithContext(s.T.Context(), http.MethodGet, s.URL+path, nil))(s.T)
	r.AddCookie(who.Cookie())
	answer, err := emulator.NewClient().Do(r)
	if err != nil {
		return &http.Response{}, nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	return answer, body, err
}

func startHalfDesk(t *testing.T) *sitetest.Site {
	t.Helper()
	return sitetest.Start(t, deskCompany, func(o *site.Options) { o.Inbox = halfDesk{newEngine(t, o).Inbox()} })
}

// A file whose second half can't be read doesn't look whole to the browser.
func TestHalfFileIsNoWholeFile(t *testing.T) {
	t.Parallel()
	s := startHalfDesk(t)
	answer, body, err := download(s, s.Visitor("ben@acme.test"), "/inbox/1/files/1/0")
	if answer.StatusCode != http.StatusOK {
		t.Errorf("status %d, want 200: the first half could be read", answer.StatusCode)
	}
	if err == nil {
		t.Errorf("%d bytes came as a whole file, want an error", len(body))
	}
}

// The answer to an act that fails never says that nothing was changed. A reply may be stored although nobody could
// say so, and an agent who is told otherwise sends it twice.
func TestFailureDoesNotSayThatNothingChanged(t *testing.T) {
	t.Parallel()
	s := startHalfDesk(t)
	ben := s.Visitor("ben@acme.test")
	a := ben.Post("/inbox/1", form(ben.Get("/inbox"), "verb", "reply", "form", "x", "text", "On Monday"))
	wantStatus(t, "the reply", a, http.StatusInternalServerError)
	wantShown(t, "the reply", a, "went wrong")
	wantHidden(t, "the reply", a, "Nothing was changed")
}

// An export of any size is written to the disk, one at a time. It leaves no file there.
// Requirement R-276: Erase and export a person.
func TestLargeExport(t *testing.T) {
	t.Parallel()
	const pieces, pieceSize = 64, 1 << 20
	const size = pieces * pieceSize
	piece := make([]byte, pieceSize)
	begun, mayEnd := make(chan *os.File), make(chan struct{})

	s := withRecords(t, withInbox(t), func(o *site.Options) {
		o.Operations.ExportContact = func(_ context.Context, _ []store.ContactID, w io.Writer) error {
			file, isFile := w.(*os.File)
			if !isFile {
				t.Errorf("the export is written to a %T, want a file", w)
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
		if err != nil {
			t.Errorf("download: %v", err)
		}
		if answer.ContentLength != size || len(body) != size {
			t.Errorf("%d bytes came, and %d were announced, want %d", len(body), answer.ContentLength, size)
		}
	}()

	file := storetest.Receive(t, begun, "the export has begun")
	if file == nil {
		close(mayEnd)
		<-done
		return
	}
	second := ann.Get(path)
	wantStatus(t, "a second export", second, http.StatusServiceUnavailable)
	wantShown(t, "a second export", second, "Another export")
	if second.Header.Get("Retry-After") == "" {
		t.Error("the refusal of a second export has no header Retry-After")
	}
	if _, err := os.Stat(file.Name()); !errors.Is(err, os.ErrNotExist) { // it was removed as soon as it was open
		t.Errorf("the file has a name by which others can open it: %v", err)
	}
	close(mayEnd)
	<-done
}
