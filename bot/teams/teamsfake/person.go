package teamsfake

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Person acts as one person through Teams' own client.
type Person struct {
	// Theme is their client's: "" = default, which is light; dark; contrast.
	Theme string

	s  *Server
	id string
}

// context is what invokes tell of the client.
func (p *Person) context() object { return object{"theme": cmp.Or(p.Theme, "default")} }

// As returns the person with this Entra object id.
func (s *Server) As(user string) *Person { return &Person{s: s, id: user} }

// ID is the person's Entra object id.
func (p *Person) ID() string { return p.id }

// Errors of what a person tries.
var (
	ErrNoUser     = errors.New("no such person")
	ErrNoChannel  = errors.New("no such channel, or not a member")
	ErrNoThread   = errors.New("no such thread")
	ErrNoMessage  = errors.New("no such message")
	ErrNotYours   = errors.New("the message is somebody else's")
	ErrEmpty      = errors.New("nothing to send")
	ErrNoApp      = errors.New("the app is not there")
	ErrNoReaction = errors.New("no such reaction")
)

// NewFile is a file, or with Image a pasted picture, that a person posts.
type NewFile struct {
	Name  string `json:"name"`
	Type  string `json:"type,omitempty"` // media type; default from the content
	Data  []byte `json:"data,omitempty"` // base64 in JSON
	Image bool   `json:"image,omitempty"`
	// OneDrive is where the person keeps it, rather than in the channel's folder.
	OneDrive bool `json:"onedrive,omitempty"`
	// URL is the address that the message says instead, of whatever may lie there, as a program
	// in the person's name can.
	URL string `json:"url,omitempty"`
}

// Post is what a person writes. Text is typed Markdown; <@bot> and <@Entra object id> are
// mention chips, everything else in it is literal.
type Post struct {
	Channel string    `json:"channel"`        // empty = the personal chat with the bot
	Root    string    `json:"root,omitempty"` // of the thread; empty = a new one
	Subject string    `json:"subject,omitempty"`
	Text    string    `json:"text"`
	HTML    string    `json:"html,omitempty"` // instead of Text: what the editor made, with <@…> chips
	Files   []NewFile `json:"files,omitempty"`
	// Bare leaves the text/html attachment out, as some clients do for plain texts.
	Bare bool `json:"bare,omitempty"`
	// As posts in another guise: "connector" (an incoming webhook) or "nobody" (no from).
	As string `json:"as,omitempty"`
}

// Post writes a message and returns its id.
// Errors: ErrNoUser, ErrNoChannel, ErrNoThread, ErrEmpty.
func (p *Person) Post(in Post) (id string, err error) {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, err := s.org.postable(p.id, in)
	if err != nil {
		return "", err
	}
	m := s.composer.compose(p.id, in)
	s.org.put(ch, m)
	if s.announcer.pushed(ch, m) {
		s.Activities.emit(threadConversation(ch.ID, m.Root), s.announcer.messageActivity(ch, m))
	}
	return m.ID, nil
}

// Reply answers in a thread. Errors: those of Post.
func (p *Person) Reply(channel, root, text string) (id string, err error) {
	return p.Post(Post{Channel: channel, Root: root, Text: text})
}

// Say writes to the bot in the personal chat. Errors: those of Post.
func (p *Person) Say(text string) (id string, err error) { return p.Post(Post{Text: text}) }

// Private writes a targeted message to the bot, which only the two see: free text or, when
// it begins with /, one of the app's slash commands, whose name comes without the slash.
// Errors: those of Post; a command that the manifest does not declare.
func (p *Person) Private(channel, root, text string) (id string, err error) {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	in := Post{Channel: channel, Root: root, Text: text}
	ch, err := s.org.postable(p.id, in)
	switch {
	case err != nil:
		return "", err
	case ch.person != "":
		return "", errors.New("there are no targeted messages in a personal chat")
	case !s.org.reachable(ch):
		return "", ErrNoApp
	case !s.app.targeted():
		return "", errors.New("the app does not support targeted messages")
	}
	if command, ok := strings.CutPrefix(text, "/"); ok {
		if err := s.app.slash(command); err != nil {
			return "", err
		}
		in.Text = command
	}
	m := s.composer.compose(p.id, in)
	m.Targeted = p.id
	s.org.put(ch, m)
	a := s.announcer.messageActivity(ch, m)
	a["recipient"] = object{"id": s.opt.botID(), "name": s.opt.BotName, "isTargeted": true}
	s.Activities.emit(threadConversation(ch.ID, m.Root), a)
	return m.ID, nil
}

