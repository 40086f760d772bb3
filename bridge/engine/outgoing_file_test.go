package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/bridge/engine"
	"parley/channels"
)

// linker is a channel whose provider fetches files by their links.
type linker struct {
	channels.Channel
	mu    sync.Mutex
	links []string
}

func (l *linker) Send(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
	for _, f := range o.Files {
		link, err := f.Link()
		if err != nil {
			return channels.Receipt{}, err
		}
		l.mu.Lock()
		l.links = append(l.links, link)
		l.mu.Unlock()
	}
	return l.Channel.Send(ctx, o)
}

// A provider fetches an agent's file by its link from any replica. No link leads to a file of a note, of a customer or of
// another message.
func TestLinkToAFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{engines: 2, stopped: true, caps: func(c *channels.Capabilities) { c.Files.PerMessage = 2 }, fileLink: plainLink})
	l := &linker{Channel: w.live[chat].Load()}
	for _, e := range w.engines {
		e.SetChannel(w.accounts[chat], l)
	}
	w.start()

	thread := w.openThread()
	w.reply(thread, "!take")
	w.waitCard(thread, "| Ann |")
	file := bridgetest.File{Name: "plan.txt", Content: []byte("the plan")}
	w.waitFate(w.chat.Say("ann", support, thread, "Here it is", file, bridgetest.File{Name: "b.txt", Content: []byte("b")}), "out")
	w.waitFate(w.chat.Say("ann", support, thread, "note: never", file), "inside")
	l.mu.Lock()
	links := slices.Clone(l.links)
	l.mu.Unlock()

	if len(links) != 2 || links[0] == links[1] {
		t.Fatalf("the provider was given the links %q, want two different ones", links)
	}
	message, name := linkedTo(t, links[0])
	for i, e := range w.engines {
		f := must(e.Files().OutgoingFile(t.Context(), message, name))(t)
		body := must(f.Open(t.Context()))(t)
		wantEqual(t, fmt.Sprint("the file's name by replica ", i), f.Name, "plan.txt")
		wantEqual(t, fmt.Sprint("the file's content by replica ", i), string(must(io.ReadAll(body))(t)), "the plan")
	}

	// Links that were made up lead to no file.
	inside := bridge.MessageID(w.count(`SELECT id FROM messages WHERE fate = 'inside'`))
	incoming := bridge.MessageID(w.count(`SELECT min(id) FROM messages WHERE direction = 'in'`))
	for what, id := range map[string]bridge.MessageID{"a note": inside, "a customer's message": incoming, "no message": 1 << 40} {
		if _, err := w.engines[0].Files().OutgoingFile(t.Context(), id, name); !errors.Is(err, engine.ErrNoFile) {
			t.Errorf("a link to %s: got the error %v, want ErrNoFile", what, err)
		}
	}
	if _, err := w.engines[0].Files().OutgoingFile(t.Context(), message, "other"); !errors.Is(err, engine.ErrNoFile) {
		t.Errorf("a link to a file that isn't there: got the error %v, want ErrNoFile", err)
	}
}

// If Parley has no public address, the agent is told that this is missing.
// Requirement R-266: Without a public address.
func TestNoLinkWithoutAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{stopped: true})
	w.engines[0].SetChannel(w.accounts[chat], &linker{Channel: w.live[chat].Load()})
	w.start()
	thread := w.openThread()
	w.reply(thread, "!take")
	w.waitCard(thread, "| Ann |")
	w.waitFate(w.chat.Say("ann", support, thread, "Here", bridgetest.File{Name: "plan.txt", Content: []byte("the plan")}), "failed")
	if line := w.waitLine(thread, bridge.LineFailed); !strings.Contains(line.Plain(), "PARLEY_PUBLIC_URL") {
		t.Errorf("the line: %q", line.Plain())
	}
}
