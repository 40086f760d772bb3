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
	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/reading"
	"parley/channels"
	"parley/store"
	"parley/store/blob"
)

// maxOpenThreads is how many threads a surface is told of that it looks through for missed messages.
const maxOpenThreads = 500

// Desk is what one surface (a chat in which agents work, such as Slack) may ask of the engine, also for its forms and cards. Each
// surface declares an interface of the methods that it needs. user is always an id of the surface; what a user who is an agent may
// read is checked here.
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

// KnownFacts returns which of these fact ids are known: those of stored facts, and of messages that Parley itself posted. The id of a
// message's fact is "m:{channel}:{message}"; the message's own id has no colon.
func (d *Desk) KnownFacts(ctx context.Context, ids []string) (map[string]bool, error) {
	seen, err := store.SeenEvents(ctx, d.e.pool, d.account, ids)
	if err != nil {
		return nil, err
	}

	var accounts []store.AccountID
	var chans, messages []string
	for _, id := range ids {
		at, isMessage := strings.CutPrefix(id, "m:")
		colon := strings.LastIndexByte(at, ':') // the last one: a channel's id may have colons itself
		if !isMessage || colon < 0 {
			continue // it names no message, or not as we write it
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
		isKnown := p.Kind != book.EarlyMessage // of such a message only an edit or its deletion has come
		seen["m:"+p.Channel+":"+p.Message] = isKnown
	}
	return seen, nil
}

// IsOwnPost reports whether the message at a place is a post of our own that is recorded.
func (d *Desk) IsOwnPost(ctx context.Context, at bridge.Place) (bool, error) {
	p, err := d.postAt(ctx, at.Channel, at.Message)
	if p == nil {
		return false, err
	}
	isPersons := p.Kind == book.HumanMessage || p.Kind == book.EarlyMessage
	return !isPersons, err
}

// postAt reads the record of a message of the surface; nil if there is none.
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

// FactsAt returns the facts (status, owners, …) of the conversation of a thread, or of a message in it.
// Errors: ErrNoConversation; *Problem when user may not see it.
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

// Facts returns the facts of a conversation by its number, for user. Errors: as FactsAt.
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

// readerFor returns the agent who is a user of the surface, and what the agent may read at present.
// Errors: *Problem for who isn't an agent.
func (d *Desk) readerFor(ctx context.Context, user store.SurfaceUser) (*store.Agent, store.Reader, error) {
	agent := d.agentOf(user)
	if problem := d.e.reading.Verbs.Authorize(agent, bridge.VerbFind); problem != nil {
		return nil, store.Reader{}, problem
	}
	d.e.reading.AskAudiences(ctx, agent)
	return agent, d.e.reading.As(agent), nil
}

// readerOf returns the agent who is a user of the surface, if the agent may read a conversation.
// Errors: ErrNoConversation; *Problem for who may not.
func (d *Desk) readerOf(ctx context.Context, id store.ConversationID, user store.SurfaceUser) (*store.Agent, error) {
	agent, r, err := d.readerFor(ctx, user)
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
	if !r.May(&rows[0]) {
		return nil, reading.NotReadable(id)
	}
	return agent, nil
}

// List returns what user may see of a page of a list (at most 50 rows), or of what some words find (at most 20).
// Errors: *Problem.
func (d *Desk) List(ctx context.Context, q bridge.ListQuery, user store.SurfaceUser) (bridge.Listing, error) {
	agent, r, err := d.readerFor(ctx, user)
	if err != nil {
		return bridge.Listing{}, err
	}
	return d.e.reading.List(ctx, d.e.pool, d.account, agent, r, q)
}

// History returns a page of the log of a conversation, at most 50 rows; page 0 has the newest.
// Errors: as FactsAt.
func (d *Desk) History(ctx context.Context, id store.ConversationID, page int, user store.SurfaceUser) (bridge.History, error) {
	if _, err := d.readerOf(ctx, id, user); err != nil {
		return bridge.History{}, err
	}
	return d.e.reading.History(ctx, d.e.pool, id, page)
}

// People returns all agents, for pickers.
func (d *Desk) People(context.Context) ([]bridge.AgentRef, error) {
	dir := d.e.directory.Load()
	var list []bridge.AgentRef
	for _, a := range dir.Agents {
		if a.Active {
			ref := dir.Ref(d.account, a.ID)
			ref.Away = dir.IsAway(a.ID)
			list = append(list, ref)
		}
	}
	return list, nil
}

// Accounts returns the accounts that user may work with, by name.
// Errors: *Problem for who isn't an agent.
func (d *Desk) Accounts(ctx context.Context, user store.SurfaceUser) ([]bridge.AccountRef, error) {
	agent, _, err := d.readerFor(ctx, user)
	if err != nil {
		return nil, err
	}
	return d.e.reading.AccountsFor(d.e.directory.Load(), agent), nil
}

// MayStart checks a conversation that user wants to begin. In a customers' chat, which has at most one open conversation with a
// customer, it returns the one that is open already. The ID of the result is 0 if there is none.
// Errors: *Problem, with the Field that is wrong; the database's.
func (d *Desk) MayStart(ctx context.Context, user store.SurfaceUser, s bridge.Start) (bridge.Facts, error) {
	agent := d.agentOf(user)
	begun, problem := d.e.reading.Starting(d.e.directory.Load(), agent, s)
	if problem != nil {
		return bridge.Facts{}, problem
	}
	if begun.Caps.Threads {
		return bridge.Facts{}, nil
	}
	customer := append([]string{begun.Party.Key}, begun.Party.Also...)
	if begun.KnownOnly {
		writers, err := store.WritersAmong(ctx, d.e.pool, customer)
		if err != nil {
			return bridge.Facts{}, err
		}
		if problem := begun.StrangerProblem(len(writers) > 0); problem != nil {
			return bridge.Facts{}, problem
		}
	}

	latest, err := store.LatestConversations(ctx, d.e.pool, slices.Repeat([]store.AccountID{begun.Account.ID}, len(customer)), customer)
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

// SaidAt returns the customers' messages that the post at a place shows, as excerpts, oldest first:
// several where they were posted together, none where the post shows no customer's message.
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
	return book.SaidIn(messages), nil
}

// WordsAt returns the agent's text at a place, as Parley would send it, and its bridge.WordsMark. The mark is "" if there is none.
func (d *Desk) WordsAt(ctx context.Context, at bridge.Place, user store.SurfaceUser) (text, mark string, err error) {
	p, err := d.postAt(ctx, at.Channel, at.Message)
	if err != nil || p == nil {
		return "", "", err
	}
	if p.Kind != book.HumanMessage {
		return "", "", nil
	}
	if _, err := d.readerOf(ctx, p.ConversationID, user); err != nil {
		return "", "", err
	}

	messages, err := store.MessagesOfPost(ctx, d.e.pool, p.MessageID, p.Kind)
	if err != nil || len(messages) == 0 {
		return "", "", err
	}
	return messages[0].Text, book.WordsMarkOf(&messages[0]), nil
}

// Count returns for how many messages the provider of an account charges a text with the account's signature. counts is false if
// the provider doesn't count, or if there is no such account.
func (d *Desk) Count(account, text string) (c bridge.Count, counts bool) {
	a := d.e.directory.Load().AccountNamed(account)
	if a == nil {
		return bridge.Count{}, false
	}
	counter, ok := d.e.Channel(a.ID).(channels.Counter)
	if !ok {
		return bridge.Count{}, false
	}
	signature, _ := outbound.SignatureOf(a, nil, false) // of a channel without threads, where no author's own counts
	return counter.Count(text, signature), true
}

// Teams returns the teams' names, for pickers.
func (d *Desk) Teams(context.Context) ([]string, error) {
	var list []string
	for _, t := range d.e.directory.Load().Teams {
		list = append(list, t.Name)
	}
	return list, nil
}

// TagNames returns the tags that can be chosen, for pickers.
func (d *Desk) TagNames(context.Context) ([]bridge.Tag, error) {
	var list []bridge.Tag
	for _, t := range d.e.directory.Load().OfferedTags() {
		list = append(list, bridge.Tag{Name: t.Name, Color: t.Color, About: t.Description, Label: t.Kind == store.TagLabel})
	}
	return list, nil
}

// Channels returns the ids of the channels in which our threads open, or in which open conversations have their threads.
func (d *Desk) Channels(ctx context.Context) ([]string, error) {
	return store.ThreadChannels(ctx, d.e.pool, d.account)
}

// OpenThreads returns the roots of the 500 open conversations in which something happened last, of those that began before a time.
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

// Keep stores something for this surface, for all processes and over restarts, in place of what was kept under the same key. A
// nil value removes it.
func (d *Desk) Keep(ctx context.Context, key string, value json.RawMessage) error {
	return store.SaveSurfaceNote(ctx, d.e.pool, d.account, store.SurfaceNote{Key: key, Value: value})
}

// ListKept returns what Keep has stored, by key.
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

// StoreFile stores a file of at most maxBytes that a person uploads to Parley. It returns the name of the file's blob, for
// SurfaceFile.Blob in the action that follows, and its size in bytes.
// Errors: ErrTooLarge; those of r; the database's.
func (d *Desk) StoreFile(ctx context.Context, r io.Reader, maxBytes int64) (name string, size int64, err error) {
	name, size, err = blob.WriteUpload(ctx, d.e.pool, r, maxBytes)
	if errors.Is(err, blob.ErrTooLarge) {
		err = bridge.ErrTooLarge
	}
	return name, size, err
}

// Attend says that somebody began to answer a conversation, by opening the form, so that the customer can be shown that. It
// returns at once, and doesn't say whether that worked.
func (d *Desk) Attend(conversation store.ConversationID) { d.e.attend(conversation) }

// Report records the surface's condition; see Engine.Report.
func (d *Desk) Report(c channels.Condition) { d.e.Report(d.account, c) }
