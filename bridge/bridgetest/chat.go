package bridgetest

import (
	"cmp"
	"context"
	"fmt"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels/emulator"
)

// patience is the timeout of every wait in this package. Only failing tests reach it.
const patience = 2 * time.Minute

// App is the user id of our own app in a Chat.
const App = "app"

// Button is a button below a message. A click on it asks Parley for Verb, such as "resolve", with Args. Rich, Form and
// OpenedAt are set for a form that a test submits.
type Button struct {
	Verb bridge.Verb  `json:"verb"`
	Args bridge.Args  `json:"args"`
	Rich *bridge.Rich `json:"rich,omitempty"`
	Form string       `json:"form,omitempty"` // id of the form, to submit the same one twice; "" means a new one each time

	OpenedAt time.Time `json:"opened_at,omitzero"` // zero means unknown
}

// File is a file in a Chat.
type File struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Content []byte `json:"content,omitempty"`
	Blob    string `json:"blob,omitempty"` // id of the content, if it was uploaded to the engine instead
	Size    int64  `json:"size,omitempty"` // bytes of the uploaded content

	Unavailable string `json:"unavailable,omitempty"` // why it can't be read
}

// Message is a message of a Chat. Ids increase with time within a Chat.
type Message struct {
	Channel  string           `json:"channel"`
	ID       string           `json:"id"`
	Thread   string           `json:"thread,omitempty"` // the root's id; "" for a root
	User     string           `json:"user"`
	By       bridge.ActorKind `json:"by,omitempty"`
	Name     string           `json:"name,omitempty"` // the author's name that is shown for a post of App
	Text     string           `json:"text"`           // "<@user>" is a mention; literal characters are written &lt; &gt; &amp;
	Kind     string           `json:"kind,omitempty"`
	Buttons  []Button         `json:"buttons,omitempty"`
	Files    []File           `json:"files,omitempty"`
	Marks    []string         `json:"marks,omitempty"`
	Token    string           `json:"token,omitempty"`
	Version  int              `json:"version"`
	Deleted  bool             `json:"deleted,omitempty"`
	Restored bool             `json:"restored,omitempty"` // it was deleted and then restored
	Whisper  string           `json:"whisper,omitempty"`  // the only user who sees it; "" means everybody
	Order    string           `json:"order"`              // see bridge.Action
	Sequence int              `json:"sequence"`           // number of its last change, counted over the whole Chat
}

// Plain returns the text as people read it, without escapes.
func (m Message) Plain() string {
	if !strings.Contains(m.Text, "&") {
		return m.Text
	}
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(m.Text)
}

// Mentions returns the users whom the message notifies.
func (m Message) Mentions() []string {
	var users []string
	for _, found := range regexp.MustCompile(`<@([A-Za-z0-9]+)>`).FindAllStringSubmatch(m.Text, -1) {
		users = append(users, found[1])
	}
	return users
}

// User is a user of a Chat.
type User struct {
	ID, Email string
	Kind      bridge.ActorKind // "" means bridge.ActorPerson
}

// Chat is a small in-memory chat platform that replaces Slack or Teams in tests. It has channels with threads, people, our
// app, and an HTTP API. A test calls methods such as Say and Press to act as a person. The app (a Surface) calls the API to
// post messages, and listens to a stream of events. It doesn't get events that happen while it is not connected.
//
//	chat := NewChat(t, User{ID: "ann"})
//	chat.Open("support")
//	id := chat.Say("ann", "support", "", "Hello") // the app gets an event
type Chat struct {
	srv     *httptest.Server
	closing chan struct{}
	changed emulator.Signal // poked at each new or changed message, call and stream

	mu       sync.Mutex
	now      func() time.Time
	users    map[string]User
	channels map[string]bool     // false means closed
	private  map[string][]string // users who may read a channel; a channel without an entry is public
	messages []*Message
	serial   int // last number used in an id
	sequence int // number of the last change

	streams map[string]*stream // open streams by the id in streamHeader
	opened  int                // number of streams opened so far
	mute    bool               // events get lost; see Mute

	faults *emulator.FaultSet[Fault]
	struck int            // number of faults that have struck
	calls  map[string]int // number of calls by name
}

