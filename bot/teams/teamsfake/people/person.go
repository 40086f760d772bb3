// Package people acts as people who use Teams: they write and edit messages, click buttons of cards, fill in dialogs
// and search. It also keeps what they see: the dialog that is open, and what the bot has answered.
//
// What does not belong here: what Teams does without a person, and which cards and inputs a client takes (package
// client).
package people

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"parley/bot/teams/teamsfake/announce"
	"parley/bot/teams/teamsfake/delivery"
	"parley/bot/teams/teamsfake/graph"
	"parley/bot/teams/teamsfake/tenant"
	"parley/channels/emulator"
)

// object is JSON that is built or looked into by key.
type object = tenant.Object

// Person acts as one person who uses Teams.
type Person struct {
	// Theme is their client's: "" means default, which is light; dark; contrast.
	Theme string

	// ResultsPerPage is how many results of a search their client asks for at a time; 0 means 25.
	ResultsPerPage int

	s  *People
	id string
}

// People are all people of the organisation, with what each of them has open.
type People struct {
	*tenant.Ground
	org        *tenant.Directory
	announcer  *announce.Announcer
	activities *delivery.Activities
	composer   *composer
	invokes    *invokes
	view       *graph.View
}

// New makes the people of an organisation. Activities about what they do are made by n.
func New(n *announce.Announcer, v *graph.View, faults *emulator.FaultPlan) *People {
	return &People{
		Ground: n.Ground, org: n.Org, announcer: n, activities: n.Activities, view: v,
		composer: &composer{Ground: n.Ground, org: n.Org, files: n.Files},
		invokes:  &invokes{Ground: n.Ground, org: n.Org, announcer: n, activities: n.Activities, faults: faults},
	}
}

// Reset closes all dialogs. Caller holds the lock.
func (s *People) Reset() { s.invokes.reset() }

// clientContext returns what invokes say about the person's client.
func (p *Person) clientContext() object { return object{"theme": cmp.Or(p.Theme, "default")} }

// As returns the person with this Entra object id.
func (s *People) As(user string) *Person { return &Person{s: s, id: user} }

// Post writes a message and returns its id.
// Errors: ErrNoUser, ErrNoChannel, ErrNoThread, ErrEmpty.
func (p *Person) Post(in tenant.Post) (id string, err error) {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch, err := s.org.FindPostableLocked(p.id, in)
	if err != nil {
		return "", err
	}
	m := s.composer.composeMessage(p.id, in)
	s.org.PutLocked(ch, m)
	if s.announcer.IsPushed(ch, m) {
		s.activities.Emit(tenant.ThreadConversation(ch.ID, m.Root), s.announcer.MessageActivity(ch, m))
	}
	return m.ID, nil
}

// Reply answers in a thread. Errors: those of Post.
func (p *Person) Reply(channel, root, text string) (id string, err error) {
	return p.Post(tenant.Post{Channel: channel, Root: root, Text: text})
}

// Say writes to the bot in the personal chat. Errors: those of Post.
func (p *Person) Say(text string) (id string, err error) { return p.Post(tenant.Post{Text: text}) }

// Private writes a targeted message to the bot, which only the two see: free text or, when it begins with /, one of
// the app's slash commands, whose name comes without the slash.
// Errors: those of Post; a command that the manifest does not declare.
func (p *Person) Private(channel, root, text string) (id string, err error) {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	in := tenant.Post{Channel: channel, Root: root, Text: text}
	ch, err := s.org.FindPostableLocked(p.id, in)
	if err != nil {
		return "", err
	}
	if ch.Person != "" {
		return "", errors.New("there are no targeted messages in a personal chat")
	}
	if !s.org.IsReachable(ch) {
		return "", tenant.ErrNoApp
	}
	if !s.App.AllowsTargeted() {
		return "", errors.New("the app does not support targeted messages")
	}

	if command, ok := strings.CutPrefix(text, "/"); ok {
		if err := s.App.Slash(command); err != nil {
			return "", err
		}
		in.Text = command
	}

	m := s.composer.composeMessage(p.id, in)
	m.Targeted = p.id
	s.org.PutLocked(ch, m)
	a := s.announcer.MessageActivity(ch, m)
	a["recipient"] = object{"id": s.Opt.BotID(), "name": s.Opt.BotName, "isTargeted": true}
	s.activities.Emit(tenant.ThreadConversation(ch.ID, m.Root), a)
	return m.ID, nil
}

// Slash sends a slash command with what follows it. See Private.
func (p *Person) Slash(channel, root, command string) (id string, err error) {
	return p.Private(channel, root, "/"+strings.TrimPrefix(command, "/"))
}

