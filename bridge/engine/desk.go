package engine

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/store"
	"parley/store/blob"
)

// maxOpenThreads limits the threads in which a surface looks for missed messages.
const maxOpenThreads = 500

// Desk is the engine's API for one surface: a chat in which agents work, such as Slack. The surface stores events through it
// (Accept), and reads what its cards and forms show. For example, Slack calls FactsAt when an agent opens a form in a thread. Each
// surface declares an interface with the methods that it needs.
//
// A user is identified by the surface's own id. Methods that take a user check which conversations that user may read. They return
// a *bridge.Problem, worded for people, if the user isn't an agent or may not read the conversation.
type Desk struct {
	e       *Engine
	account store.AccountID
	surface bridge.Surface
	gap     gap // see Desk.Gap
}

// Accept stores facts; see channels.Accept.
func (d *Desk) Accept(ctx context.Context, facts ...channels.Fact) error {
	return d.e.relay.Accept(ctx, d.account, facts...)
}

// KnownFacts reports which of the given facts (events of the surface, by id) need not be stored again: those that are stored, and
// messages that Parley itself posted. The fact of a message has the id "m:{channel}:{message}"; a message id contains no colon.
func (d *Desk) KnownFacts(ctx context.Context, ids []string) (map[string]bool, error) {
	seen, err := store.SeenEvents(ctx, d.e.pool, d.account, ids)
	if err != nil {
		return nil, err
	}

	var accounts []store.AccountID
	var chans, messages []string
	for _, id := range ids {
		at, isMessage := strings.CutPrefix(id, "m:")
		colon := strings.LastIndexByte(at, ':') // the last one, because channel ids may contain colons
		if !isMessage || colon < 0 {
			continue
		}
		if seen[id] {
			continue
		}
		accounts = append(accounts, d.account)
		chans = append(chans, at[:colon])
		messages = append(messages, at[colon+1:])
	}

	posts, err := store.FindPosts(ctx, d.e.pool, accounts, chans, messages)
	if err != nil {
		return nil, err
	}
	for _, p := range posts {
		isKnown := p.Kind != EarlyMessage // only an edit or a deletion of it is stored, not the message itself
		seen["m:"+p.Channel+":"+p.Message] = isKnown
	}
	return seen, nil
}

// FactPayload returns the payload of a stored fact. It is nil if the fact isn't stored, or its payload is no longer in the journal.
func (d *Desk) FactPayload(ctx context.Context, id string) ([]byte, error) {
	return store.PayloadOf(ctx, d.e.pool, d.account, id)
}

// IsOwnPost reports whether the message at a place was posted by Parley.
func (d *Desk) IsOwnPost(ctx context.Context, at bridge.Place) (bool, error) {
	p, err := d.postAt(ctx, at.Channel, at.Message)
	if p == nil {
		return false, err
	}
	isFromPerson := p.Kind == HumanMessage || p.Kind == EarlyMessage
	return !isFromPerson, err
}

// postAt returns the recorded message of the surface, or nil if it isn't recorded.
func (d *Desk) postAt(ctx context.Context, channel, message string) (*store.Post, error) {
	posts, err := store.FindPosts(ctx, d.e.pool, []store.AccountID{d.account}, []string{channel}, []string{message})
	if err != nil || len(posts) == 0 {
		return nil, err
	}
	return &posts[0], nil
}

func (d *Desk) agentOf(user store.SurfaceUser) *store.Agent {
	return d.e.directory.Load().AgentOf(d.account, user)
}

// FactsAt returns the facts (status, owners, …) of the conversation to which a thread, or a message in it, belongs.
// It returns ErrNoConversation if there is none.
func (d *Desk) FactsAt(ctx context.Context, at bridge.Place, user store.SurfaceUser) (bridge.Facts, error) {
	for _, message := range []string{at.Thread, at.Message} {
		p, err := d.postAt(ctx, at.Channel, message)
		if err != nil {
			return bridge.Facts{}, err
		}
		if p != nil && p.ConversationID != 0 {
			return d.Facts(ctx, p.ConversationID, user)
		}
	}
	return bridge.Facts{}, bridge.ErrNoConversation
}

// Facts returns the facts of a conversation by its number, or ErrNoConversation.
func (d *Desk) Facts(ctx context.Context, id store.ConversationID, user store.SurfaceUser) (bridge.Facts, error) {
	agent, err := d.readerOf(ctx, id, user)
	if err != nil {
		return bridge.Facts{}, err
	}
	list, err := d.e.reading.Facts(ctx, d.e.pool, d.account, agent, id)
	if err != nil {
		return bridge.Facts{}, err
	}
	if len(list) == 0 {
		return bridge.Facts{}, bridge.ErrNoConversation
	}
	list[0].Now, err = store.Now(ctx, d.e.pool)
	return list[0], err
}

