package phone

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

// Control is an HTTP API by which programs in another process, such as somebody's own tests beside parley fakes,
// play customers with phones. They write to the company, tap buttons, and read what it answers.
type Control struct {
	// People are the customers.
	People People
	// Changes calls each whenever something may have happened on a phone. It blocks until ctx ends.
	Changes func(ctx context.Context, each func())
}

// People are the customers with phones. A program names one by user: a phone number (E.164, such as
// "+15551234567"), or any other word.
type People interface {
	// Find returns somebody's phone; false if nobody of that name has one.
	Find(user string) (Phone, bool)
	// Meet returns somebody's phone. Somebody who has none gets one, and is called name in chats.
	Meet(user, name string) Phone
	// List returns all who have a phone.
	List() []Owner
}

// Phone has a chat of each kind.
type Phone interface {
	// Chat returns the chat of a kind. Errors: there is no such kind.
	Chat(kind string) (Chat, error)
}

// Owner is somebody with a phone.
type Owner struct {
	User   string `json:"user"`
	Name   string `json:"name"`
	Number string `json:"number"`
}

// AddRoutes adds the addresses by which programs play customers, all with JSON. channel is whatsapp, messenger or sms.
//
//	GET  /_fake/users                                   who has a phone: []Owner
//	GET  /_fake/chat?channel=&user=                     what a phone shows, from both sides: []Line, oldest first
//	GET  /_fake/inbox?channel=&user=[&min=N][&wait=S]   what the customer received: []Line; waits up to S seconds for N of them
//	GET  /_fake/file?channel=&user=&message=            metadata; &raw=1 the bytes
//	POST /_fake/person/{user}/{verb}                    body Act
//
// Refusals are {"ok":false,"error":…} with status 409, bad requests 400.
func (c Control) AddRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /_fake/users", func(w http.ResponseWriter, _ *http.Request) {
		emulator.WriteJSON(w, http.StatusOK, c.People.List())
	})
	mux.HandleFunc("GET /_fake/chat", c.withChat(func(w http.ResponseWriter, _ *http.Request, chat Chat) {
		emulator.WriteJSON(w, http.StatusOK, slices.Concat([]Line{}, chat.Lines()))
	}))
	mux.HandleFunc("GET /_fake/inbox", c.withChat(c.serveInbox))
	mux.HandleFunc("GET /_fake/file", c.withChat(serveFile))
	mux.HandleFunc("POST /_fake/person/{user}/{verb}", c.runVerb)
}

// withChat serves a request about the chat that its query names.
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

// readUser returns the user that a query names. It accepts a phone number whose plus sign isn't escaped, although
// that means a blank in a query.
func readUser(text string) string {
	if number, ok := strings.CutPrefix(text, " "); ok {
		return "+" + number
	}
	return text
}

// maxWait bounds how long a request waits for messages.
const maxWait = 10 * time.Minute

// serveInbox answers with what a customer received, once that is enough or the time is over.
func (c Control) serveInbox(w http.ResponseWriter, r *http.Request, chat Chat) {
	least, _ := strconv.Atoi(r.URL.Query().Get("min"))    // 0 if it isn't a number
	seconds, _ := strconv.Atoi(r.URL.Query().Get("wait")) // likewise
	received := func() []Line {
		return slices.DeleteFunc(slices.Concat([]Line{}, chat.Lines()), func(l Line) bool { return l.Mine })
	}

	if seconds > 0 && len(received()) < least {
		ctx, stop := context.WithTimeout(r.Context(), min(time.Duration(seconds)*time.Second, maxWait))
		defer stop()
		c.Changes(ctx, func() {
			if len(received()) >= least {
				stop()
			}
		})
	}

	emulator.WriteJSON(w, http.StatusOK, received())
}

// serveFile answers with the file of a message.
func serveFile(w http.ResponseWriter, r *http.Request, chat Chat) {
	line, ok := LineOf(chat, r.URL.Query().Get("message"))
	switch {
	case !ok || line.File == nil:
		emulator.WriteResult(w, nil, errors.New("there is no such message with a file"))
	case r.URL.Query().Get("raw") != "":
		w.Header().Set("Content-Type", line.File.Type)
		_, _ = w.Write(line.File.Content) // who hung up doesn't want it
	default:
		emulator.WriteJSON(w, http.StatusOK, map[string]any{"name": line.File.Name, "type": line.File.Type, "size": len(line.File.Content)})
	}
}

// Act is the body of POST /_fake/person/{user}/{verb}; each verb reads what it needs:
//
//	meet                              the person has a phone, and writes nothing
//	say    channel text files reply   → {"id"}, of the last message; reply is the message that it answers, or ""
//	tap    channel message name       name is the words or the id of a choice; message may be ""
//	react  channel message name       name is an emoji; "" takes the reaction back
//	read   channel
//
// Profile is what chats call somebody who has no phone yet.
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

// runVerb lets a customer do something.
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

// run does one thing in a chat, and returns what is answered.
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

// say sends a text, and files, each with a message of its own. The text goes with the first of them.
func (a Act) say(chat Chat) (id string, err error) {
	files := []*File{nil} // a text alone
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

// tap taps what the act names, of the message that it names, or of the newest that has it.
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
func (p *Exchange) List() []Owner {
	list := []Owner{}
	for key, h := range p.All() {
		list = append(list, Owner{User: key, Name: h.name, Number: h.number})
	}
	slices.SortFunc(list, func(a, b Owner) int { return strings.Compare(a.User, b.User) })
	return list
}