// composeMessage makes the message of what a person typed and attached. Caller holds the lock.
func (w *composer) composeMessage(user string, in tenant.Post) *tenant.Message {
	m := &tenant.Message{ID: w.NextMessage(), Root: in.Root, User: user, PostedAs: in.As, Subject: in.Subject, At: w.Now()}
	for _, f := range in.Files {
		m.Files = append(m.Files, w.files.KeepFile(user, in.Channel, f))
	}
	w.setText(m, in)
	return m
}

// Edit changes the text of the person's message. Errors: ErrNoMessage, ErrNotYours, ErrEmpty.
func (p *Person) Edit(channel, id, text string) error {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch, m, err := s.org.FindOwnLocked(p.id, channel, id)
	if err != nil {
		return err
	}
	if strings.TrimSpace(text) == "" {
		return tenant.ErrEmpty
	}

	wasPushed := s.announcer.IsPushed(ch, m)
	s.composer.setText(m, tenant.Post{Text: text})
	m.EditedAt = s.Now()
	s.Note(tenant.Change{Kind: "changed", Channel: ch.ID, Message: m.ID, Root: m.Root, User: p.id})
	s.announcer.TellChange(ch, m, announce.MessageChange{Activity: announce.MessageUpdate, Event: "editMessage", WasPushed: wasPushed})
	return nil
}

// Delete takes the person's message back; a tombstone stays. Errors: ErrNoMessage, ErrNotYours.
func (p *Person) Delete(channel, id string) error {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch, m, err := s.org.FindOwnLocked(p.id, channel, id)
	if err != nil {
		return err
	}
	wasPushed := s.announcer.IsPushed(ch, m)
	s.org.TakeBackLocked(ch, m)
	s.announcer.TellChange(ch, m, announce.MessageChange{Activity: announce.MessageDelete, Event: "softDeleteMessage", WasPushed: wasPushed})
	return nil
}

// Undelete brings a deleted message back, which is no edit. Errors: ErrNoMessage, ErrNotYours.
func (p *Person) Undelete(channel, id string) error {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch, m, err := s.org.BringBackLocked(p.id, channel, id)
	if err != nil {
		return err
	}
	s.announcer.TellChange(ch, m, announce.MessageChange{Activity: announce.MessageUpdate, Event: "undeleteMessage"})
	return nil
}

// What is done to a reaction, as activities call it.
const (
	reactionsAdded   = "reactionsAdded"
	reactionsRemoved = "reactionsRemoved"
)

// React adds a reaction (like, heart, 1f440_eyes …). The bot hears of it if the message is its own, or in the
// personal chat.
// Errors: ErrNoMessage.
func (p *Person) React(channel, id, reaction string) error {
	return p.changeReaction(channel, id, reaction, reactionsAdded)
}

// Unreact takes a reaction back. Errors: ErrNoMessage, ErrNoReaction.
func (p *Person) Unreact(channel, id, reaction string) error {
	return p.changeReaction(channel, id, reaction, reactionsRemoved)
}

// changeReaction adds a reaction, or takes it back: change says which.
func (p *Person) changeReaction(channel, id, reaction, change string) error {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch, m, err := s.org.FindVisibleLocked(p.id, channel, id)
	if err == nil && m.Targeted != "" {
		err = fmt.Errorf("teamsfake: targeted messages take no reactions: %w", tenant.ErrNoMessage)
	}
	if err != nil {
		return err
	}

	isSame := func(r tenant.Reaction) bool { return r.User == p.id && r.Type == reaction }
	isThere := slices.ContainsFunc(m.Reactions, isSame)
	switch {
	case change == reactionsAdded && isThere:
		return nil
	case change == reactionsAdded:
		m.Reactions = append(m.Reactions, tenant.Reaction{Type: reaction, User: p.id, At: s.Now()})
	case !isThere:
		return tenant.ErrNoReaction
	default:
		m.Reactions = slices.DeleteFunc(m.Reactions, isSame)
	}

	s.Note(tenant.Change{Kind: "reaction", Channel: ch.ID, Message: m.ID, Root: m.Root, User: p.id})
	// Teams tells a bot of reactions to its own messages alone, whatever it may read.
	// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/subscribe-to-conversation-events,
	// "Message reaction events", read 2026-11.
	isTold := m.Bot || ch.Person != ""
	if !s.org.IsReachable(ch) || !isTold {
		return nil
	}

	a := s.announcer.Base("messageReaction", announce.Where{Room: ch, Root: m.Root, User: p.id})
	a["from"], a["replyToId"] = s.announcer.From(s.org.Users[p.id]), m.ID
	a[change] = []object{{"type": reaction}}
	if ch.Person == "" {
		a["conversation"].(object)["id"] = ch.ID //nolint:forcetypeassert // Base made it. The id of these activities lacks ;messageid=
	}

	s.activities.Emit(tenant.ThreadConversation(ch.ID, m.Root), a)
	return nil
}