// NewChat starts a Chat, which stops when the test ends.
func NewChat(t testing.TB, users ...User) *Chat {
	c := &Chat{
		now: time.Now, closing: make(chan struct{}), users: map[string]User{}, channels: map[string]bool{}, private: map[string][]string{},
		streams: map[string]*stream{}, faults: emulator.NewFaultSet[Fault](1), calls: map[string]int{},
	}
	for _, u := range users {
		u.Kind = cmp.Or(u.Kind, bridge.ActorPerson)
		c.users[u.ID] = u
	}

	c.users[App] = User{ID: App, Kind: bridge.ActorSelf}
	c.srv = httptest.NewServer(api{chat: c}.makeHandler())
	t.Cleanup(func() {
		close(c.closing)
		c.srv.CloseClientConnections()
		c.srv.Close()
	})

	return c
}

// URL returns the address of the Chat's API.
func (c *Chat) URL() string { return c.srv.URL }

// Open creates a channel, or reopens a closed one.
func (c *Chat) Open(channel string) { c.setChannel(channel, true) }

// Close closes a channel. The app can no longer post there.
func (c *Chat) Close(channel string) { c.setChannel(channel, false) }

func (c *Chat) setChannel(channel string, open bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.channels[channel] = open
}

// SetNow replaces the clock of the Chat.
func (c *Chat) SetNow(now func() time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// add stores a message and assigns its id and order. c.mu must be held.
func (c *Chat) add(m Message) *Message {
	c.serial++
	c.sequence++
	m.ID = fmt.Sprintf("m%06d", c.serial)
	m.Order = orderOf(c.now(), c.serial)
	m.Sequence = c.sequence
	c.messages = append(c.messages, &m)
	c.changed.Poke()
	return &m
}

// find returns a message, or nil if it doesn't exist. c.mu must be held.
func (c *Chat) find(channel, id string) *Message {
	for _, m := range c.messages {
		if m.Channel == channel && m.ID == id {
			return m
		}
	}
	return nil
}

// Say posts a message of a user in a thread, or at the top level if thread is "". It returns the message's id.
func (c *Chat) Say(user, channel, thread, text string, files ...File) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range files {
		files[i].ID = fmt.Sprintf("f%d.%d", c.serial, i)
	}
	m := c.add(Message{Channel: channel, Thread: thread, User: user, By: c.users[user].Kind, Text: text, Files: files})
	c.emit(event{Type: "say", Message: *m})
	return m.ID
}

// Edit replaces the text of a user's message and adds files to it.
func (c *Chat) Edit(channel, id, text string, files ...File) {
	c.changeMessage(channel, id, "edit", func(m *Message) {
		m.Text = text
		for _, f := range files {
			f.ID = fmt.Sprintf("f%s.%d", m.ID, len(m.Files))
			m.Files = append(m.Files, f)
		}
	})
}

// Delete deletes a message.
func (c *Chat) Delete(channel, id string) {
	c.changeMessage(channel, id, "delete", func(m *Message) { m.Deleted = true })
}

// changeMessage applies change to a message and emits an event of the given type. It does nothing if the message doesn't
// exist.
func (c *Chat) changeMessage(channel, id, eventType string, change func(*Message)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.find(channel, id)
	if m == nil {
		return
	}
	change(m)
	m.Version++
	c.sequence++
	m.Sequence = c.sequence
	c.changed.Poke()
	c.emit(event{Type: eventType, Message: *m})
}

// Press clicks, as a user, the button for a verb below a message of our app.
func (c *Chat) Press(t testing.TB, user string, m Message, verb bridge.Verb) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	at := slices.IndexFunc(m.Buttons, func(b Button) bool { return b.Verb == verb })
	if at < 0 {
		t.Fatalf("no button %q under %q", verb, m.Text)
	}
	c.act(user, event{Type: "press", Message: m, Button: m.Buttons[at]})
}

