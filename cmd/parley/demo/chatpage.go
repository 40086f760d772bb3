package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"parley/cmd/parley/demo/company"
	"parley/cmd/parley/demo/phone"
)

const (
	// shownLines is how many of a chat's messages the page shows.
	shownLines = 200
	// maxChatBody bounds what the page sends: a picture with what is around it.
	maxChatBody = 24 << 20
)

// phoneState is a customer's phone.
type phoneState struct {
	On     bool      `json:"on"` // there are phones
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
	Customer string       `json:"customer"` // whose phone it is
	Kind     string       `json:"kind"`
	With     string       `json:"with"` // how the customer knows the company there
	Lines    []phone.Line `json:"lines"`
	Window   phone.Window `json:"window"`
	Typing   bool         `json:"typing"`
}

// phonePane serves the phone on the demo's page, with a customer's chats by WhatsApp, SMS and Messenger. The
// visitor writes and taps there as the customer.
type phonePane struct{ *pageState }

func (p *phonePane) addRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /phone/{verb}", p.useChat)
	mux.HandleFunc("GET /phone/file", p.chatPicture)
}

// phoneOf returns the phone of the customer with a mail address; nil if there are no phones, or no such
// customer.
func (p *phonePane) phoneOf(address string) *phone.Handset {
	phones := p.company.Phones()
	if phones == nil {
		return nil
	}
	for _, c := range p.listCustomers() {
		if strings.EqualFold(c.Address, address) {
			return phones.Handset(c.Address, c.Name)
		}
	}
	return nil
}

// readState returns what a customer's phone shows. open is the kind of the chat that is open, such as
// phone.Messenger; for any other text none is.
func (p *phonePane) readState(address, open string) phoneState {
	h := p.phoneOf(address)
	if h == nil {
		return phoneState{Tabs: []chatTab{}}
	}
	_, number := h.Who()
	s := phoneState{On: true, Number: number, Tabs: p.chatTabs(address, h)}
	c, err := h.Chat(open)
	if err != nil {
		return s
	}
	lines := c.Lines()
	s.Chat = &chatView{
		Customer: address,
		Kind:     open,
		With:     phone.CompanyAt(open),
		Lines:    lines[max(0, len(lines)-shownLines):],
		Window:   c.Window(p.options.Clock.Now()),
		Typing:   c.IsTyping(),
	}
	return s
}

// chatTabs lists a phone's chats.
func (p *phonePane) chatTabs(address string, h *phone.Handset) []chatTab {
	tabs := []chatTab{}
	for _, kind := range phone.Kinds() {
		c, err := h.Chat(kind)
		if err != nil {
			continue
		}

		tab := chatTab{Kind: kind}
		for _, l := range c.Lines() {
			tab.Used = true
			if !l.Mine && !p.marks.hasSeen(chatKey(address, kind, l.ID)) {
				tab.Unread++
			}
		}
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
	Line     string `json:"line"`   // id of the message it is about
	Choice   string `json:"choice"` // id of what is tapped, or an emoji
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
		writeError(w, http.StatusBadRequest, errors.New("this can't be read, or the file is too large"))
		return
	}

	h := p.phoneOf(in.Customer)
	if h == nil {
		writeError(w, http.StatusNotFound, errors.New("there is no such customer"))
		return
	}

	c, err := h.Chat(in.Chat)
	if err == nil {
		err = p.act(c, r.PathValue("verb"), in)
	}
	if err != nil {
		writeError(w, http.StatusConflict, err)
		return
	}

	p.hub.wake()
	writeJSON(w, map[string]bool{"ok": true})
}

// act does in a chat what a request asks for.
func (p *phonePane) act(c phone.Chat, verb string, in chatRequest) error {
	switch verb {
	case "say":
		return in.say(c)
	case "tap":
		return in.tap(c)
	case "react":
		l, ok := phone.LineOf(c, in.Line)
		if !ok {
			return phone.ErrNoLine
		}
		return c.React(l.ID, in.Choice)
	case "read":
		p.markRead(c, in)
		return nil
	}
	return fmt.Errorf("a phone can't %q", verb)
}

// say sends a text, or a file with or without one.
func (in chatRequest) say(c phone.Chat) error {
	var f *phone.File
	if in.Sample {
		f = &phone.File{Name: "mug.png", Type: "image/png", Content: company.MugPicture()}
	} else if in.File != nil {
		f = &phone.File{Name: in.File.Name, Type: in.File.Type, Content: in.File.Data}
	}

	if err := phone.CheckSay(in.Text, f); err != nil {
		return err
	}
	_, err := c.Say(in.Text, f, in.Line)
	return err
}

func (in chatRequest) tap(c phone.Chat) error {
	l, ok := phone.LineOf(c, in.Line)
	if !ok {
		return phone.ErrNoLine
	}
	if !slices.ContainsFunc(l.Choices, func(o phone.Choice) bool { return o.ID == in.Choice && o.URL == "" }) {
		return errors.New("this can't be tapped any more")
	}
	return c.Tap(l.ID, in.Choice)
}

// markRead marks all lines of a chat as seen, and tells the company if one of them was new.
func (p *phonePane) markRead(c phone.Chat, in chatRequest) {
	hasNew := false
	for _, l := range c.Lines() {
		if !l.Mine && p.marks.markSeen(chatKey(in.Customer, in.Chat, l.ID)) {
			hasNew = true
		}
	}
	if hasNew {
		c.Read()
	}
}

// chatPicture is GET /phone/file: the file of a message.
func (p *phonePane) chatPicture(w http.ResponseWriter, r *http.Request) {
	h := p.phoneOf(r.FormValue("customer"))
	if h == nil {
		http.NotFound(w, r)
		return
	}

	c, err := h.Chat(r.FormValue("chat"))
	if err != nil {
		http.NotFound(w, r)
		return
	}

	l, ok := phone.LineOf(c, r.FormValue("line"))
	if !ok || l.File == nil {
		http.NotFound(w, r)
		return
	}

	serveFile(w, l.File.Name, l.File.Type, l.File.Content)
}

// watch tells open pages what happens on the phones, also on those of later rounds.
func (p *phonePane) watch(ctx context.Context) {
	for phones := p.company.Phones(); phones != nil && ctx.Err() == nil; phones = p.company.Phones() {
		phones.Changes(ctx, p.hub.wake) // returns when a reset closes these phones
		select {
		case <-phones.Replaced():
		case <-ctx.Done():
		}
	}
}
