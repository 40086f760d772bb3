package site_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/iotest"

	"parley/bridge"
	"parley/channels"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
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

func startHalfDesk(t *testing.T) *sitetest.Site {
	t.Helper()
	return sitetest.Start(t, deskCompany, func(o *site.Options) { o.Inbox = halfDesk{newEngine(t, o).Inbox()} })
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
