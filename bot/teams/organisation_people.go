package teams

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

	"parley/bot/forms"
	"parley/bridge"
	"parley/channels"
)

// A person in Teams has two ids: "29:…", which is known only to this bot, and the Entra object id, which is the same in
// all Microsoft products. This file looks up people by either id, and above all whether they belong to the
// organisation, because nobody else may act in Parley. Teams' answers are cached for a day and stored (see Notebook).

// personLifetime is how long Teams' answer about a person is valid. Afterwards we ask again. If Teams doesn't answer,
// the old answer remains valid.
const personLifetime = 24 * time.Hour

// memberLifetime is how long somebody counts as a member of a channel after Teams has said so. It is short because Teams
// tells only one replica that somebody has left; see NoteLeft.
const memberLifetime = 10 * time.Minute

// OrganisationPerson is a member of a conversation, as Teams describes them.
type OrganisationPerson struct {
	Teams   string           `json:"teams"` // "29:…", known only to this bot
	User    string           `json:"user"`  // Entra object id
	Name    string           `json:"name,omitempty"`
	Kind    bridge.ActorKind `json:"kind"`
	AskedAt time.Time        `json:"at"` // when Teams described them
}

// People is a cache of the people whom Teams has described. Safe for concurrent use.
type People struct {
	*App

	notes *Notebook

	byID     forms.Map[OrganisationPerson] // by both ids: Person.Teams and Person.User
	lastSeen forms.Map[time.Time]          // when Teams last listed a person as a member of a channel, by memberKey
	lastLeft forms.Map[time.Time]          // when a person last left any team or channel, by Person.Teams
}

// memberKey returns the key in People.lastSeen for a person in a channel.
func memberKey(channel, user string) string { return channel + "/" + user }

// learn adds a stored note about a person to the cache. It ignores a note that is stored under another id.
func (p *People) learn(id string, value json.RawMessage) {
	var person OrganisationPerson
	if json.Unmarshal(value, &person) == nil && person.Teams == id {
		p.put(person)
	}
}

// put adds a person to the cache, unless it has a newer description.
func (p *People) put(person OrganisationPerson) {
	old, ok := p.byID.Get(person.Teams)
	if ok && old.AskedAt.After(person.AskedAt) {
		return
	}
	p.byID.Put(person.Teams, person)
	if person.User != "" {
		p.byID.Put(person.User, person)
	}
}

// Find describes the member of a conversation with one of the two ids. If the app isn't in the conversation, or the
// conversation is "" because it isn't known, Find searches the teams with the app, because people can use the app's menus
// anywhere. ok is false if Teams doesn't list such a person.
// Errors: *connector.Error if Teams doesn't answer and the person isn't cached; those of the notes.
func (p *People) Find(ctx context.Context, conversation, id string) (person OrganisationPerson, ok bool, err error) {
	person, known := p.byID.Get(id)
	if known && p.Now().Sub(person.AskedAt).Abs() < personLifetime {
		return person, true, nil
	}

	var asked OrganisationPerson
	channel, _ := SplitThread(conversation)
	if channel != "" {
		asked, err = p.ask(ctx, channel, id)
		ok = err == nil
	}
	var refused *Error
	isWithoutApp := errors.As(err, &refused) && refused.Code == CodeNotInRoster
	if channel == "" || isWithoutApp {
		asked, ok, err = p.askTeams(ctx, id)
	}
	if err == nil || isNotMember(err) {
		return asked, ok, nil
	}
	if known { // an old answer is better than none
		return person, true, nil
	}

	return OrganisationPerson{}, false, err
}

