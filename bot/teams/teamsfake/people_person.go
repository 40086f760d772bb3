package teamsfake

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"parley/channels/emulator"
)

// Person acts as one person who uses Teams. A channel is named by its id; "" means the person's chat with the bot. A thread is
// named by its first message, the root.
type Person struct {
	// Theme is the theme of the person's client: "dark", "contrast" or "default", which "" means.
	Theme string

	// ResultsPerPage is the number of search results that the client requests at a time; 0 means 25.
	ResultsPerPage int

	people *People
	id     string // Entra object id
}

// People has all people of the organisation, and their open dialogs.
type People struct {
	*Ground
	org        *Directory
	announcer  *Announcer
	activities *Activities
	composer   *composer
	invokes    *invokes
	view       *View
}

// NewPeople makes the people of an organisation. The announcer makes activities, the requests to the bot, about what they do.
func NewPeople(announcer *Announcer, view *View, faults *emulator.FaultPlan) *People {
	ground, org, activities := announcer.Ground, announcer.Org, announcer.Activities
	return &People{
		Ground: ground, org: org, announcer: announcer, activities: activities, view: view,
		composer: &composer{Ground: ground, org: org, files: announcer.Files},
		invokes:  &invokes{Ground: ground, org: org, announcer: announcer, activities: activities, faults: faults},
	}
}

// Reset closes all dialogs. The caller holds the lock.
func (people *People) Reset() { people.invokes.reset() }

// clientContext returns the part of a request to the bot that describes the person's client.
func (p *Person) clientContext() Object { return Object{"theme": cmp.Or(p.Theme, "default")} }

// As returns the person with this Entra object id.
func (people *People) As(user string) *Person { return &Person{people: people, id: user} }

// Post posts a message and returns its id.
// Errors: ErrNoUser, ErrNoChannel, ErrNoThread, ErrNoApp, ErrEmpty.
func (p *Person) Post(in Post) (id string, err error) {
	people := p.people
	people.Mu.Lock()
	defer people.Mu.Unlock()
	room, err := people.org.FindPostableLocked(p.id, in)
	if err != nil {
		return "", err
	}
	m := people.composer.composeMessage(p.id, in)
	people.org.PutLocked(room, m)
	if people.announcer.IsPushed(room, m) {
		people.activities.Emit(ThreadConversation(room.ID, m.Root), people.announcer.MessageActivity(room, m))
	}
	return m.ID, nil
}

// Reply answers in a thread. Errors: those of Post.
func (p *Person) Reply(channel, root, text string) (id string, err error) {
	return p.Post(Post{Channel: channel, Root: root, Text: text})
}

// Say writes to the bot in the personal chat. Errors: those of Post.
func (p *Person) Say(text string) (id string, err error) { return p.Post(Post{Text: text}) }

// Private writes a targeted message to the bot, which nobody else sees. A text that begins with a slash must be one of the
// app's slash commands; the bot receives it without the slash.
// Errors: those of Post; a personal chat; a command that the app's manifest doesn't declare; the app doesn't support targeted
// messages.
func (p *Person) Private(channel, root, text string) (id string, err error) {
	people := p.people
	people.Mu.Lock()
	defer people.Mu.Unlock()
	in := Post{Channel: channel, Root: root, Text: text}
	room, err := people.org.FindPostableLocked(p.id, in)
	if err != nil {
		return "", err
	}
	if room.Person != "" {
		return "", errors.New("there are no targeted messages in a personal chat")
	}
	if !people.org.IsReachable(room) {
		return "", ErrNoApp
	}
	if !people.App.AllowsTargeted() {
		return "", errors.New("the app does not support targeted messages")
	}

	if command, ok := strings.CutPrefix(text, "/"); ok {
		if err := people.App.CheckSlash(command); err != nil {
			return "", err
		}
		in.Text = command
	}

	m := people.composer.composeMessage(p.id, in)
	m.Targeted = p.id
	people.org.PutLocked(room, m)
	activity := people.announcer.MessageActivity(room, m)
	activity["recipient"] = Object{"id": people.Opt.BotID(), "name": people.Opt.BotName, "isTargeted": true}
	people.activities.Emit(ThreadConversation(room.ID, m.Root), activity)
	return m.ID, nil
}

// Slash sends a slash command with its arguments, as Private does. The slash may be left out.
func (p *Person) Slash(channel, root, command string) (id string, err error) {
	return p.Private(channel, root, "/"+strings.TrimPrefix(command, "/"))
}

// composeMessage makes a message from what a person typed and attached. The caller holds the lock.
func (c *composer) composeMessage(user string, in Post) *Message {
	m := &Message{ID: c.NextMessage(), Root: in.Root, User: user, PostedAs: in.As, Subject: in.Subject, At: c.Now()}
	for _, f := range in.Files {
		m.Files = append(m.Files, c.files.KeepFile(user, in.Channel, f))
	}
	c.setText(m, in)
	return m
}

