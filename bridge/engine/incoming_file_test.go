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
)

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

// newLinkingWorld makes a world whose surface posts links, which say "MESSAGE FILE".
func newLinkingWorld(t *testing.T) (*world, *linking) {
	l := &linking{links: map[string]string{}}
	return newWorld(t, options{surface: func(s bridge.Surface) bridge.Surface { l.Surface = s; return l }, fileLink: plainLink}), l
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

// A surface leads to a customer's files, whether they came with the message or were fetched;
// no link leads to a file of another message or number.
func TestLinkToACustomersFile(t *testing.T) {
	t.Parallel()
	w, l := newLinkingWorld(t)
	w.provider.PutFile("photo", channelstest.File{Type: "image/jpeg", Content: []byte("a photo")})
	w.customerSends(chat, channelstest.Event{From: "kim", Text: "Look", Refs: []channelstest.Ref{{Name: "photo.jpg", Type: "image/jpeg", Ref: "photo", Size: 7}},
		Files: []channelstest.File{{Name: "a.txt", Type: "text/plain", Content: []byte("the first")}, {Name: "b.txt", Type: "text/plain", Content: []byte("the second")}}})
	thread := w.waitThread("Look")
	w.waitFilePosts(thread, 1)
	e := w.engines[0]
	var message bridge.MessageID
	for name, want := range map[string]string{"photo.jpg": "a photo", "a.txt": "the first", "b.txt": "the second"} {
		var file string
		message, file = linkedTo(t, l.waitLink(w, name))
		wantEqual(t, "the link to "+name+" is for the thread", files.IsForThread(file), true)
		f := must(e.Files().LinkedFile(t.Context(), message, file))(t)
		wantEqual(t, "the file's name", f.Name, name)
		body := must(f.Open(t.Context()))(t)
		wantEqual(t, "the content of "+name, string(must(io.ReadAll(body))(t)), want)
		check(t, body.Close())
	}
	for _, other := range []string{"in99", "in-1", "in", "inx", ""} {
		if _, err := e.Files().LinkedFile(t.Context(), message, other); !errors.Is(err, files.ErrNoFile) {
			t.Errorf("a link to the file %q, which isn't there: got the error %v, want ErrNoFile", other, err)
		}
	}
	if _, err := e.Files().LinkedFile(t.Context(), 1<<40, "in0"); !errors.Is(err, files.ErrNoFile) {
		t.Errorf("a link to a message that isn't there: got the error %v, want ErrNoFile", err)
	}
	for _, c := range []struct {
		remove     string // as an erasure does
		file       string
		removesOwn bool // the message's HTML, too
	}{
		{remove: `DELETE FROM blobs`, file: "photo.jpg"},
		{remove: `UPDATE events SET payload = NULL`, file: "a.txt", removesOwn: true},
		{remove: `DELETE FROM messages`, file: "a.txt", removesOwn: true},
	} {
		w.exec(c.remove)
		_, file := linkedTo(t, l.waitLink(w, c.file))
		f, err := e.Files().LinkedFile(t.Context(), message, file)
		if err == nil {
			_, err = f.Open(t.Context())
		}
		if !errors.Is(err, files.ErrNoFile) {
			t.Errorf("%s after %s: got the error %v, want ErrNoFile", c.file, c.remove, err)
		}
		if _, err := e.Files().OriginalHTML(t.Context(), message); c.removesOwn && !errors.Is(err, files.ErrNoFile) {
			t.Errorf("the HTML after %s: got the error %v, want ErrNoFile", c.remove, err)
		}
	}
}

// A file of an answer that a colleague wrote in the mailbox can be opened as a customer's: by the link below it, and on the page.
func TestLinkToAFileOfAnAnswerElsewhere(t *testing.T) {
	t.Parallel()
	w, l := newLinkingWorld(t)
	question := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Lamp", Text: "first"})
	w.waitThread("first")
	w.postEvents(mail, channelstest.Event{Type: "foreign", ID: "sent-1", To: []string{"kim@x.test"}, Author: "Dora", Text: "Your bill", References: []string{question},
		Files: []channelstest.File{{Name: "bill.pdf", Type: "application/pdf", Content: []byte("PDF")}}})
	w.waitShown("Your bill")

	message, file := linkedTo(t, l.waitLink(w, "bill.pdf"))
	read := func(f channels.File, err error) string {
		body := must(must(f, err)(t).Open(t.Context()))(t)
		defer func() { check(t, body.Close()) }()
		return string(must(io.ReadAll(body))(t))
	}
	if got := read(w.engines[0].Files().LinkedFile(t.Context(), message, file)); got != "PDF" {
		t.Errorf("the link leads to %q, want \"PDF\"", got)
	}
	p := w.inboxPage()
	if files := p.newest("ann").Files; len(files) != 1 || !files[0].Readable {
		t.Errorf("the page shows the files %+v, want the bill alone, which can be read", files)
	}
	if got := read(p.inbox.File(t.Context(), w.agents["ann"], 1, message, 0)); got != "PDF" {
		t.Errorf("on the page it is %q, want \"PDF\"", got)
	}
}

// People who fetch files as slowly as they can keep no file from being posted.
func TestSlowDownloads(t *testing.T) {
	t.Parallel()
	w, l := newLinkingWorld(t)
	send := func(name string) {
		w.customerSends(chat, channelstest.Event{From: "kim", Text: "Look: " + name, Files: []channelstest.File{{Name: name, Type: "text/plain", Content: []byte(name)}}})
		l.waitLink(w, name)
	}
	send("a.txt")
	message, file := linkedTo(t, l.waitLink(w, "a.txt"))
	var open []io.Closer
	const mostOpen = 48 // which count as a megabyte each at least
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