// Slash sends a slash command with what follows it. See Private.
func (p *Person) Slash(channel, root, command string) (id string, err error) {
	return p.Private(channel, root, "/"+strings.TrimPrefix(command, "/"))
}

// postable finds the channel that somebody may write to. Caller holds the lock.
func (o *organisation) postable(user string, in Post) (*channel, error) {
	u := o.users[user]
	if u == nil {
		return nil, fmt.Errorf("teamsfake: %w: %s", ErrNoUser, user)
	}
	if strings.TrimSpace(in.Text+in.HTML) == "" && len(in.Files) == 0 {
		return nil, ErrEmpty
	}
	if in.Channel == "" || in.Channel == o.opt.personalID(user) {
		if !o.knows(user) {
			return nil, ErrNoApp
		}
		return o.personal(user), nil
	}
	ch := o.channels[in.Channel]
	if ch == nil || ch.person != "" || ch.Deleted || !u.Bot && !o.isMember(ch, user) {
		return nil, fmt.Errorf("teamsfake: %w: %s", ErrNoChannel, in.Channel)
	}
	if in.Root != "" && !ch.begins(in.Root) {
		return nil, fmt.Errorf("teamsfake: %w: %s", ErrNoThread, in.Root)
	}
	return ch, nil
}

// compose makes the message. Caller holds the lock.
func (w *composer) compose(user string, in Post) *Message {
	m := &Message{ID: w.nextMessage(), Root: in.Root, User: user, Guise: in.As, Subject: in.Subject, At: w.now()}
	for _, f := range in.Files {
		m.Files = append(m.Files, w.files.keepFile(user, in.Channel, f))
	}
	w.write(m, in)
	return m
}

// Edit changes the text of the person's message. Errors: ErrNoMessage, ErrNotYours, ErrEmpty.
func (p *Person) Edit(channel, id, text string) error {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, m, err := s.org.mine(p.id, channel, id)
	switch {
	case err != nil:
		return err
	case strings.TrimSpace(text) == "":
		return ErrEmpty
	}
	before := s.announcer.pushed(ch, m)
	s.composer.write(m, Post{Text: text})
	m.EditedAt = s.now()
	s.note(Change{Kind: "changed", Channel: ch.ID, Message: m.ID, Root: m.Root, User: p.id})
	s.announcer.tellChange(ch, m, "messageUpdate", "editMessage", before)
	return nil
}

// Delete takes the person's message back; a tombstone stays. Errors: ErrNoMessage, ErrNotYours.
func (p *Person) Delete(channel, id string) error {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, m, err := s.org.mine(p.id, channel, id)
	if err != nil {
		return err
	}
	before := s.announcer.pushed(ch, m)
	kept := m.clone()
	s.org.erase(ch, m)
	m.erased = kept
	s.announcer.tellChange(ch, m, "messageDelete", "softDeleteMessage", before)
	return nil
}

// Undelete brings a deleted message back, which is no edit. Errors: ErrNoMessage, ErrNotYours.
func (p *Person) Undelete(channel, id string) error {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.org.channels[channel]
	if ch == nil || ch.byID[id] == nil || ch.byID[id].erased == nil {
		return ErrNoMessage
	}
	m := ch.byID[id]
	if m.User != p.id {
		return ErrNotYours
	}
	*m = *m.erased
	m.restoredAt = s.now()
	s.note(Change{Kind: "changed", Channel: ch.ID, Message: m.ID, Root: m.Root, User: p.id})
	s.announcer.tellChange(ch, m, "messageUpdate", "undeleteMessage", s.announcer.pushed(ch, m))
	return nil
}

