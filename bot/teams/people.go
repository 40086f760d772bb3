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

// personFresh is how long what is known of a person is good; then it is asked again, and
// what was known goes on counting while Teams doesn't answer.
const personFresh = 24 * time.Hour

// person is somebody as Teams describes them.
type person struct {
	Teams   string           `json:"teams"` // "29:…", by which only this bot knows them
	User    string           `json:"user"`  // Entra object id
	Name    string           `json:"name,omitempty"`
	Kind    bridge.ActorKind `json:"kind"`
	AskedAt time.Time        `json:"at"`
}

// people remembers whom we have met, by both of their ids.
type people struct {
	*app

	notes *notebook

	by *memory[person]
	in *memory[time.Time] // when somebody was last seen in a channel, by memberKey
}

func newPeople(b *app, notes *notebook) *people {
	return &people{app: b, notes: notes, by: newMemory[person](), in: newMemory[time.Time]()}
}

// memberKey names a person's being in a channel.
func memberKey(channel, user string) string { return channel + "/" + user }

// take puts a kept note to use.
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

// find describes a person, by either id, in a conversation that they are in. ok is false
// when they are in none of ours: nobody vouches for them.
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

// here tells whether a person is in a channel, whoever they are elsewhere.
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

// notThere tells that Teams knows no such member.
func notThere(err error) bool {
	var e *connector.Error
	if !errors.As(err, &e) {
		return false
	}
	return e.Status == http.StatusNotFound || e.Class == channels.BadContent && e.Status == http.StatusBadRequest
}