// readerFor returns the agent whom a user of the surface is, and the agent's current permissions to read.
func (d *Desk) readerFor(ctx context.Context, user store.SurfaceUser) (*store.Agent, store.Reader, error) {
	agent := d.agentOf(user)
	if problem := d.e.reading.Verbs.Authorize(agent, bridge.VerbFind); problem != nil {
		return nil, store.Reader{}, problem
	}
	d.e.reading.AskAudiences(ctx, agent)
	return agent, d.e.reading.As(agent), nil
}

// readerOf returns the agent whom a user of the surface is, if the agent may read a conversation. It returns ErrNoConversation if
// the conversation doesn't exist.
func (d *Desk) readerOf(ctx context.Context, id store.ConversationID, user store.SurfaceUser) (*store.Agent, error) {
	agent, reader, err := d.readerFor(ctx, user)
	if err != nil {
		return nil, err
	}

	rows, err := store.Conversations(ctx, d.e.pool, id)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, bridge.ErrNoConversation
	}
	if !reader.May(&rows[0]) {
		return nil, NotReadable(id)
	}
	return agent, nil
}

// List returns a page of a list (at most 50 rows) or of search results (at most 20), without the conversations that user may not see.
func (d *Desk) List(ctx context.Context, q bridge.ListQuery, user store.SurfaceUser) (bridge.Listing, error) {
	agent, reader, err := d.readerFor(ctx, user)
	if err != nil {
		return bridge.Listing{}, err
	}
	return d.e.reading.List(ctx, d.e.pool, d.account, agent, reader, q)
}

// ListChoices returns the values by which user can filter lists.
func (d *Desk) ListChoices(ctx context.Context, user store.SurfaceUser) (bridge.ListChoices, error) {
	agent, _, err := d.readerFor(ctx, user)
	if err != nil {
		return bridge.ListChoices{}, err
	}
	return d.e.reading.ListChoices(d.account, agent), nil
}

// History returns a page of a conversation's log, at most 50 rows. Page 0 has the newest entries. It returns ErrNoConversation if
// the conversation doesn't exist.
func (d *Desk) History(ctx context.Context, id store.ConversationID, page int, user store.SurfaceUser) (bridge.History, error) {
	if _, err := d.readerOf(ctx, id, user); err != nil {
		return bridge.History{}, err
	}
	return d.e.reading.History(ctx, d.e.pool, id, page)
}

// People returns all active agents, for pickers.
func (d *Desk) People(ctx context.Context) ([]bridge.AgentRef, error) {
	dir := d.e.directory.Load()
	rooms, err := dir.Rooms(ctx, d.e.pool)
	if err != nil {
		return nil, err
	}
	var list []bridge.AgentRef
	for _, a := range dir.Agents {
		if a.Active {
			ref := dir.Ref(d.account, a.ID)
			ref.Away, ref.Room = dir.IsAway(a.ID), rooms[a.ID]
			list = append(list, ref)
		}
	}
	return list, nil
}

// Accounts returns the accounts (mailboxes, phone numbers, …) that user may work with, sorted by name.
func (d *Desk) Accounts(ctx context.Context, user store.SurfaceUser) ([]bridge.AccountRef, error) {
	agent, _, err := d.readerFor(ctx, user)
	if err != nil {
		return nil, err
	}
	return d.e.reading.AccountsFor(d.e.directory.Load(), agent), nil
}

// MayStart checks whether user may start a conversation. Channels without threads, such as WhatsApp, have at most one open
// conversation with a customer: if there is one already, MayStart returns its facts. Otherwise the ID of the result is 0. If a field
// of the form is wrong, the *Problem names it in Field.
func (d *Desk) MayStart(ctx context.Context, user store.SurfaceUser, s bridge.Start) (bridge.Facts, error) {
	agent := d.agentOf(user)
	checked, problem := d.e.reading.Starting(d.e.directory.Load(), agent, s)
	if problem != nil {
		return bridge.Facts{}, problem
	}
	if checked.Caps.Threads {
		return bridge.Facts{}, nil
	}

	customer := append([]string{checked.Party.Key}, checked.Party.Also...)
	if checked.KnownOnly {
		writers, err := store.FilterWriters(ctx, d.e.pool, customer)
		if err != nil {
			return bridge.Facts{}, err
		}
		isKnown := len(writers) > 0
		if problem := checked.StrangerProblem(isKnown); problem != nil {
			return bridge.Facts{}, problem
		}
	}

	accounts := slices.Repeat([]store.AccountID{checked.Account.ID}, len(customer)) // the same account for each key
	latest, err := store.LatestConversations(ctx, d.e.pool, accounts, customer)
	if err != nil || len(latest) == 0 {
		return bridge.Facts{}, err
	}

	list, err := d.e.reading.Facts(ctx, d.e.pool, d.account, agent, latest...)
	if err != nil {
		return bridge.Facts{}, err
	}
	if i := slices.IndexFunc(list, func(f bridge.Facts) bool { return f.Status.Open() }); i >= 0 {
		return list[i], nil
	}
	return bridge.Facts{}, nil
}