// mine finds a message of somebody's own. Caller holds the lock.
func (o *organisation) mine(user, channel, id string) (*channel, *Message, error) {
	ch, m, err := o.visible(user, channel, id)
	if err == nil && (m.User != user || m.Guise != "") {
		err = ErrNotYours
	}
	return ch, m, err
}

// visible finds a message that a person sees. Caller holds the lock.
func (o *organisation) visible(user, channel, id string) (*channel, *Message, error) {
	if o.users[user] == nil {
		return nil, nil, ErrNoUser
	}
	if channel == "" {
		channel = o.opt.personalID(user)
	}
	ch := o.channels[channel]
	if ch == nil || !o.isMember(ch, user) {
		return nil, nil, ErrNoChannel
	}
	m := ch.byID[id]
	if m == nil || m.Deleted() || !o.sees(user, m) {
		return nil, nil, ErrNoMessage
	}
	return ch, m, nil
}

// live is visible for what only works while the app is there. Caller holds the lock.
func (o *organisation) live(user, channel, id string) (*channel, *Message, error) {
	ch, m, err := o.visible(user, channel, id)
	if err == nil && !o.reachable(ch) {
		err = ErrNoApp
	}
	return ch, m, err
}

// sees tells whether a message is for a person's eyes (still).
func (o *organisation) sees(user string, m *Message) bool {
	return m.Targeted == "" || m.Targeted == user && o.now().Sub(m.At) < targetedLife
}

// tellChange sends messageUpdate or messageDelete for what the bot may receive.
func (n *announcer) tellChange(ch *channel, m *Message, kind, event string, before bool) {
	if !before && !n.pushed(ch, m) {
		return
	}
	a := n.messageActivity(ch, m)
	a["type"] = kind
	if data, ok := a["channelData"].(object); ok {
		data["eventType"] = event
	}
	if kind == "messageDelete" {
		for _, k := range []string{"text", "textFormat", "attachments", "entities"} {
			delete(a, k)
		}
	}
	n.activities.emit(threadConversation(ch.ID, m.Root), a)
}

// React adds a reaction (like, heart, 1f440_eyes …); the bot hears of those on its own
// messages, and with RSC of all. Errors: ErrNoMessage.
func (p *Person) React(channel, id, reaction string) error {
	return p.react(channel, id, reaction, true)
}

// Unreact takes a reaction back. Errors: ErrNoMessage, ErrNoReaction.
func (p *Person) Unreact(channel, id, reaction string) error {
	return p.react(channel, id, reaction, false)
}

func (p *Person) react(channel, id, reaction string, add bool) error {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, m, err := s.org.visible(p.id, channel, id)
	if err == nil && m.Targeted != "" {
		err = fmt.Errorf("teamsfake: targeted messages take no reactions: %w", ErrNoMessage)
	}
	if err != nil {
		return err
	}
	has := func(r Reaction) bool { return r.User == p.id && r.Type == reaction }
	key := "reactionsAdded"
	switch {
	case add && !slices.ContainsFunc(m.Reactions, has):
		m.Reactions = append(m.Reactions, Reaction{Type: reaction, User: p.id, At: s.now()})
	case add:
		return nil
	case !slices.ContainsFunc(m.Reactions, has):
		return ErrNoReaction
	default:
		m.Reactions, key = slices.DeleteFunc(m.Reactions, has), "reactionsRemoved"
	}
	s.note(Change{Kind: "reaction", Channel: ch.ID, Message: m.ID, Root: m.Root, User: p.id})
	if !s.org.reachable(ch) || !m.Bot && !s.Entra.permissions[PermitMessages] && ch.person == "" {
		return nil
	}
	a := s.announcer.base("messageReaction", where{ch: ch, root: m.Root, user: p.id})
	a["from"], a["replyToId"] = s.announcer.from(s.org.users[p.id]), m.ID
	a[key] = []object{{"type": reaction}}
	if ch.person == "" {
		a["conversation"].(object)["id"] = ch.ID //nolint:forcetypeassert // base made it; the id lacks ;messageid= [evt]
	}
	s.Activities.emit(threadConversation(ch.ID, m.Root), a)
	return nil
}
