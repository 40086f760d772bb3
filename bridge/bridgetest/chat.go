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

// patience bounds every wait of this package; only a failing test uses it up.
const patience = 2 * time.Minute

// App is the user id of our own app in a Chat.
const App = "app"

// Button is a button under a message. A click on it asks Parley for Verb, such as "resolve", with Args.
type Button struct {
	Verb bridge.Verb  `json:"verb"`
	Args bridge.Args  `json:"args"`
	Rich *bridge.Rich `json:"rich,omitempty"` // of a form
	Form string       `json:"form,omitempty"` // which one was opened; "" means another one each time

	OpenedAt time.Time `json:"opened_at,omitzero"` // of a form; zero means not known
}

// File is a file in a Chat.
type File struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Content []byte `json:"content,omitempty"`
	Blob    string `json:"blob,omitempty"` // names the content if it was uploaded to the engine
	Size    int64  `json:"size,omitempty"` // of Blob, in bytes

	Unavailable string `json:"unavailable,omitempty"` // why it can't be read
}

// Message is a message of a Chat. Ids rise with time within a Chat.
type Message struct {
	Channel  string           `json:"channel"`
	ID       string           `json:"id"`
	Thread   string           `json:"thread,omitempty"` // the root's id; "" for a root
	User     string           `json:"user"`
	By       bridge.ActorKind `json:"by,omitempty"`
	Name     string           `json:"name,omitempty"` // App: under whose name it shows
	Text     string           `json:"text"`           // <@user> mentions; &lt; &gt; &amp; are literal
	Kind     string           `json:"kind,omitempty"`
	Buttons  []Button         `json:"buttons,omitempty"`
	Files    []File           `json:"files,omitempty"`
	Marks    []string         `json:"marks,omitempty"`
	Token    string           `json:"token,omitempty"`
	Version  int              `json:"version"`
	Deleted  bool             `json:"deleted,omitempty"`
	Restored bool             `json:"restored,omitempty"` // it was deleted before
	Whisper  string           `json:"whisper,omitempty"`  // only this user sees it
	Order    string           `json:"order"`
	Sequence int              `json:"sequence"` // of the last change in the Chat
}

// Plain returns the text as people read it.
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

// Chat is a small chat platform in memory that stands in tests where Slack or Teams stands in production. It has
// channels with threads, people, our app, and an HTTP API. A test calls methods such as Say and Press to act as a
// person. The app, a Surface, posts by the API and listens to a stream of events; events that happen while it doesn't
// listen pass it by.
type Chat struct {
	srv     *httptest.Server
	closing chan struct{}
	changed emulator.Signal // of what follows

	mu       sync.Mutex
	now      func() time.Time
	users    map[string]User
	channels map[string]bool     // false means closed
	private  map[string][]string // the users who may read a channel; a channel that isn't here may be read by everybody
	messages []*Message
	serial   int // the last number in an id
	sequence int // of the last change

	streams map[string]*stream // of those who listen, by the id in streamHeader
	opened  int                // how many streams there were
	mute    bool               // streams lose everything; Mute sets it

	faults *emulator.FaultSet[Fault]
	struck int            // how many faults have struck
	calls  map[string]int // how often each call was made
}

// NewChat starts a Chat that ends with the test.
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

// Open makes a channel, or opens it again.
func (c *Chat) Open(channel string) { c.setChannel(channel, true) }

// Close closes a channel: nobody can post.
func (c *Chat) Close(channel string) { c.setChannel(channel, false) }

func (c *Chat) setChannel(channel string, open bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.channels[channel] = open
}

