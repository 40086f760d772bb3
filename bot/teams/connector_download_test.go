package teams_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"parley/bot/teams"
	"parley/bot/teams/teamsfake"
	"parley/channels"
)

// pastedPicture is what Ann pastes in these tests: the signature of a PNG, and more bytes than fit into one read.
func pastedPicture() []byte {
	return append([]byte("\x89PNG\r\n\x1a\n"), bytes.Repeat([]byte{7}, 300_000)...)
}

// pastePicture makes Ann paste the picture into a thread, and returns its address.
func (st *stage) pastePicture() string {
	st.t.Helper()
	_, root := teams.SplitThread(st.startThread().ID)
	id, err := st.srv.As(ann).Post(teamsfake.Post{
		Channel: tickets,
		Root:    root,
		Text:    "look",
		Files:   []teamsfake.NewFile{{Name: "p.png", Data: pastedPicture(), Image: true}},
	})
	noError(st.t, err)
	return st.srv.Message(tickets, id).Files[0].URL
}

func TestDownload(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	answer, err := st.client.Download(st.ctx(), st.pastePicture())
	noError(t, err)
	got, err := io.ReadAll(answer)
	noError(t, err)
	noError(t, answer.Close())
	want := pastedPicture()
	if !bytes.Equal(got, want) {
		t.Errorf("got %d bytes that aren't the picture of %d bytes", len(got), len(want))
	}
	wantEqual(t, "content type", answer.ContentType, "image/png")
	if isKnown := answer.SizeBytes >= 0; isKnown {
		wantEqual(t, "size", answer.SizeBytes, int64(len(want)))
	}
}

// A download carries our token, so that a host which isn't on the list isn't asked, even if it is the same machine.
func TestDownloadFromAnotherHost(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	_, err := st.client.Download(st.ctx(), strings.Replace(st.pastePicture(), "127.0.0.1", "localhost", 1))
	wantClass(t, err, channels.BadRecipient)
}
