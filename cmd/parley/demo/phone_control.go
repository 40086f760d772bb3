package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/channels/emulator"
)

// Control is an HTTP API with which other programs, such as integration tests against parley fakes, act as customers with
// phones. They can write to the company, tap buttons and read its answers. For example, this sends a WhatsApp message:
//
//	POST /_fake/person/+15551234567/say
//	{"channel": "whatsapp", "text": "Where is my parcel?"}
type Control struct {
	// People finds the customers.
	People People
	// Changes calls each whenever a phone may have changed. It blocks until ctx ends.
	Changes func(ctx context.Context, each func())
}

// People is the set of customers with phones. The parameter user identifies one: a phone number (E.164, such as
// "+15551234567") or any other string.
type People interface {
	// Find returns a user's phone; false if the user has none.
	Find(user string) (Phone, bool)
	// Meet returns a user's phone. It creates one if there is none; name is then the user's display name in chats.
	Meet(user, name string) Phone
	// List returns all users with a phone.
	List() []PhoneOwner
}

// Phone is a customer's phone with a chat of each kind.
type Phone interface {
	// Chat returns the chat of a kind, such as WhatsApp. Errors: kind is unknown.
	Chat(kind string) (Chat, error)
}

// PhoneOwner describes a user with a phone.
type PhoneOwner struct {
	User   string `json:"user"`
	Name   string `json:"name"`
	Number string `json:"number"`
}

// AddRoutes registers the routes of the API. Requests and responses are JSON. channel is whatsapp, messenger or sms.
//
//	GET  /_fake/users                                   all users with a phone: []Owner
//	GET  /_fake/chat?channel=&user=                     the messages of both sides: []Line, oldest first
//	GET  /_fake/inbox?channel=&user=[&min=N][&wait=S]   the company's messages: []Line; waits up to S seconds for N of them
//	GET  /_fake/file?channel=&user=&message=            a file's metadata; with &raw=1 its content
//	POST /_fake/person/{user}/{verb}                    body Act
//
// Errors are {"ok":false,"error":…}: 409 for a refused action, 400 for a malformed request, 404 for an unknown verb.
func (c Control) AddRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /_fake/users", func(w http.ResponseWriter, _ *http.Request) {
		emulator.WriteJSON(w, http.StatusOK, c.People.List())
	})
	mux.HandleFunc("GET /_fake/chat", c.withChat(func(w http.ResponseWriter, _ *http.Request, chat Chat) {
		emulator.WriteJSON(w, http.StatusOK, slices.Concat([]Line{}, chat.Lines()))
	}))
	mux.HandleFunc("GET /_fake/inbox", c.withChat(c.serveInbox))
	mux.HandleFunc("GET /_fake/file", c.withChat(phoneServeFile))
	mux.HandleFunc("POST /_fake/person/{user}/{verb}", c.runVerb)
}

// withChat returns a handler that looks up the chat that the query names and passes it to serve.
func (c Control) withChat(serve func(w http.ResponseWriter, r *http.Request, chat Chat)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		user := readUser(r.URL.Query().Get("user"))
		owner, ok := c.People.Find(user)
		if !ok {
			emulator.WriteResult(w, nil, fmt.Errorf("nobody called %q has a phone", user))
			return
		}
		chat, err := owner.Chat(r.URL.Query().Get("channel"))
		if err != nil {
			emulator.WriteResult(w, nil, err)
			return
		}
		serve(w, r, chat)
	}
}

// readUser returns the user that a query names. It restores the plus sign of a phone number that the client forgot to
// escape, which a query decodes as a space.
func readUser(text string) string {
	if number, ok := strings.CutPrefix(text, " "); ok {
		return "+" + number
	}
	return text
}

// maxWait is the maximum time for which a request waits for messages.
const maxWait = 10 * time.Minute

// serveInbox responds with the messages that a customer received. It waits until there are min messages or wait seconds
// have passed.
func (c Control) serveInbox(w http.ResponseWriter, r *http.Request, chat Chat) {
	minLines, _ := strconv.Atoi(r.URL.Query().Get("min")) // 0 if it isn't a number
	seconds, _ := strconv.Atoi(r.URL.Query().Get("wait")) // likewise
	received := func() []Line {
		return slices.DeleteFunc(slices.Concat([]Line{}, chat.Lines()), func(l Line) bool { return l.Mine })
	}

	if seconds > 0 && len(received()) < minLines {
		ctx, stop := context.WithTimeout(r.Context(), min(time.Duration(seconds)*time.Second, maxWait))
		defer stop()
		c.Changes(ctx, func() {
			if len(received()) >= minLines {
				stop()
			}
		})
	}

	emulator.WriteJSON(w, http.StatusOK, received())
}

