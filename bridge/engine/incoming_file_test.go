package engine_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/engine/files"
	"parley/channels"
	"parley/channels/channelstest"
)

// leading is a surface that leads to files instead of holding them.
type leading struct {
	bridge.Surface
	mu    sync.Mutex
	links map[string]string // by the file's name
}

// Send implements bridge.Surface.
func (l *leading) Send(ctx context.Context, p bridge.Post) (bridge.Sent, error) {
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

// A surface leads to a customer's files, whether they came with the message or were fetched;
// no link leads to a file of another message or number.
func TestLinkToACustomersFile(t *testing.T) {
	t.Parallel()
	l := &leading{links: map[string]string{}}
	w := newWorld(t, options{surface: func(s bridge.Surface) bridge.Surface { l.Surface = s; return l },
		fileLink: func(message bridge.MessageID, file string) string { return fmt.Sprintf("%d %s", message, file) }})
	w.provider.PutFile("photo", channelstest.File{Type: "image/jpeg", Content: []byte("a photo")})
	w.customerSends(chat, channelstest.Event{From: "kim", Text: "Look", Refs: []channelstest.Ref{{Name: "photo.jpg", Type: "image/jpeg", Ref: "photo", Size: 7}},
		Files: []channelstest.File{{Name: "a.txt", Type: "text/plain", Content: []byte("the first")}, {Name: "b.txt", Type: "text/plain", Content: []byte("the second")}}})
	thread := w.waitThread("Look")
	w.waitFilePosts(thread, 1)
	w.eventually("the photo follows", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.links) == 3
	})
	e := w.engines[0]
	var message bridge.MessageID
	for name, want := range map[string]string{"photo.jpg": "a photo", "a.txt": "the first", "b.txt": "the second"} {
		var file string
		if _, err := fmt.Sscan(l.links[name], &message, &file); err != nil || !files.IsForThread(file) {
			t.Fatalf("%s: link %q, %v", name, l.links[name], err)
		}
		f := must(e.Files().LinkedFile(t.Context(), message, file))(t)
		body := must(f.Open(t.Context()))(t)
		if got := must(io.ReadAll(body))(t); string(got) != want || f.Name != name {
			t.Errorf("%s: %q with %q", name, f.Name, got)
		}
		check(t, body.Close())
	}
	for _, other := range []string{"in99", "in-1", "in", "inx", ""} {
		if _, err := e.Files().LinkedFile(t.Context(), message, other); !errors.Is(err, files.ErrNoFile) {
			t.Errorf("%q: %v", other, err)
		}
	}
	if _, err := e.Files().LinkedFile(t.Context(), 1<<40, "in0"); !errors.Is(err, files.ErrNoFile) {
		t.Errorf("no message: %v", err)
	}
	for _, removed := range []string{`DELETE FROM blobs`, `UPDATE events SET payload = NULL`, `DELETE FROM messages`} { // as an erasure does
		if _, err := w.pool.Exec(t.Context(), removed); err != nil {
			t.Fatal(err)
		}
		name := map[string]string{`DELETE FROM blobs`: "photo.jpg"}[removed]
		_, file, _ := strings.Cut(l.links[cmp.Or(name, "a.txt")], " ")
		f, err := e.Files().LinkedFile(t.Context(), message, file)
		if err == nil {
			_, err = f.Open(t.Context())
		}
		if !errors.Is(err, files.ErrNoFile) {
			t.Errorf("after %s: %v", removed, err)
		}
		if _, err := e.Files().OriginalHTML(t.Context(), message); name == "" && !errors.Is(err, files.ErrNoFile) {
			t.Errorf("its HTML after %s: %v", removed, err)
		}
	}
}

// A file of an answer that a colleague wrote in the mailbox can be opened as a customer's: by the link below it, and on the page.
func TestLinkToAFileOfAnAnswerElsewhere(t *testing.T) {
	t.Parallel()
	l := &leading{links: map[string]string{}}
	w := newWorld(t, options{surface: func(s bridge.Surface) bridge.Surface { l.Surface = s; return l },
		fileLink: func(message bridge.MessageID, file string) string { return fmt.Sprintf("%d %s", message, file) }})
	question := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Lamp", Text: "first"})
	w.waitThread("first")
	w.postEvents(mail, channelstest.Event{Type: "foreign", ID: "sent-1", To: []string{"kim@x.test"}, Author: "Dora", Text: "Your bill", References: []string{question},
		Files: []channelstest.File{{Name: "bill.pdf", Type: "application/pdf", Content: []byte("PDF")}}})
	w.waitShown("Your bill")
	var link string
	w.eventually("the bill is posted", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		link = l.links["bill.pdf"]
		return link != ""
	})

	var message bridge.MessageID
	var file string
	must(fmt.Sscan(link, &message, &file))(t)
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
		t.Errorf("the page shows %+v", files)
	}
	if got := read(p.inbox.File(t.Context(), w.agents["ann"], 1, message, 0)); got != "PDF" {
		t.Errorf("on the page it is %q, want \"PDF\"", got)
	}
}

// People who fetch files as slowly as they can keep no file from being posted.
func TestSlowDownloads(t *testing.T) {
	t.Parallel()
	l := &leading{links: map[string]string{}}
	w := newWorld(t, options{surface: func(s bridge.Surface) bridge.Surface { l.Surface = s; return l },
		fileLink: func(message bridge.MessageID, file string) string { return fmt.Sprintf("%d %s", message, file) }})
	send := func(name string) {
		w.customerSends(chat, channelstest.Event{From: "kim", Text: "Look: " + name, Files: []channelstest.File{{Name: name, Type: "text/plain", Content: []byte(name)}}})
		w.eventually(name+" is posted", func() bool {
			l.mu.Lock()
			defer l.mu.Unlock()
			return l.links[name] != ""
		})
	}
	send("a.txt")
	var message bridge.MessageID
	var file string
	if _, err := fmt.Sscan(l.links["a.txt"], &message, &file); err != nil {
		t.Fatal(err)
	}
	var open []io.Closer
	for range 48 { // a megabyte each at least
		f := must(w.engines[0].Files().LinkedFile(t.Context(), message, file))(t)
		open = append(open, must(f.Open(t.Context()))(t))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	f := must(w.engines[0].Files().LinkedFile(t.Context(), message, file))(t)
	if _, err := f.Open(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one too many: %v", err)
	}
	send("b.txt")
	for _, r := range open {
		check(t, r.Close())
	}
	check(t, must(f.Open(t.Context()))(t).Close())
}