// SaidAt returns excerpts of the customers' messages that a post shows, oldest first. Messages may have been posted together, so
// there can be several. The result is empty if the post shows no customer's message.
func (d *Desk) SaidAt(ctx context.Context, at bridge.Place, user store.SurfaceUser) ([]bridge.Said, error) {
	if problem := d.e.reading.Verbs.Authorize(d.agentOf(user), bridge.VerbReply); problem != nil {
		return nil, problem
	}

	p, err := d.postAt(ctx, at.Channel, at.Message)
	if err != nil || p == nil {
		return nil, err
	}
	if p.Kind != string(bridge.PostSaid) && p.Kind != string(bridge.PostFiles) {
		return nil, nil
	}
	if _, err := d.readerOf(ctx, p.ConversationID, user); err != nil {
		return nil, err
	}

	messages, err := store.MessagesOfPost(ctx, d.e.pool, p.MessageID, p.Kind)
	if err != nil {
		return nil, err
	}
	return SaidIn(messages), nil
}

// WordsAt returns the text that an agent typed at a place, as Parley would send it, and its bridge.WordsMark. Both are "" if no
// agent's text is recorded there.
func (d *Desk) WordsAt(ctx context.Context, at bridge.Place, user store.SurfaceUser) (text, mark string, err error) {
	p, err := d.postAt(ctx, at.Channel, at.Message)
	if err != nil || p == nil {
		return "", "", err
	}
	if p.Kind != HumanMessage {
		return "", "", nil
	}
	if _, err := d.readerOf(ctx, p.ConversationID, user); err != nil {
		return "", "", err
	}

	messages, err := store.MessagesOfPost(ctx, d.e.pool, p.MessageID, p.Kind)
	if err != nil || len(messages) == 0 {
		return "", "", err
	}
	return messages[0].Text, WordsMarkOf(&messages[0]), nil
}

// maxChosen is how many messages a form offers to choose from.
const maxChosen = 25

// Spoken returns the latest messages of a conversation, oldest first, and which of them the post at a place shows. If that one is
// older, the list ends with it.
func (d *Desk) Spoken(ctx context.Context, id store.ConversationID, at bridge.Place, user store.SurfaceUser) (
	list []bridge.SpokenMessage, shown []store.MessageID, err error,
) {
	viewer, err := d.readerOf(ctx, id, user)
	if err != nil {
		return nil, nil, err
	}
	rows, err := store.Conversations(ctx, d.e.pool, id)
	if err != nil || len(rows) == 0 {
		return nil, nil, err
	}
	page, err := d.e.reading.ReadSpoken(ctx, d.e.pool, viewer, &rows[0], bridge.SpokenBefore{})
	if err != nil {
		return nil, nil, err
	}
	list = page.List[max(0, len(page.List)-maxChosen):]

	p, err := d.postAt(ctx, at.Channel, at.Message)
	if err != nil || p == nil || p.MessageID == 0 {
		return list, nil, err
	}
	messages, err := store.MessagesOfPost(ctx, d.e.pool, p.MessageID, p.Kind)
	if err != nil {
		return nil, nil, err
	}
	var last bridge.SpokenBefore
	for i := range messages {
		if m := &messages[i]; m.ConversationID == id {
			shown = append(shown, m.ID)
			last = bridge.SpokenBefore{Event: max(last.Event, m.EventID), ID: max(last.ID, m.ID+1)}
		}
	}
	isListed := func(s bridge.SpokenMessage) bool { return slices.Contains(shown, s.ID) }
	if len(shown) == 0 || slices.ContainsFunc(list, isListed) {
		return list, shown, nil
	}
	page, err = d.e.reading.ReadSpoken(ctx, d.e.pool, viewer, &rows[0], last)
	return page.List[max(0, len(page.List)-maxChosen):], shown, err
}

