package engine_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"parley/bridge"
	"parley/bridge/engine"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// linking is a surface that posts links to files instead of the files.
type linking struct {
	bridge.Surface
	mu    sync.Mutex
	links map[string]string // by the file's name
}

func (l *linking) Send(ctx context.Context, p bridge.Post) (bridge.Sent, error) {
	for _, f := range p.Files {
		link, err := f.Link()
		if err != nil {
			return bridge.Sent{}, err
		}
		l.mu.Lock()
		l.links[f.Name] = link
		l.mu.Unlock()
	}
	return l.Surface.Send(ctx, p)
}

// newLinkingWorld makes a world whose surface posts links as plainLink writes them.
func newLinkingWorld(t *testing.T) (*world, *linking) {
	t.Helper()
	l := &linking{links: map[string]string{}}
	linkInstead := func(s bridge.Surface) bridge.Surface {
		l.Surface = s
		return l
	}
	return newWorld(t, options{surface: linkInstead, fileLink: plainLink}), l
}

// plainLink is a link to a file of a message as these tests write and read it: "MESSAGE FILE".
func plainLink(message bridge.MessageID, file string) string {
	return fmt.Sprintf("%d %s", message, file)
}

// linkedTo returns the message and the file to which a plain link leads.
func linkedTo(t *testing.T, link string) (message bridge.MessageID, file string) {
	t.Helper()
	if _, err := fmt.Sscan(link, &message, &file); err != nil {
		t.Fatalf("the link is %q: %v", link, err)
	}
	return message, file
}

// waitLink waits until a file is posted, and returns the link to it.
func (l *linking) waitLink(w *world, name string) (link string) {
	w.t.Helper()
	w.eventually(name+" is posted", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		link = l.links[name]
		return link != ""
	})
	return link
}

// sendLookFiles lets kim send a message with a photo that has to be fetched and two texts, and waits until all are
// posted. It returns the message.
func (l *linking) sendLookFiles(w *world) bridge.MessageID {
	w.t.Helper()
	w.provider.PutFile("photo", channelstest.File{Type: "image/jpeg", Content: []byte("a photo")})
	w.customerSends(chat, channelstest.Event{
		From: "kim", Text: "Look",
		Refs: []channelstest.Ref{{Name: "photo.jpg", Type: "image/jpeg", Ref: "photo", Size: 7}},
		Files: []channelstest.File{
			{Name: "a.txt", Type: "text/plain", Content: []byte("the first")},
			{Name: "b.txt", Type: "text/plain", Content: []byte("the second")},
		},
	})
	w.waitFilePosts(w.waitThread("Look"), 1)
	message, _ := linkedTo(w.t, l.waitLink(w, "photo.jpg"))
	return message
}

// A link doesn't lead to a file or HTML that an erasure has removed, whether the file was fetched or came with the
// message.
func TestLinkToAnErasedFile(t *testing.T) {
	t.Parallel()
	w, l := newLinkingWorld(t)
	message := l.sendLookFiles(w)
	w.exec(`DELETE FROM blobs`)
	w.wantNoFile(l, "photo.jpg")

	w.exec(`UPDATE events SET payload = NULL`)
	w.wantNoFile(l, "a.txt")
	w.wantNoHTML(message)
	w.wantFilesGone(message)

	w.exec(`DELETE FROM messages`)
	w.wantNoFile(l, "a.txt")
	w.wantNoHTML(message)
}

// wantNoFile checks that the link to a file leads to no file any more.
func (w *world) wantNoFile(l *linking, name string) {
	w.t.Helper()
	message, file := linkedTo(w.t, l.waitLink(w, name))
	f, err := w.engines[0].Files().LinkedFile(w.t.Context(), message, file)
	if err == nil { // what is missing may show only when it is opened
		_, err = f.Open(w.t.Context())
	}
	if !errors.Is(err, engine.ErrNoFile) {
		w.t.Errorf("%s: got the error %v, want ErrNoFile", name, err)
	}
}

// wantFilesGone checks that a post of a message can be made without its files, because they are known to be gone.
func (w *world) wantFilesGone(id bridge.MessageID) {
	w.t.Helper()
	m := must(store.Messages(w.t.Context(), w.pool, store.MessageID(id)))(w.t)[0]
	found, missing, err := w.engines[0].Files().Read(w.t.Context(), &m, engine.SelectAll())
	if err != nil || len(found) != 1 || len(missing) != 2 || missing[0].Name != "a.txt" || missing[0].Reason == "" {
		w.t.Fatalf("files of the message: got %v, missing %v, error %v; want photo.jpg, and the texts missing for a reason", found, missing, err)
	}
	_, err = found[0].Open(w.t.Context())
	wantEqual(w.t, "what reading photo.jpg ends with", channels.ClassOf(err), channels.BadContent)
}

// wantNoHTML checks that the HTML of a message can't be read any more.
func (w *world) wantNoHTML(message bridge.MessageID) {
	w.t.Helper()
	if _, err := w.engines[0].Files().OriginalHTML(w.t.Context(), message); !errors.Is(err, engine.ErrNoFile) {
		w.t.Errorf("the message's HTML: got the error %v, want ErrNoFile", err)
	}
}