// act emits an event for an action of a user other than writing, such as a click. c.mu must be held.
func (c *Chat) act(user string, e event) {
	c.serial++
	e.Nonce, e.User, e.By = fmt.Sprintf("n%d", c.serial), user, c.users[user].Kind
	c.emit(e)
}

// React adds, as a user, the emoji for a verb to a message.
func (c *Chat) React(user string, m Message, verb bridge.Verb) { c.ReactWith(user, m, verb, "") }

// ReactWith is React with the emoji's name in Args.Emoji.
func (c *Chat) ReactWith(user string, m Message, verb bridge.Verb, emoji string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.Order = orderOf(c.now(), c.serial+1) // act increments serial
	c.act(user, event{Type: "react", Message: m, Button: Button{Verb: verb, Args: bridge.Args{Emoji: emoji}}})
}

// Choose chooses, as a user, a verb from a message's menu.
func (c *Chat) Choose(user, channel, id string, verb bridge.Verb) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.act(user, event{Type: "choose", Message: *c.find(channel, id), Button: Button{Verb: verb}})
}

// Submit submits, as a user, a form. b holds its verb and arguments.
func (c *Chat) Submit(user, channel, thread string, b Button, text string, files ...File) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.act(user, event{Type: "submit", Button: b, Message: Message{Channel: channel, Thread: thread, Text: text, Files: files}})
}

// Messages returns the messages that everybody sees in a thread, the root first, or at the channel's top level if thread is
// "". Deleted messages and whispers are left out.
func (c *Chat) Messages(channel, thread string) []Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.list(channel, thread)
}

// list is Messages for callers that hold c.mu.
func (c *Chat) list(channel, thread string) []Message {
	var list []Message
	for _, m := range c.messages {
		isRoot := thread != "" && m.ID == thread
		isInThread := isRoot || m.Thread == thread
		if isInThread && m.isShownIn(channel) {
			list = append(list, *m)
		}
	}
	return list
}

// isShownIn reports whether everybody in a channel sees the message.
func (m *Message) isShownIn(channel string) bool {
	isHidden := m.Deleted || m.Whisper != ""
	return m.Channel == channel && !isHidden
}

// Threads returns the messages that everybody sees in a channel, each root followed by the messages of its thread.
func (c *Chat) Threads(channel string) []Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	replies := map[string][]Message{}
	var list []Message
	for _, m := range c.messages {
		if m.Thread != "" && m.isShownIn(channel) {
			replies[m.Thread] = append(replies[m.Thread], *m)
		}
	}
	for _, root := range c.list(channel, "") {
		list = append(append(list, root), replies[root.ID]...)
	}
	return list
}

// Whispers returns the messages that only one user sees.
func (c *Chat) Whispers(user string) []Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []Message
	for _, m := range c.messages {
		if m.Whisper == user {
			list = append(list, *m)
		}
	}
	return list
}

// Get returns a copy of one message, or the zero Message if it doesn't exist.
func (c *Chat) Get(channel, id string) Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.find(channel, id)
	if m == nil {
		return Message{}
	}
	found := *m
	found.Marks = slices.Clone(m.Marks) // marks are modified in place
	return found
}

// Calls returns how often a call of the API was made, by its name: post, update, mark, …
func (c *Chat) Calls(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls[name]
}

// Wait waits until done returns true, and fails the test after a long time. what describes the condition. done is called
// after each change, without c.mu held.
func (c *Chat) Wait(t testing.TB, what string, done func() bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer stop()
	if c.changed.Wait(ctx, done) != nil {
		t.Fatalf("waited in vain: %s\n%s", what, describe(c))
	}
}

// describe lists all messages, for the output of a failed test.
func describe(c *Chat) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	for _, m := range c.messages {
		fmt.Fprintf(&b, "%+v\n", *m)
	}
	return b.String()
}
