package engine

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/permission"
	"parley/bridge/engine/reading"
	"parley/bridge/engine/reply"
	"parley/channels"
	"parley/store"
	"parley/store/blob"
)

// gapMargin is the most by which a measured age of a message may be wrong.
const gapMargin = 2 * time.Second

// Desk is what one surface may ask of the engine. Each surface declares an interface of the methods
// that it needs.
type Desk struct {
	e       *Engine
	account store.AccountID
	surface bridge.Surface

	mu       sync.Mutex
	gapUntil time.Time // the last time at which events may have been missing, by this process's clock; zero means never
	open     bool      // a gap is being filled
	filledTo int64     // the newest event when the last gap was filled
}

// Accept stores facts; see channels.Accept.
func (d *Desk) Accept(ctx context.Context, facts ...channels.Fact) error {
	return d.e.relay.Accept(ctx, d.account, facts...)
}

// Seen returns which of these fact ids are stored (or are posts of our own).
// For messages the id is "m:{channel}:{message}"; a message's id has no colon.
func (d *Desk) Seen(ctx context.Context, ids []string) (map[string]bool, error) {
	seen, err := store.SeenEvents(ctx, d.e.pool, d.account, ids)
	if err != nil {
		return nil, err
	}
	var accounts []store.AccountID
	var chans, messages []string
	for _, id := range ids {
		at, isMessage := strings.CutPrefix(id, "m:")
		if last := strings.LastIndexByte(at, ':'); isMessage && last >= 0 && !seen[id] { // a channel's id may have colons itself
			accounts, chans, messages = append(accounts, d.account), append(chans, at[:last]), append(messages, at[last+1:])
		}
	}
	posts, err := store.FindPosts(ctx, d.e.pool, accounts, chans, messages)
	for _, p := range posts {
		seen["m:"+p.Channel+":"+p.Message] = p.Kind != book.EarlyMessage
	}
	return seen, err
}

// Posted reports whether the message at a place is a post of our own that is recorded.
func (d *Desk) Posted(ctx context.Context, at bridge.Place) (bool, error) {
	posts, err := store.FindPosts(ctx, d.e.pool, []store.AccountID{d.account}, []string{at.Channel}, []string{at.Message})
	return len(posts) > 0 && posts[0].Kind != book.HumanMessage && posts[0].Kind != book.EarlyMessage, err
}

func (d *Desk) agent(user string) *store.Agent {
	return d.e.directory.Load().AgentOf(d.account, user)
}

// FactsAt finds the conversation of a thread or of a message in it, for user.
// Errors: ErrNoConversation; *Problem when user may not see it.
func (d *Desk) FactsAt(ctx context.Context, at bridge.Place, user string) (bridge.Facts, error) {
	for _, m := range []string{at.Thread, at.Message} {
		posts, err := store.FindPosts(ctx, d.e.pool, []store.AccountID{d.account}, []string{at.Channel}, []string{m})
		if err != nil {
			return bridge.Facts{}, err
		}
		if len(posts) > 0 && posts[0].ConversationID != 0 {
			return d.Facts(ctx, posts[0].ConversationID, user)
		}
	}
	return bridge.Facts{}, bridge.ErrNoConversation
}

// Facts of a conversation by its number, for user. Errors as FactsAt.
func (d *Desk) Facts(ctx context.Context, id store.ConversationID, user string) (bridge.Facts, error) {
	agent, err := d.mayRead(ctx, id, user)
	if err != nil {
		return bridge.Facts{}, err
	}
	list, err := d.e.reading.Facts(ctx, d.e.pool, d.account, agent, id)
	if err == nil && len(list) == 0 {
		err = bridge.ErrNoConversation
	}
	if err != nil {
		return bridge.Facts{}, err
	}
	list[0].Now, err = store.Now(ctx, d.e.pool)
	return list[0], err
}

// readerFor returns the agent behind a user, and what the agent may read at present.
// Errors: *Problem for who is no agent.
func (d *Desk) readerFor(ctx context.Context, user string) (*store.Agent, store.Reader, error) {
	agent := d.agent(user)
	if problem := permission.Authorize(agent, bridge.VerbFind); problem != nil {
		return nil, store.Reader{}, problem
	}
	d.e.reading.AskAudiences(ctx, agent)
	return agent, d.e.reading.As(agent), nil
}

