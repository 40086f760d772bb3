package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

const (
	// shownLines is how many of a chat's messages the page shows.
	shownLines = 200
	// maxChatBody limits the size of a request: a picture, base64-encoded in JSON.
	maxChatBody = 24 << 20
)

// phoneState is what a customer's phone shows.
type phoneState struct {
	On     bool      `json:"on"` // the demo has phones
	Number string    `json:"number"`
	Tabs   []chatTab `json:"tabs"`
	Chat   *chatView `json:"chat,omitempty"` // the open chat
}

// chatTab is the tab of one kind of chat.
type chatTab struct {
	Kind   string `json:"kind"`
	Used   bool   `json:"used"` // it has messages
	Unread int    `json:"unread"`
}

// chatView is the open chat.
type chatView struct {
	Customer string `json:"customer"` // whose phone it is
	Kind     string `json:"kind"`
	With     string `json:"with"` // the company's address in this chat, such as its phone number
	Lines    []Line `json:"lines"`
	Window   Window `json:"window"`
	Typing   bool   `json:"typing"`
}

// phonePane serves the phone on the demo's page. The phone shows a customer's chats with the company over WhatsApp,
// SMS and Messenger. The visitor of the page plays the customer, for example by writing as Dana Cole that her parcel
// is late. A chat consists of lines, which are its messages.
type phonePane struct{ *pageState }

func (p *phonePane) addRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /phone/{verb}", p.useChat)
	mux.HandleFunc("GET /phone/file", p.chatPicture)
}

// phoneOf returns the phone of the customer with this mail address. It returns nil if the demo has no phones or
// there is no such customer.
func (p *phonePane) phoneOf(address string) *Handset {
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

// readState returns the state of a customer's phone. open is the kind of the open chat, such as phone.Messenger. If it
// isn't a kind of chat, no chat is open.
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
		With:     CompanyAt(open),
		Lines:    lines[max(0, len(lines)-shownLines):],
		Window:   c.Window(p.options.Clock.Now()),
		Typing:   c.IsTyping(),
	}
	return s
}

// chatTabs lists the tabs of a phone, with the number of unread messages in each.
func (p *phonePane) chatTabs(address string, h *Handset) []chatTab {
	tabs := []chatTab{}
	for _, kind := range Kinds() {
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

// chatRequest is the body of POST /phone/{verb}.
type chatRequest struct {
	Customer string `json:"customer"` // mail address
	Chat     string `json:"chat"`
	Text     string `json:"text"`
	Line     string `json:"line"`   // id of the message that it refers to
	Choice   string `json:"choice"` // id of the tapped choice, or the emoji of a reaction
	Sample   bool   `json:"sample"` // send the demo's own picture
	File     *struct {
		Name string `json:"name"`
		Type string `json:"type"`
		Data []byte `json:"data"`
	} `json:"file"`
}

// useChat serves POST /phone/{verb}, where verb is say, tap, react or read.
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

// act performs the action that a request names.
func (p *phonePane) act(c Chat, verb string, in chatRequest) error {
	switch verb {
	case "say":
		return in.say(c)
	case "tap":
		return in.tap(c)
	case "react":
		l, ok := LineOf(c, in.Line)
		if !ok {
			return ErrNoLine
		}
		return c.React(l.ID, in.Choice)
	case "read":
		p.markRead(c, in)
		return nil
	}
	return fmt.Errorf("a phone can't %q", verb)
}

// say sends a text, a file, or both.
func (in chatRequest) say(c Chat) error {
	var f *File
	if in.Sample {
		f = &File{Name: "mug.png", Type: "image/png", Content: MugPicture()}
	} else if in.File != nil {
		f = &File{Name: in.File.Name, Type: in.File.Type, Content: in.File.Data}
	}

	if err := CheckSay(in.Text, f); err != nil {
		return err
	}
	_, err := c.Say(in.Text, f, in.Line)
	return err
}

func (in chatRequest) tap(c Chat) error {
	l, ok := LineOf(c, in.Line)
	if !ok {
		return ErrNoLine
	}
	if !slices.ContainsFunc(l.Choices, func(o Choice) bool { return o.ID == in.Choice && o.URL == "" }) {
		return errors.New("this can't be tapped any more")
	}
	return c.Tap(l.ID, in.Choice)
}

// markRead marks all lines of a chat as seen. If one of them was new, the company gets a read receipt.
func (p *phonePane) markRead(c Chat, in chatRequest) {
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

// chatPicture serves GET /phone/file: the file of a message.
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

	l, ok := LineOf(c, r.FormValue("line"))
	if !ok || l.File == nil {
		http.NotFound(w, r)
		return
	}

	serveFile(w, l.File.Name, l.File.Type, l.File.Content)
}

// watch notifies open pages of changes on the phones until ctx ends. Resetting the demo replaces the phones; watch
// then continues with the new ones.
func (p *phonePane) watch(ctx context.Context) {
	for phones := p.company.Phones(); phones != nil && ctx.Err() == nil; phones = p.company.Phones() {
		phones.Changes(ctx, p.hub.wake) // returns when a reset closes these phones
		select {
		case <-phones.Replaced():
		case <-ctx.Done():
		}
	}
}