// Edit changes the text of the person's message. Errors: those of Directory.FindOwnLocked; ErrEmpty.
func (p *Person) Edit(channel, id, text string) error {
	people := p.people
	people.Mu.Lock()
	defer people.Mu.Unlock()
	room, m, err := people.org.FindOwnLocked(p.id, channel, id)
	if err != nil {
		return err
	}
	if strings.TrimSpace(text) == "" {
		return ErrEmpty
	}

	wasPushed := people.announcer.IsPushed(room, m)
	people.composer.setText(m, Post{Text: text})
	m.EditedAt = people.Now()
	people.Note(Change{Kind: "changed", Channel: room.ID, Message: m.ID, Root: m.Root, User: p.id})
	change := MessageChange{Activity: MessageUpdate, Event: "editMessage", WasPushed: wasPushed}
	people.announcer.TellChange(room, m, change)
	return nil
}

// Delete deletes the person's message, of which a tombstone remains. Errors: those of Directory.FindOwnLocked.
func (p *Person) Delete(channel, id string) error {
	people := p.people
	people.Mu.Lock()
	defer people.Mu.Unlock()
	room, m, err := people.org.FindOwnLocked(p.id, channel, id)
	if err != nil {
		return err
	}
	wasPushed := people.announcer.IsPushed(room, m)
	people.org.TakeBackLocked(room, m)
	change := MessageChange{Activity: MessageDelete, Event: "softDeleteMessage", WasPushed: wasPushed}
	people.announcer.TellChange(room, m, change)
	return nil
}

// Undelete restores a deleted message. It doesn't count as an edit. Errors: ErrNoMessage, ErrNotYours.
func (p *Person) Undelete(channel, id string) error {
	people := p.people
	people.Mu.Lock()
	defer people.Mu.Unlock()
	room, m, err := people.org.BringBackLocked(p.id, channel, id)
	if err != nil {
		return err
	}
	people.announcer.TellChange(room, m, MessageChange{Activity: MessageUpdate, Event: "undeleteMessage"})
	return nil
}

// Changes of reactions, as activities name them.
const (
	reactionsAdded   = "reactionsAdded"
	reactionsRemoved = "reactionsRemoved"
)

// React adds a reaction, such as "like" or "1f440_eyes". Teams notifies the bot if it wrote the message, or in the personal
// chat. Errors: those of Directory.FindVisibleLocked.
func (p *Person) React(channel, id, reaction string) error {
	return p.changeReaction(channel, id, reaction, reactionsAdded)
}

// Unreact removes a reaction of this person. Errors: those of React; ErrNoReaction.
func (p *Person) Unreact(channel, id, reaction string) error {
	return p.changeReaction(channel, id, reaction, reactionsRemoved)
}

// changeReaction adds or removes a reaction, depending on change.
func (p *Person) changeReaction(channel, id, reaction, change string) error {
	people := p.people
	people.Mu.Lock()
	defer people.Mu.Unlock()
	room, m, err := people.org.FindVisibleLocked(p.id, channel, id)
	if err != nil {
		return err
	}
	if m.Targeted != "" {
		return fmt.Errorf("teamsfake: targeted messages take no reactions: %w", ErrNoMessage)
	}

	isSame := func(r Reaction) bool { return r.User == p.id && r.Type == reaction }
	exists := slices.ContainsFunc(m.Reactions, isSame)
	switch {
	case change == reactionsAdded && exists:
		return nil
	case change == reactionsAdded:
		m.Reactions = append(m.Reactions, Reaction{Type: reaction, User: p.id, At: people.Now()})
	case !exists:
		return ErrNoReaction
	default:
		m.Reactions = slices.DeleteFunc(m.Reactions, isSame)
	}

	people.Note(Change{Kind: "reaction", Channel: room.ID, Message: m.ID, Root: m.Root, User: p.id})
	p.announceReaction(room, m, reaction, change)
	return nil
}

// announceReaction sends the bot an activity about a reaction that was added or removed. In channels, Teams does that only
// for the bot's own messages, whatever else the bot may read. The caller holds the lock.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/subscribe-to-conversation-events,
// "Message reaction events", read 2026-11.
func (p *Person) announceReaction(room *Room, m *Message, reaction, change string) {
	people := p.people
	isPersonal := room.Person != ""
	isAnnounced := m.Bot || isPersonal
	if !people.org.IsReachable(room) || !isAnnounced {
		return
	}

	activity := people.announcer.Base("messageReaction", Where{Room: room, Root: m.Root, User: p.id})
	activity["from"], activity["replyToId"] = people.announcer.From(people.org.Users[p.id]), m.ID
	activity[change] = []Object{{"type": reaction}}
	if !isPersonal {
		// Unlike other activities, these name the channel without ";messageid=" and the thread.
		activity["conversation"].(Object)["id"] = room.ID //nolint:forcetypeassert // Base made it
	}

	people.activities.Emit(ThreadConversation(room.ID, m.Root), activity)
}