// mayRead returns the agent behind a user who may read a conversation.
// Errors: ErrNoConversation; *Problem for who may not.
func (d *Desk) mayRead(ctx context.Context, id store.ConversationID, user string) (*store.Agent, error) {
	agent, r, err := d.readerFor(ctx, user)
	if err != nil {
		return nil, err
	}
	rows, err := store.Conversations(ctx, d.e.pool, id)
	switch {
	case err != nil:
		return nil, err
	case len(rows) == 0:
		return nil, bridge.ErrNoConversation
	case !r.May(&rows[0]):
		return nil, reading.NotReadable(id)
	}
	return agent, nil
}

// List returns a page of a list, at most 50 rows, or of what is found by some words, at
// most 20, as far as user may see it. Errors: *Problem.
func (d *Desk) List(ctx context.Context, q bridge.ListQuery, user string) (bridge.Listing, error) {
	agent, r, err := d.readerFor(ctx, user)
	if err != nil {
		return bridge.Listing{}, err
	}
	return d.e.reading.List(ctx, d.e.pool, d.account, agent, r, q)
}

// History returns a page of the log of a conversation, at most 50 rows; page 0 has the newest.
// Errors: as FactsAt.
func (d *Desk) History(ctx context.Context, id store.ConversationID, page int, user string) (bridge.History, error) {
	if _, err := d.mayRead(ctx, id, user); err != nil {
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
			list = append(list, dir.Ref(d.account, a.ID))
		}
	}
	return list, nil
}

// Accounts returns the accounts that user may work with, by name.
// Errors: *Problem for who is no agent.
func (d *Desk) Accounts(ctx context.Context, user string) ([]bridge.AccountRef, error) {
	agent, _, err := d.readerFor(ctx, user)
	if err != nil {
		return nil, err
	}
	return d.e.reading.AccountsFor(d.e.directory.Load(), agent), nil
}

// MayStart checks a conversation that user wants to begin. Where a customer can have only one open
// conversation (a chat), it gives the one that is open already; its ID is 0 if there is none.
// Errors: *Problem, with the Field that is wrong; the database's.
func (d *Desk) MayStart(ctx context.Context, user string, s bridge.Start) (bridge.Facts, error) {
	agent := d.agent(user)
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
	if i := slices.IndexFunc(list, func(f bridge.Facts) bool { return f.Status.Open() }); i >= 0 {
		return list[i], err
	}
	return bridge.Facts{}, err
}

// SaidAt returns the customers' messages that the post at a place shows, as excerpts, oldest first:
// several where they were posted together, none where the post shows no customer's message.
func (d *Desk) SaidAt(ctx context.Context, at bridge.Place, user string) ([]bridge.Said, error) {
	if problem := permission.Authorize(d.agent(user), bridge.VerbReply); problem != nil {
		return nil, problem
	}
	posts, err := store.FindPosts(ctx, d.e.pool, []store.AccountID{d.account}, []string{at.Channel}, []string{at.Message})
	if err != nil || len(posts) == 0 || posts[0].Kind != string(bridge.PostSaid) && posts[0].Kind != string(bridge.PostFiles) {
		return nil, err
	}
	if _, err := d.mayRead(ctx, posts[0].ConversationID, user); err != nil {
		return nil, err
	}
	messages, err := store.MessagesOfPost(ctx, d.e.pool, posts[0].MessageID, posts[0].Kind)
	return book.SaidIn(messages), err
}

// WordsAt marks what the agent's text at a place says, as Parley has it; "" means there is none.
func (d *Desk) WordsAt(ctx context.Context, at bridge.Place, user string) (string, error) {
	posts, err := store.FindPosts(ctx, d.e.pool, []store.AccountID{d.account}, []string{at.Channel}, []string{at.Message})
	if err != nil || len(posts) == 0 || posts[0].Kind != book.HumanMessage {
		return "", err
	}
	if _, err := d.mayRead(ctx, posts[0].ConversationID, user); err != nil {
		return "", err
	}
	messages, err := store.MessagesOfPost(ctx, d.e.pool, posts[0].MessageID, posts[0].Kind)
	if err != nil || len(messages) == 0 {
		return "", err
	}
	return book.WordsMarkOf(&messages[0]), nil
}

