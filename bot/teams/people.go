package teams

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"parley/bot/teams/connector"
	"parley/bridge"
	"parley/channels"
)

// personFresh is how long we use what we know of a person. After that we ask Teams again, but go on
// using the old answer while Teams gives no new one.
const personFresh = 24 * time.Hour

// person is somebody as Teams describes them.
type person struct {
	Teams   string           `json:"teams"` // "29:…", by which only this bot knows them
	User    string           `json:"user"`  // Entra object id
	Name    string           `json:"name,omitempty"`
	Kind    bridge.ActorKind `json:"kind"`
	AskedAt time.Time        `json:"at"`
}

// people remembers the persons whom activities named, by each of their two ids.
type people struct {
	*app

	notes *notebook

	by *memory[person]
	in *memory[time.Time] // when somebody was last seen in a channel, by memberKey
}

func newPeople(b *app, notes *notebook) *people {
	return &people{app: b, notes: notes, by: newMemory[person](), in: newMemory[time.Time]()}
}

// memberKey is the key in people.in of a person in a channel.
func memberKey(channel, user string) string { return channel + "/" + user }

// take remembers the person of a note; it ignores a note that doesn't belong to id.
func (p *people) take(id string, value json.RawMessage) {
	var one person
	if json.Unmarshal(value, &one) == nil && one.Teams == id {
		p.put(one)
	}
}

func (p *people) put(one person) {
	if old, ok := p.by.get(one.Teams); ok && old.AskedAt.After(one.AskedAt) {
		return
	}
	p.by.put(one.Teams, one)
	if one.User != "" {
		p.by.put(one.User, one)
	}
}

// find describes a person, by either id, as Teams lists them in a conversation. ok is false if Teams
// doesn't: then we can't know who they are.
// Errors: *connector.Error when nobody can tell now.
func (p *people) find(ctx context.Context, conversation, id string) (one person, ok bool, err error) {
	one, known := p.by.get(id)
	if known && p.now().Sub(one.AskedAt).Abs() < personFresh {
		return one, true, nil
	}
	channel, _ := connector.SplitThread(conversation)
	asked, err := p.ask(ctx, channel, id)
	switch {
	case err == nil:
		return asked, true, nil
	case notThere(err):
		return person{}, false, nil
	}
	return one, known, orKnown(known, err)
}

// here tells whether a person is a member of a channel.
// Errors: as find.
func (p *people) here(ctx context.Context, channel, user string) (bool, error) {
	seen, known := p.in.get(memberKey(channel, user))
	if known && p.now().Sub(seen).Abs() < personFresh {
		return true, nil
	}
	_, err := p.ask(ctx, channel, user)
	switch {
	case err == nil:
		return true, nil
	case notThere(err):
		return false, nil
	}
	return known, orKnown(known, err)
}

// ask has Teams describe a member of a channel.
func (p *people) ask(ctx context.Context, channel, id string) (person, error) {
	service, err := p.notes.whereIs(ctx, channel)
	if err != nil {
		return person{}, err
	}
	m, err := p.bot.Member(ctx, connector.Conversation{Service: service, ID: channel}, id)
	if err != nil {
		return person{}, err
	}
	one := p.describe(m)
	p.put(one)
	p.in.put(memberKey(channel, one.User), p.now())
	if err := p.notes.keep(ctx, notePerson+one.Teams, one); err != nil {
		p.log.Warn("teams person not noted", "error", err)
	}
	return one, nil
}

func orKnown(known bool, err error) error {
	if known {
		return nil
	}
	return err
}

// describe says what a member is to us: a person only if Teams says that they belong to
// our own tenant and are no guest in it.
func (p *people) describe(m connector.Member) person {
	one := person{Teams: m.ID, User: m.AADObjectID, Name: m.Name, Kind: bridge.ActorForeign, AskedAt: p.now()}
	role := m.UserRole
	if role == "" {
		role = "user"
	}
	if m.AADObjectID != "" && strings.EqualFold(m.TenantID, p.tenant) && strings.EqualFold(role, "user") {
		one.Kind = bridge.ActorPerson
	}
	return one
}

// notThere says whether an error means that the conversation has no such member.
func notThere(err error) bool {
	var e *connector.Error
	if !errors.As(err, &e) {
		return false
	}
	return e.Status == http.StatusNotFound || e.Class == channels.BadContent && e.Status == http.StatusBadRequest
}
