package organisation

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"parley/bot/recent"
	"parley/bot/teams/connector"
	"parley/bridge"
	"parley/channels"
)

// Teams names people by two ids: "29:…", by which only this bot knows them, and the Entra object id, by which the
// whole organisation does. This file finds out who they are, and above all whether they are members of the
// organisation: nobody else may act in Parley. Answers of Teams are remembered for a day, and noted (see Notebook).

// personLifetime is how long an answer of Teams about a person counts. Then we ask again. If Teams doesn't answer,
// the old one still counts.
const personLifetime = 24 * time.Hour

// Person is somebody as Teams describes them.
type Person struct {
	Teams   string           `json:"teams"` // "29:…", by which only this bot knows them
	User    string           `json:"user"`  // Entra object id
	Name    string           `json:"name,omitempty"`
	Kind    bridge.ActorKind `json:"kind"`
	AskedAt time.Time        `json:"at"`
}

// People remembers the people of whom Teams has told. Safe for concurrent use.
type People struct {
	*App

	notes *Notebook

	byID     *recent.Map[Person]    // by both ids: Person.Teams and Person.User
	lastSeen *recent.Map[time.Time] // when Teams listed somebody in a channel, by memberKey
}

func newPeople(b *App, notes *Notebook) *People {
	return &People{App: b, notes: notes, byID: recent.New[Person](), lastSeen: recent.New[time.Time]()}
}

// memberKey is the key in People.lastSeen of a person in a channel.
func memberKey(channel, user string) string { return channel + "/" + user }

// learn takes over the note of a person. It ignores a note whose key has another id.
func (p *People) learn(id string, value json.RawMessage) {
	var person Person
	if json.Unmarshal(value, &person) == nil && person.Teams == id {
		p.put(person)
	}
}

// put remembers a person, unless something newer is known.
func (p *People) put(person Person) {
	old, ok := p.byID.Get(person.Teams)
	if ok && old.AskedAt.After(person.AskedAt) {
		return
	}
	p.byID.Put(person.Teams, person)
	if person.User != "" {
		p.byID.Put(person.User, person)
	}
}

// Find describes the person with one of the two ids, as a member of a conversation. If the app isn't in the
// conversation, it looks in the teams with the app, because people use the message box anywhere. ok is false if Teams
// doesn't list such a person: nobody can know who it is then.
// Errors: *connector.Error if Teams doesn't answer now and nothing is known of the person; those of the notes.
func (p *People) Find(ctx context.Context, conversation, id string) (person Person, ok bool, err error) {
	person, known := p.byID.Get(id)
	if known && p.Now().Sub(person.AskedAt).Abs() < personLifetime {
		return person, true, nil
	}

	channel, _ := connector.SplitThread(conversation)
	asked, err := p.ask(ctx, channel, id)
	ok = err == nil
	if isWithoutApp(err) {
		asked, ok, err = p.askTeams(ctx, id)
	}
	if err == nil || isNotMember(err) {
		return asked, ok, nil
	}
	if known { // asked too long ago, but Teams gives no newer answer
		return person, true, nil
	}

	return Person{}, false, err
}

// IsMember reports whether a person is a member of a channel.
// Errors: as Find.
func (p *People) IsMember(ctx context.Context, channel, user string) (bool, error) {
	seen, known := p.lastSeen.Get(memberKey(channel, user))
	if known && p.Now().Sub(seen).Abs() < personLifetime {
		return true, nil
	}

	_, err := p.ask(ctx, channel, user)
	if err == nil {
		return true, nil
	}
	if isNotMember(err) {
		return false, nil
	}
	if known { // seen too long ago, but Teams gives no newer answer
		return true, nil
	}

	return false, err
}

// Account returns the id by which the bot may begin a chat with a user. That is "29:…", if a team with the app lists
// the user. Otherwise it is the Entra object id, with which Teams begins a chat only if the user has installed the
// app.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages, read
// 2026-11.
// Errors: *connector.Error if a team can't be asked now.
func (p *People) Account(ctx context.Context, user string) (string, error) {
	if person, known := p.byID.Get(user); known { // this id stays the same for ever
		return person.Teams, nil
	}

	person, listed, err := p.askTeams(ctx, user)
	if listed {
		return person.Teams, nil
	}
	return user, err
}

// askTeams asks one team with the app after the other for a person, and returns the first answer. listed is false if
// none lists the person.
// Errors: *connector.Error if none does and a team can't be asked now.
func (p *People) askTeams(ctx context.Context, id string) (person Person, listed bool, err error) {
	for _, team := range slices.Sorted(maps.Keys(p.notes.Teams())) {
		person, failed := p.ask(ctx, team, id)
		if failed == nil {
			return person, true, nil
		}
		if !isNotMember(failed) && !IsInaccessible(failed) {
			err = failed
		}
	}
	return Person{}, false, err
}

// ask asks Teams to describe a member of a channel, and notes the answer.
func (p *People) ask(ctx context.Context, channel, id string) (Person, error) {
	service, err := p.notes.ServiceOf(ctx, channel)
	if err != nil {
		return Person{}, err
	}

	m, err := p.Bot.Member(ctx, connector.Conversation{Service: service, ID: channel}, id)
	if err != nil {
		return Person{}, err
	}

	person := p.Describe(m)
	p.put(person)
	p.lastSeen.Put(memberKey(channel, person.User), p.Now())

	if err := p.notes.Keep(ctx, notePerson+person.Teams, person); err != nil {
		p.Log.Warn("teams person not noted", "error", err)
	}

	return person, nil
}

// Describe turns Teams' description of a member into a Person. The Kind is bridge.ActorPerson only if Teams says that
// the member belongs to our own organisation and isn't a guest.
func (p *People) Describe(m connector.Member) Person {
	person := Person{Teams: m.ID, User: m.AADObjectID, Name: m.Name, Kind: bridge.ActorForeign, AskedAt: p.Now()}
	role := cmp.Or(m.UserRole, "user")
	isOfTenant := m.AADObjectID != "" && strings.EqualFold(m.TenantID, p.Tenant)
	if isOfTenant && strings.EqualFold(role, "user") {
		person.Kind = bridge.ActorPerson
	}
	return person
}

// isWithoutApp reports whether an error means that the app isn't in the conversation.
func isWithoutApp(err error) bool {
	var e *connector.Error
	return errors.As(err, &e) && e.Code == connector.CodeNotInRoster
}

// isNotMember reports whether an error means that the conversation has no such member. Teams answers 404, or 400 for
// an id whose form it doesn't take.
func isNotMember(err error) bool {
	var e *connector.Error
	if !errors.As(err, &e) {
		return false
	}
	if e.Status == http.StatusNotFound {
		return true
	}
	return e.Class == channels.BadContent && e.Status == http.StatusBadRequest
}