// Count says how many messages the provider of an account counts a text as, with the
// account's signature; ok is false where it doesn't count.
func (d *Desk) Count(account, text string) (bridge.Count, bool) {
	a := d.e.directory.Load().AccountNamed(account)
	if a == nil {
		return bridge.Count{}, false
	}
	counter, ok := d.e.Channel(a.ID).(channels.Counter)
	if !ok {
		return bridge.Count{}, false
	}
	signature, _ := outbound.SignatureOf(a, nil, false)
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

// Channels returns the ids of the channels in which threads of ours open, or in which open conversations
// have theirs.
func (d *Desk) Channels(ctx context.Context) ([]string, error) {
	return store.ThreadChannels(ctx, d.e.pool, d.account)
}

// OpenThreads returns the roots of at most 500 open conversations that began before a time, of those in
// which something happened last.
func (d *Desk) OpenThreads(ctx context.Context, before time.Time) ([]bridge.Place, error) {
	list, err := store.OpenThreads(ctx, d.e.pool, d.account, before, 500)
	places := make([]bridge.Place, 0, len(list))
	for _, t := range list {
		places = append(places, bridge.Place{Channel: t.Channel, Message: t.Root})
	}
	return places, err
}

// Keep remembers something for this surface and its replicas over a restart, in place
// of what it kept under the same key; a nil value forgets it.
func (d *Desk) Keep(ctx context.Context, key string, value json.RawMessage) error {
	return store.SaveSurfaceNote(ctx, d.e.pool, d.account, store.SurfaceNote{Key: key, Value: value})
}

// Kept returns what Keep remembers, by key.
func (d *Desk) Kept(ctx context.Context) (map[string]json.RawMessage, error) {
	notes, err := store.ListSurfaceNotes(ctx, d.e.pool, d.account)
	kept := make(map[string]json.RawMessage, len(notes))
	for _, n := range notes {
		kept[n.Key] = n.Value
	}
	return kept, err
}

// StoreFile keeps a file of at most maxBytes that a person uploads to Parley. It gives the name of its
// blob, for SurfaceFile.Blob in the action that follows, and its size in bytes.
// Errors: ErrTooLarge; what reading r gives; the database's.
func (d *Desk) StoreFile(ctx context.Context, r io.Reader, maxBytes int64) (name string, size int64, err error) {
	name, size, err = blob.WriteUpload(ctx, d.e.pool, r, maxBytes)
	if errors.Is(err, blob.ErrTooLarge) {
		err = bridge.ErrTooLarge
	}
	return name, size, err
}

// MayReply checks a reply with files before it is submitted. Of the files, the names, types and
// sizes must be set.
// Errors: *Problem, for people; as Facts.
func (d *Desk) MayReply(ctx context.Context, conversation store.ConversationID, user, text string, files []bridge.SurfaceFile) error {
	if problem := permission.Authorize(d.agent(user), bridge.VerbReply); problem != nil {
		return problem
	}
	f, err := d.Facts(ctx, conversation, user)
	if err != nil {
		return err
	}
	dir := d.e.directory.Load()
	account := dir.AccountNamed(f.Account.Name)
	if account == nil {
		return bridge.ErrNoConversation
	}
	name, _ := d.e.reading.KindName(account.Kind)
	limits := dir.SettingsOf(account, d.e.reading.Caps(account.ID).Threads).FileLimits
	if problem := reply.OverLimits(d.e.Channel(account.ID), name, limits, text, book.SurfaceFiles(files)); problem != nil {
		return problem
	}
	return nil
}

// Gap tells that events may have been missed until now. Replies wait (≤ 30 s) until Filled is called.
func (d *Desk) Gap() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open, d.gapUntil = true, time.Now()
}

// Filled tells that what was missed is stored.
func (d *Desk) Filled() {
	ctx, cancel := context.WithTimeout(context.Background(), reportTimeout)
	defer cancel()
	newest, err := store.NewestEvent(ctx, d.e.pool)
	if err != nil {
		d.e.log.Warn("newest event not read", "error", err)
		newest = math.MaxInt64 // wait for all
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open, d.gapUntil, d.filledTo = false, time.Now(), newest
}

// gapWithin reports whether events may have been missed within the given duration before now. It takes no
// time of day, because the database's clock and this process's need not agree.
func (d *Desk) gapWithin(last time.Duration) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.open || d.e.stalled() || !d.gapUntil.IsZero() && time.Since(d.gapUntil) < last+gapMargin
}

// filling reports whether a gap is being filled, or that the events which filled it are not applied yet.
// It says so for at most limit.
func (d *Desk) filling(ctx context.Context, limit time.Duration) (bool, error) {
	d.mu.Lock()
	open, recent, to := d.open, time.Since(d.gapUntil) < limit, d.filledTo
	d.mu.Unlock()
	switch {
	case d.e.stalled():
		return true, nil
	case open || !recent:
		return open && recent, nil
	}
	return store.Unapplied(ctx, d.e.pool, d.account, to)
}

// Attend tells that somebody began to answer a conversation, by opening the form: the customer may be
// shown it. It returns at once, and nothing tells whether it worked.
func (d *Desk) Attend(conversation store.ConversationID) { d.e.attend(conversation) }

// Report tells the surface's condition.
func (d *Desk) Report(c channels.Condition) { d.e.Report(d.account, c) }