// Count returns how many messages (such as SMS segments) an account's provider charges for a text, including the account's
// signature. counts is false if the provider doesn't charge by length, or if there is no such account.
func (d *Desk) Count(account, text string) (c bridge.Count, counts bool) {
	a := d.e.directory.Load().AccountNamed(account)
	if a == nil {
		return bridge.Count{}, false
	}
	counter, ok := d.e.Channel(a.ID).(channels.Counter)
	if !ok {
		return bridge.Count{}, false
	}
	signature, _ := SignatureOf(a, "", nil, false) // no author: channels without threads use only the account's signature
	return counter.Count(text, signature), true
}

// Assignable returns the active agents and the names of the teams to whom user may give a conversation, for pickers. If it is 0, it
// returns all.
func (d *Desk) Assignable(
	ctx context.Context, id store.ConversationID, user store.SurfaceUser,
) (people []bridge.AgentRef, teams []string, err error) {
	dir := d.e.directory.Load()
	for _, t := range dir.Teams {
		teams = append(teams, t.Name)
	}
	d.e.reading.AskTeamChannels(ctx) // its form also says who may read it
	if people, err = d.People(ctx); err != nil || id == 0 {
		return people, teams, err
	}

	agent, err := d.readerOf(ctx, id, user)
	if err != nil {
		return nil, nil, err
	}
	rows, err := store.Conversations(ctx, d.e.pool, id)
	if err != nil || len(rows) == 0 {
		return nil, nil, err
	}
	account := dir.Account(rows[0].AccountID)
	people = slices.DeleteFunc(people, func(p bridge.AgentRef) bool {
		return d.e.reading.MayGive(dir, agent, account, dir.Agent(p.ID), nil) != nil
	})
	teams = slices.DeleteFunc(teams, func(name string) bool {
		return d.e.reading.MayGive(dir, agent, account, nil, dir.FindTeam(name)) != nil
	})
	return people, teams, nil
}

// TagNames returns the tags that can be chosen, for pickers.
func (d *Desk) TagNames(context.Context) ([]bridge.Tag, error) {
	var list []bridge.Tag
	for _, t := range d.e.directory.Load().OfferedTags() {
		list = append(list, bridge.Tag{Name: t.Name, Color: t.Color, About: t.Description, Label: t.Kind == store.TagLabel})
	}
	return list, nil
}

// Channels returns the ids of the chat channels in which threads open, or in which open conversations have their threads.
func (d *Desk) Channels(ctx context.Context) ([]string, error) {
	return store.ThreadChannels(ctx, d.e.pool, d.account)
}

// OpenThreads returns the roots (first messages) of the threads of open conversations that began before the given time: of the 500
// in which something happened most recently.
func (d *Desk) OpenThreads(ctx context.Context, before time.Time) ([]bridge.Place, error) {
	list, err := store.OpenThreads(ctx, d.e.pool, d.account, before, maxOpenThreads)
	if err != nil {
		return nil, err
	}
	places := make([]bridge.Place, 0, len(list))
	for _, t := range list {
		places = append(places, bridge.Place{Channel: t.Channel, Message: t.Root})
	}
	return places, nil
}

// Keep stores a value for this surface under a key, shared by all processes and durable. It replaces the earlier value; nil removes it.
func (d *Desk) Keep(ctx context.Context, key string, value json.RawMessage) error {
	return store.SaveSurfaceNote(ctx, d.e.pool, d.account, store.SurfaceNote{Key: key, Value: value})
}

// ListKept returns the values that Keep has stored, by key.
func (d *Desk) ListKept(ctx context.Context) (map[string]json.RawMessage, error) {
	notes, err := store.ListSurfaceNotes(ctx, d.e.pool, d.account)
	if err != nil {
		return nil, err
	}
	kept := make(map[string]json.RawMessage, len(notes))
	for _, n := range notes {
		kept[n.Key] = n.Value
	}
	return kept, nil
}

// StoreFile stores an uploaded file of at most maxBytes. It returns the name of the stored blob, which the action that uses the file
// refers to (SurfaceFile.Blob), and its size in bytes. It returns bridge.ErrTooLarge for larger files, and passes on errors of r.
func (d *Desk) StoreFile(ctx context.Context, r io.Reader, maxBytes int64) (name string, size int64, err error) {
	name, size, err = blob.WriteUpload(ctx, d.e.pool, r, maxBytes)
	if errors.Is(err, blob.ErrTooLarge) {
		err = bridge.ErrTooLarge
	}
	return name, size, err
}

// Attend reports that an agent has opened the reply form, so that the customer can see that somebody is typing. It doesn't block;
// failures are only logged.
func (d *Desk) Attend(conversation store.ConversationID) { d.e.attend(conversation) }

// Report records the surface's condition; see Engine.Report.
func (d *Desk) Report(c channels.Condition) { d.e.Report(d.account, c) }
