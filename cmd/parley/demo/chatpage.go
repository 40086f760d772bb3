package demo

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"parley/cmd/parley/demo/judge"
)

const (
	// shownLines is how many of a chat's messages the page shows.
	shownLines = 200
	// maxChatBody bounds what the page sends: a picture with what is around it.
	maxChatBody = 24 << 20
)

// phoneState is a customer's phone.
type phoneState struct {
	On     bool      `json:"on"` // this world has phones
	Number string    `json:"number"`
	Tabs   []chatTab `json:"tabs"`
	Chat   *chatView `json:"chat,omitempty"` // the one that is open
}

// chatTab is a chat that the phone has, or could begin.
type chatTab struct {
	Kind   string `json:"kind"`
	Used   bool   `json:"used"` // something was said there
	Unread int    `json:"unread"`
}

// chatView is the chat that is shown.
type chatView struct {
	Customer string     `json:"customer"` // whose phone it is
	Kind     string     `json:"kind"`
	With     string     `json:"with"` // how the customer knows the company there
	Lines    []chatLine `json:"lines"`
	Window   chatWindow `json:"window"`
	Typing   bool       `json:"typing"`
}

// chatWith says how the company is reached on a kind of chat.
func chatWith(kind string) string {
	return map[string]string{chatWhatsApp: whatsAppNumber, chatSMS: smsNumber, chatMessenger: "facebook.com/acme"}[kind]
}

// phonePane is a customer's phone on the page.
type phonePane struct{ *house }

func (p *phonePane) routes(mux *http.ServeMux) {
	mux.HandleFunc("POST /phone/{verb}", p.useChat)
	mux.HandleFunc("GET /phone/file", p.chatPicture)
}

// phoneOf gives a customer's phone. Nil: this world has none, or no such customer.
func (p *phonePane) phoneOf(address string) *handset {
	phones := p.world.phones.Load()
	if phones == nil {
		return nil
	}
	for _, c := range p.customers() {
		if strings.EqualFold(c.Address, address) {
			return phones.handset(c.Address, c.Name)
		}
	}
	return nil
}

// state gives what a customer's phone shows, with one of its chats open.
func (p *phonePane) state(address, open string) phoneState {
	h := p.phoneOf(address)
	if h == nil {
		return phoneState{Tabs: []chatTab{}}
	}
	s := phoneState{On: true, Number: h.number, Tabs: p.chatTabs(address, h)}
	c, err := h.chat(open)
	if err != nil {
		return s
	}
	lines := c.lines()
	s.Chat = &chatView{Customer: address, Kind: open, With: chatWith(open), Lines: lines[max(0, len(lines)-shownLines):], Window: c.window(p.o.Clock.Now()), Typing: c.typing()}
	return s
}

// chatTabs lists a phone's chats.
func (p *phonePane) chatTabs(address string, h *handset) []chatTab {
	tabs := []chatTab{}
	for _, kind := range chatKinds() {
		c, err := h.chat(kind)
		if err != nil {
			continue
		}
		tab := chatTab{Kind: kind}
		p.marks.mu.Lock()
		for _, l := range c.lines() {
			tab.Used = true
			if !l.Mine && !p.marks.seen[chatKey(address, kind, l.ID)] {
				tab.Unread++
			}
		}
		p.marks.mu.Unlock()
		tabs = append(tabs, tab)
	}
	return tabs
}

func chatKey(address, kind, line string) string {
	return strings.ToLower(address) + "/" + kind + "/" + line
}

// chatRequest is what a person does on a phone.
type chatRequest struct {
	Customer string `json:"customer"` // mail address
	Chat     string `json:"chat"`
	Text     string `json:"text"`
	Line     string `json:"line"` // id of the message it is about
	Choice   string `json:"choice"`
	Sample   bool   `json:"sample"` // send the demo's own picture
	File     *struct {
		Name string `json:"name"`
		Type string `json:"type"`
		Data []byte `json:"data"`
	} `json:"file"`
}