// IsMember reports whether a person is a member of a channel.
// Errors: as Find.
func (p *People) IsMember(ctx context.Context, channel, user string) (bool, error) {
	seen, known := p.lastSeen.Get(memberKey(channel, user))
	known = known && !p.hasLeftSince(user, seen)
	if known && p.Now().Sub(seen).Abs() < memberLifetime {
		return true, nil
	}

	_, err := p.ask(ctx, channel, user)
	if err == nil {
		return true, nil
	}
	if isNotMember(err) {
		return false, nil
	}
	if known { // an old answer is better than none
		return true, nil
	}

	return false, err
}

// NoteLeft records that a person has left a team or a channel. id is "29:…". It may be a channel of which the person is
// still a member by another way, so IsMember asks Teams about each of them again.
func (p *People) NoteLeft(id string) { p.lastLeft.Put(id, p.Now()) }

// hasLeftSince reports whether a user has left a team or a channel at a time or later.
func (p *People) hasLeftSince(user string, at time.Time) bool {
	person, _ := p.byID.Get(user)
	left, hasLeft := p.lastLeft.Get(person.Teams)
	return hasLeft && !left.Before(at)
}

// Account returns the id with which the bot may begin a chat with a user. It is "29:…" if the user is a member of a team
// with the app. Otherwise it is the Entra object id, which works only if the user has installed the app.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages, read
// 2026-11.
// Errors: *connector.Error if a team's members can't be read at the moment.
func (p *People) Account(ctx context.Context, user string) (string, error) {
	if person, known := p.byID.Get(user); known { // this id never changes
		return person.Teams, nil
	}

	person, listed, err := p.askTeams(ctx, user)
	if listed {
		return person.Teams, nil
	}
	return user, err
}

// askTeams looks for a person among the members of each team with the app. listed is false if no team has the person.
// Errors: *connector.Error if no team has the person, and a team's members can't be read at the moment.
func (p *People) askTeams(ctx context.Context, id string) (person OrganisationPerson, listed bool, err error) {
	for _, team := range slices.Sorted(maps.Keys(p.notes.Teams())) {
		person, askErr := p.ask(ctx, team, id)
		if askErr == nil {
			return person, true, nil
		}
		if !isNotMember(askErr) && !IsInaccessible(askErr) {
			err = askErr
		}
	}
	return OrganisationPerson{}, false, err
}

// ask asks Teams to describe a member of a channel, and caches and stores the answer.
func (p *People) ask(ctx context.Context, channel, id string) (OrganisationPerson, error) {
	service, err := p.notes.ServiceOf(ctx, channel)
	if err != nil {
		return OrganisationPerson{}, err
	}

	m, err := p.Bot.Member(ctx, Conversation{Service: service, ID: channel}, id)
	if err != nil {
		return OrganisationPerson{}, err
	}

	person := p.Describe(m)
	p.put(person)
	p.lastSeen.Put(memberKey(channel, person.User), p.Now())

	if err := p.notes.Keep(ctx, notePerson+person.Teams, person); err != nil {
		p.Log.Warn("teams person not noted", "error", err)
	}

	return person, nil
}

// Describe turns Teams' description of a member into a Person. Its Kind is bridge.ActorPerson only if, according to
// Teams, the member belongs to our own organisation and isn't a guest.
func (p *People) Describe(m Member) OrganisationPerson {
	person := OrganisationPerson{Teams: m.ID, User: m.AADObjectID, Name: m.Name, Kind: bridge.ActorForeign, AskedAt: p.Now()}
	role := cmp.Or(m.UserRole, "user")
	isOfTenant := m.AADObjectID != "" && strings.EqualFold(m.TenantID, p.Tenant)
	if isOfTenant && strings.EqualFold(role, "user") {
		person.Kind = bridge.ActorPerson
	}
	return person
}

// isNotMember reports whether an error means that the conversation has no such member. Teams responds 404, or 400 if
// the id is malformed.
func isNotMember(err error) bool {
	var e *Error
	isMalformed := errors.As(err, &e) && e.Class == channels.BadContent && e.Status == http.StatusBadRequest
	return isMalformed || hasStatus(err, http.StatusNotFound)
}
