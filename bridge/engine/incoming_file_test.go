package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/engine/files"
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

// readFile reads a file to its end.
func readFile(t *testing.T, f channels.File) string {
	t.Helper()
	body := must(f.Open(t.Context()))(t)
	defer func() { check(t, body.Close()) }()
	return string(must(io.ReadAll(body))(t))
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

// A link in the thread leads to a customer's file, whether the file came with the message or was fetched.
func TestLinkToACustomersFile(t *testing.T) {
	t.Parallel()
	w, l := newLinkingWorld(t)
	l.sendLookFiles(w)
	tests := []struct{ name, wantContent string }{
		{name: "photo.jpg", wantContent: "a photo"},
		{name: "a.txt", wantContent: "the first"},
		{name: "b.txt", wantContent: "the second"},
	}
	for _, tt := range tests {
		message, file := linkedTo(t, l.waitLink(w, tt.name))
		wantEqual(t, "whether the link to "+tt.name+" is for the thread", files.IsForThread(file), true)
		f := must(w.engines[0].Files().LinkedFile(t.Context(), message, file))(t)
		wantEqual(t, "the file's name", f.Name, tt.name)
		wantEqual(t, "the content of "+tt.name, readFile(t, f), tt.wantContent)
	}
}

// A link with a wrong message or number leads to no file.
func TestLinkToNoFile(t *testing.T) {
	t.Parallel()
	w, l := newLinkingWorld(t)
	message := l.sendLookFiles(w)
	for _, file := range []string{"in99", "in-1", "in", "inx", ""} {
		if _, err := w.engines[0].Files().LinkedFile(t.Context(), message, file); !errors.Is(err, files.ErrNoFile) {
			t.Errorf("a link to the file %q, which isn't there: got the error %v, want ErrNoFile", file, err)
		}
	}
	if _, err := w.engines[0].Files().LinkedFile(t.Context(), 1<<40, "in0"); !errors.Is(err, files.ErrNoFile) {
		t.Errorf("a link to a message that isn't there: got the error %v, want ErrNoFile", err)
	}
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
	if !errors.Is(err, files.ErrNoFile) {
		w.t.Errorf("%s: got the error %v, want ErrNoFile", name, err)
	}
}

// wantFilesGone checks that a post of a message can be made without its files, because they are known to be gone.
func (w *world) wantFilesGone(id bridge.MessageID) {
	w.t.Helper()
	m := must(store.Messages(w.t.Context(), w.pool, store.MessageID(id)))(w.t)[0]
	found, missing, err := w.engines[0].Files().Read(w.t.Context(), &m, files.SelectAll())
	if err != nil || len(found) != 1 || len(missing) != 2 || missing[0].Name != "a.txt" || missing[0].Reason == "" {
		w.t.Fatalf("files of the message: got %v, missing %v, error %v; want photo.jpg, and the texts missing for a reason", found, missing, err)
	}
	_, err = found[0].Open(w.t.Context())
	wantEqual(w.t, "what reading photo.jpg ends with", channels.ClassOf(err), channels.BadContent)
}

// wantNoHTML checks that the HTML of a message can't be read any more.
func (w *world) wantNoHTML(message bridge.MessageID) {
	w.t.Helper()
	if _, err := w.engines[0].Files().OriginalHTML(w.t.Context(), message); !errors.Is(err, files.ErrNoFile) {
		w.t.Errorf("the message's HTML: got the error %v, want ErrNoFile", err)
	}
}

// If a colleague wrote an answer with a file in the mailbox, the file can be opened by the link in the thread and on the
// page.
func TestLinkToAFileOfAnAnswerElsewhere(t *testing.T) {
	t.Parallel()
	w, l := newLinkingWorld(t)
	question, _ := w.askByMail("first")
	answer := mailboxAnswer("sent-1", "Your bill", question)
	answer.Files = []channelstest.File{{Name: "bill.pdf", Type: "application/pdf", Content: []byte("PDF")}}
	w.postEvents(mail, answer)
	w.waitShown("Your bill")

	message, file := linkedTo(t, l.waitLink(w, "bill.pdf"))
	linked := must(w.engines[0].Files().LinkedFile(t.Context(), message, file))(t)
	wantEqual(t, "what the link leads to", readFile(t, linked), "PDF")

	p := w.inboxPage()
	shown := p.newest("ann").Files
	if len(shown) != 1 {
		t.Fatalf("the page shows the files %+v, want the bill alone", shown)
	}
	wantEqual(t, "whether the bill can be read on the page", shown[0].Readable, true)
	onPage := must(p.inbox.File(t.Context(), w.agents["ann"], 1, message, 0))(t)
	wantEqual(t, "what the page leads to", readFile(t, onPage), "PDF")
}

// Many slow downloads of files don't keep other files from being posted. Beyond 48 open downloads a further one waits.
func TestSlowDownloads(t *testing.T) {
	t.Parallel()
	const mostOpen = 48 // each counts as a megabyte at least
	w, l := newLinkingWorld(t)
	send := func(name string) (link string) {
		t.Helper()
		one := []channelstest.File{{Name: name, Type: "text/plain", Content: []byte(name)}}
		w.customerSends(chat, channelstest.Event{From: "kim", Text: "Look: " + name, Files: one})
		return l.waitLink(w, name)
	}
	message, file := linkedTo(t, send("a.txt"))

	var open []io.Closer
	for range mostOpen {
		f := must(w.engines[0].Files().LinkedFile(t.Context(), message, file))(t)
		open = append(open, must(f.Open(t.Context()))(t))
	}

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	f := must(w.engines[0].Files().LinkedFile(t.Context(), message, file))(t)
	if _, err := f.Open(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one more download than %d: got the error %v, want that it waits", mostOpen, err)
	}

	send("b.txt")
	for _, r := range open {
		check(t, r.Close())
	}
	check(t, must(f.Open(t.Context()))(t).Close())
}