// useChat is POST /phone/{verb}: say, tap, react or read.
func (p *phonePane) useChat(w http.ResponseWriter, r *http.Request) {
	var in chatRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxChatBody)).Decode(&in); err != nil {
		refuse(w, http.StatusBadRequest, errors.New("this can't be read, or the file is too large"))
		return
	}
	h := p.phoneOf(in.Customer)
	if h == nil {
		refuse(w, http.StatusNotFound, errors.New("there is no such customer"))
		return
	}
	c, err := h.chat(in.Chat)
	if err == nil {
		err = p.doInChat(c, r.PathValue("verb"), in)
	}
	if err != nil {
		refuse(w, http.StatusConflict, err)
		return
	}
	p.hub.wake()
	answer(w, map[string]bool{"ok": true})
}

func (p *phonePane) doInChat(c chat, verb string, in chatRequest) error {
	switch verb {
	case "say":
		var f *chatFile
		switch {
		case in.Sample:
			f = &chatFile{Name: "mug.png", Type: "image/png", Content: mugPicture()}
		case in.File != nil:
			f = &chatFile{Name: in.File.Name, Type: in.File.Type, Content: in.File.Data}
		}
		if err := checkSay(in.Text, f); err != nil {
			return err
		}
		return c.say(in.Text, f, in.Line)
	case "tap", "react":
		l, ok := lineOf(c, in.Line)
		if !ok {
			return errNoLine
		}
		if verb == "react" {
			return c.react(l.ID, in.Choice)
		}
		if !slices.ContainsFunc(l.Choices, func(o chatChoice) bool { return o.ID == in.Choice && o.URL == "" }) {
			return errors.New("this can't be tapped any more")
		}
		return c.tap(l.ID, in.Choice)
	case "read":
		fresh := false
		p.marks.mu.Lock()
		for _, l := range c.lines() {
			if key := chatKey(in.Customer, in.Chat, l.ID); !l.Mine && !p.marks.seen[key] {
				p.marks.seen[key], fresh = true, true
			}
		}
		p.marks.mu.Unlock()
		if fresh {
			c.read()
		}
		return nil
	}
	return fmt.Errorf("a phone can't %q", verb)
}

// chatPicture is GET /phone/file: the file of a message.
func (p *phonePane) chatPicture(w http.ResponseWriter, r *http.Request) {
	h := p.phoneOf(r.FormValue("customer"))
	if h == nil {
		http.NotFound(w, r)
		return
	}
	c, err := h.chat(r.FormValue("chat"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	l, ok := lineOf(c, r.FormValue("line"))
	if !ok || l.File == nil {
		http.NotFound(w, r)
		return
	}
	serveFile(w, l.File.Name, l.File.Type, l.File.Content)
}

// watch tells open pages what happens on the phones, also on those of later rounds.
func (p *phonePane) watch(ctx context.Context) {
	for phones := p.world.phones.Load(); phones != nil && ctx.Err() == nil; phones = p.world.phones.Load() {
		phones.changes(ctx, p.hub.wake) // returns when a reset closes these phones
		select {
		case <-phones.replaced:
		case <-ctx.Done():
		}
	}
}

// lookIntoPhones hears what customers write by phone, and sees what they receive.
// Caller holds witness.mu.
func (p *lookout) lookIntoPhones(now time.Time) {
	phones := p.world.phones.Load()
	if phones == nil {
		return
	}
	for address, h := range phones.all() {
		for _, kind := range chatKinds() {
			c, err := h.chat(kind)
			if err != nil {
				continue
			}
			for _, l := range c.lines() {
				p.noteLine(address+" "+kind, kind, h, l, now)
			}
		}
	}
}

func (p *lookout) noteLine(box, kind string, h *handset, l chatLine, now time.Time) {
	text, files := l.Text, 0
	if l.File != nil {
		text, files = cmp.Or(l.Text, l.File.Name), 1
	}
	switch {
	case l.Automatic || l.Elsewhere: // nobody said it in Slack
	case l.Mine:
		alias := h.number
		if kind == chatMessenger {
			alias = h.page.ID()
		}
		p.witness.hear(judge.Saying{Key: "<" + l.ID + ">", Way: judge.WayIn, Who: h.name, Alias: alias, Whom: chatWith(kind), At: l.At, Text: text, Box: box,
			Files: files, Bare: l.Text == "" && files > 0}, now)
	default:
		p.witness.see(judge.Arrival{Key: box + "/" + l.ID, Way: judge.WayOut, At: l.At, Box: box, Wording: judge.WordingOf(text)})
	}
}

// all gives the phones by their owners' mail addresses.
func (p *phones) all() map[string]*handset {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.people)
}