// serveFile responds with the file of a message.
func phoneServeFile(w http.ResponseWriter, r *http.Request, chat Chat) {
	line, ok := LineOf(chat, r.URL.Query().Get("message"))
	switch {
	case !ok || line.File == nil:
		emulator.WriteResult(w, nil, errors.New("there is no such message with a file"))
	case r.URL.Query().Get("raw") != "":
		w.Header().Set("Content-Type", line.File.Type)
		_, _ = w.Write(line.File.Content) // an error means that the client has disconnected
	default:
		emulator.WriteJSON(w, http.StatusOK, map[string]any{"name": line.File.Name, "type": line.File.Type, "size": len(line.File.Content)})
	}
}

// Act is the body of POST /_fake/person/{user}/{verb}. Each verb uses the fields listed here:
//
//	meet                              creates a phone for the user if there is none
//	say    channel text files reply   → {"id"} of the last message; reply is the id of the message it answers, or ""
//	tap    channel message name       name is the title or the id of a choice; message may be ""
//	react  channel message name       name is an emoji; "" removes the reaction
//	read   channel
//
// Profile is the display name for a user who has no phone yet.
type Act struct {
	Channel string    `json:"channel"`
	Profile string    `json:"profile,omitempty"`
	Text    string    `json:"text,omitempty"`
	Files   []ActFile `json:"files,omitempty"`
	Reply   string    `json:"reply,omitempty"`
	Message string    `json:"message,omitempty"`
	Name    string    `json:"name,omitempty"`
}

// ActFile is a file that a customer sends.
type ActFile struct {
	Name        string `json:"name,omitempty"`
	ContentType string `json:"content_type"`
	Content     []byte `json:"content"` // base64 in JSON
}

// runVerb serves POST /_fake/person/{user}/{verb}.
func (c Control) runVerb(w http.ResponseWriter, r *http.Request) {
	var a Act
	if !emulator.DecodeJSON(w, r, &a) {
		return
	}

	verb := r.PathValue("verb")
	if !slices.Contains([]string{"meet", "say", "tap", "react", "read"}, verb) {
		emulator.WriteJSON(w, http.StatusNotFound, map[string]any{"ok": false, "error": "unknown verb " + verb})
		return
	}

	owner := c.People.Meet(r.PathValue("user"), a.Profile)
	if verb == "meet" {
		emulator.WriteResult(w, nil, nil)
		return
	}
	chat, err := owner.Chat(a.Channel)
	if err != nil {
		emulator.WriteResult(w, nil, err)
		return
	}
	out, err := a.run(verb, chat)
	emulator.WriteResult(w, out, err)
}

// run performs a verb other than meet in a chat and returns the body of the response.
func (a Act) run(verb string, chat Chat) (out map[string]any, err error) {
	switch verb {
	case "tap":
		return nil, a.tap(chat)
	case "react":
		return nil, chat.React(a.Message, a.Name)
	case "read":
		chat.Read()
		return nil, nil
	}

	id, err := a.say(chat)
	return map[string]any{"id": id}, err
}

// say sends a text and files. Each file is a message of its own, and the first one includes the text. It returns the id
// of the last message.
func (a Act) say(chat Chat) (id string, err error) {
	files := []*File{nil} // no file: one message with only the text
	if len(a.Files) > 0 {
		files = nil
	}
	for _, f := range a.Files {
		files = append(files, &File{Name: f.Name, Type: f.ContentType, Content: f.Content})
	}

	for i, f := range files {
		text := a.Text
		if i > 0 {
			text = ""
		}
		if err := CheckSay(text, f); err != nil {
			return "", err
		}
		if id, err = chat.Say(text, f, a.Reply); err != nil {
			return "", err
		}
	}
	return id, nil
}

// tap taps the choice a.Name of the message a.Message, or of the newest message that has this choice.
func (a Act) tap(chat Chat) error {
	for _, l := range slices.Backward(chat.Lines()) {
		isMeant := a.Message == "" || a.Message == l.ID
		if !isMeant {
			continue
		}
		for _, choice := range l.Choices {
			if choice.Title != a.Name && choice.ID != a.Name {
				continue
			}
			if choice.URL != "" {
				return fmt.Errorf("%q leads to %s: nobody is told of that tap", a.Name, choice.URL)
			}
			return chat.Tap(l.ID, choice.ID)
		}
	}
	return fmt.Errorf("there is nothing to tap that says %q", a.Name)
}

// Find implements People.
func (p *Exchange) Find(user string) (Phone, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.people[p.keyOf(user)]
	return h, h != nil
}

// Meet implements People.
func (p *Exchange) Meet(user, name string) Phone { return p.Handset(user, name) }

// List implements People.
func (p *Exchange) List() []PhoneOwner {
	list := []PhoneOwner{}
	for key, h := range p.All() {
		list = append(list, PhoneOwner{User: key, Name: h.name, Number: h.number})
	}
	slices.SortFunc(list, func(a, b PhoneOwner) int { return strings.Compare(a.User, b.User) })
	return list
}