// SetNow changes the clock of the Chat.
func (c *Chat) SetNow(now func() time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// add stores a message, and gives it its id and order. c.mu must be held.
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

// find returns a message; nil if there is none. c.mu must be held.
func (c *Chat) find(channel, id string) *Message {
	for _, m := range c.messages {
		if m.Channel == channel && m.ID == id {
			return m
		}
	}
	return nil
}

// Say lets a user post and returns the message's id; thread "" posts at top level.
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

// Edit changes a user's message, and adds files to it.
func (c *Chat) Edit(channel, id, text string, files ...File) {
	c.changeMessage(channel, id, "edit", func(m *Message) {
		m.Text = text
		for _, f := range files {
			f.ID = fmt.Sprintf("f%s.%d", m.ID, len(m.Files))
			m.Files = append(m.Files, f)
		}
	})
}

// RemoveFile edits a user's message: it takes a file out.
func (c *Chat) RemoveFile(channel, id, name string) {
	c.changeMessage(channel, id, "edit", func(m *Message) {
		m.Files = slices.DeleteFunc(slices.Clone(m.Files), func(f File) bool { return f.Name == name })
	})
}

// DeleteFile deletes a file of a message, which keeps its place there, as in Slack.
func (c *Chat) DeleteFile(channel, id, name string) {
	c.changeMessage(channel, id, "edit", func(m *Message) {
		m.Files = slices.Clone(m.Files)
		for i := range m.Files {
			if m.Files[i].Name == name {
				m.Files[i].Unavailable = bridge.FileDeleted
			}
		}
	})
}

// Delete deletes any message.
func (c *Chat) Delete(channel, id string) {
	c.changeMessage(channel, id, "delete", func(m *Message) { m.Deleted = true })
}

// Restore brings a deleted message back.
func (c *Chat) Restore(channel, id string) {
	c.changeMessage(channel, id, "edit", func(m *Message) { m.Deleted, m.Restored = false, true })
}

// changeMessage changes a message, and sends an event of that kind. It does nothing if there is no such message.
func (c *Chat) changeMessage(channel, id, kind string, f func(*Message)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.find(channel, id)
	if m == nil {
		return
	}
	f(m)
	m.Version++
	c.sequence++
	m.Sequence = c.sequence
	c.changed.Poke()
	c.emit(event{Type: kind, Message: *m})
}

// Press lets a user press the button of a verb under a message of our app.
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

// act emits an event of what a user does other than write, such as a click. c.mu must be held.
func (c *Chat) act(user string, e event) {
	c.serial++
	e.Nonce, e.User, e.By = fmt.Sprintf("n%d", c.serial), user, c.users[user].Kind
	c.emit(e)
}

// React lets a user add the emoji of a verb to a message.
func (c *Chat) React(user string, m Message, verb bridge.Verb) { c.ReactWith(user, m, verb, "") }

// ReactWith lets a user add an emoji to a message, which usually stands for a verb.
func (c *Chat) ReactWith(user string, m Message, verb bridge.Verb, emoji string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.Order = orderOf(c.now(), c.serial+1) // the number that act gives the event
	c.act(user, event{Type: "react", Message: m, Button: Button{Verb: verb, Args: bridge.Args{Emoji: emoji}}})
}

// Choose lets a user choose a verb in a message's menu.
func (c *Chat) Choose(user, channel, id string, verb bridge.Verb) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.act(user, event{Type: "choose", Message: *c.find(channel, id), Button: Button{Verb: verb}})
}

// Submit lets a user submit a form: any verb with arguments, a text and uploaded files.
func (c *Chat) Submit(user, channel, thread string, b Button, text string, files ...File) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.act(user, event{Type: "submit", Button: b, Message: Message{Channel: channel, Thread: thread, Text: text, Files: files}})
}

// Messages returns what is in a thread as people see it, the root first; with thread "", the
// channel's top level. Deleted messages and whispers are left out.
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

// Threads returns what everybody sees in a channel: each root followed by the messages of its thread.
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

// Whispers returns what only a user saw.
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

// Get returns one message.
func (c *Chat) Get(channel, id string) Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.find(channel, id); m != nil {
		found := *m
		found.Marks = slices.Clone(m.Marks) // it changes in place
		return found
	}
	return Message{}
}

// Calls returns how often a call of the API was made: post, update, mark, …
func (c *Chat) Calls(what string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls[what]
}

// Wait waits until done returns true. It is called without any lock, at each change.
func (c *Chat) Wait(t testing.TB, what string, done func() bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer stop()
	if c.changed.Wait(ctx, done) != nil {
		t.Fatalf("waited in vain: %s\n%s", what, describe(c))
	}
}

// describe lists all messages, for a test that failed.
func describe(c *Chat) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	for _, m := range c.messages {
		fmt.Fprintf(&b, "%+v\n", *m)
	}
	return b.String()
}
