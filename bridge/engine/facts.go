package engine

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/directory"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// facts reads what cards, forms and lists of a surface may show of conversations, in the order of the
// ids. Those that don't exist are left out; viewer nil = everybody in the thread looks at it.
func (e *Engine) facts(ctx context.Context, q store.Querier, surface int64, viewer *store.Agent, ids ...int64) ([]bridge.Facts, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	dir := e.directory.Load()
	rows, err := store.Conversations(ctx, q, ids...)
	if err != nil {
		return nil, err
	}
	var who, previous []int64
	byID := map[int64]*store.Conversation{}
	for i := range rows {
		byID[rows[i].ID] = &rows[i]
		if rows[i].IdentityID != nil {
			who = append(who, *rows[i].IdentityID)
		}
		if rows[i].PreviousID != nil {
			previous = append(previous, *rows[i].PreviousID)
		}
	}
	identities, err := store.Identities(ctx, q, who)
	if err != nil {
		return nil, err
	}
	threads, err := store.Threads(ctx, q, append(previous, ids...))
	if err != nil {
		return nil, err
	}
	related, err := store.RelatedConversations(ctx, q, ids)
	if err != nil {
		return nil, err
	}
	var now time.Time
	for _, c := range byID {
		if e.caps(c.AccountID).ReplyWindow == 0 || !now.IsZero() {
			continue
		}
		if now, err = store.Now(ctx, q); err != nil {
			return nil, err
		}
	}
	var list []bridge.Facts
	people, places := byNumber(identities), outbound.Threads{}
	places.Add(threads)
	for _, id := range ids {
		if c := byID[id]; c != nil {
			f := e.factsOf(dir, surface, viewer, c, people, places, now)
			addRelated(dir, &f, surface, related)
			list = append(list, f)
		}
	}
	return list, nil
}

func (e *Engine) factsOf(dir *directory.Directory, surface int64, viewer *store.Agent, c *store.Conversation, identities map[int64]*store.Identity, threads outbound.Threads, now time.Time) bridge.Facts {
	f := bridge.Facts{ID: c.ID, Automatic: c.Kind == "automatic", Collects: c.Collects != nil, Status: bridge.Status(c.Status), CloseReason: c.CloseReason, Subject: c.Subject, Traits: c.Traits, CreatedAt: c.CreatedAt,
		LastAt: c.LastAt, EndedAt: orZero(c.ResolvedAt), LastPreview: c.LastPreview, LastFrom: c.LastFrom, Zone: dir.Zone(viewer),
		WaitingSince: orZero(c.WaitingSince), SnoozedUntil: orZero(c.SnoozedUntil), Cost: c.Cost}
	e.windowFacts(&f, c, now)
	if h := dir.Hours[c.AccountID]; h != nil && viewer == nil {
		f.Zone = h.Zone() // what all look at is in the team's zone
	}
	if a := dir.Account(c.AccountID); a != nil {
		f.Account, f.AccountMode, f.ChannelKind = a.Name, a.Mode, a.Kind
		f.ChannelName, f.ChannelIcon = e.kindName(a.Kind)
		f.MayStart = e.starts(dir, a) == nil
		s := dir.SettingsOf(a, e.caps(a.ID).Threads)
		f.ResolveNow, f.OneOwner = s.ResolveAtOnce, s.OneOwner
	}
	if c.TeamID != nil && dir.Team(*c.TeamID) != nil {
		f.Team = dir.Team(*c.TeamID).Name
	}
	if c.IdentityID != nil && identities[*c.IdentityID] != nil {
		f.Contact = contactOf(c, identities[*c.IdentityID])
	}
	recipientFacts(&f, c.Participants)
	for _, id := range c.Assignees {
		f.Assignees = append(f.Assignees, dir.Ref(surface, id))
	}
	for _, t := range c.Tags {
		f.Tags = append(f.Tags, bridge.Tag{Name: t, Color: dir.Color(t)})
	}
	f.Replying = replyingIn(dir, surface, c)
	f.Root, f.Elsewhere = e.rootOf(dir, surface, threads, c.ID)
	if c.PreviousID != nil {
		f.Previous = *c.PreviousID
		if t := threads.At(surface, f.Previous); t != nil {
			f.PreviousAt = bridge.Place{Channel: t.Channel, Thread: t.Root, Message: t.Root}
		}
	}
	if viewer != nil {
		f.Viewer = dir.Ref(surface, viewer.ID)
	}
	return f
}

// addRelated names the conversation that continues one, and the open ones of the same customer.
func addRelated(d *directory.Directory, f *bridge.Facts, surface int64, rows []store.Related) {
	f.AlsoOpen = nil
	for _, o := range rows {
		switch {
		case o.Beside != f.ID:
		case o.Follows && f.Next != o.ID:
			f.Next, f.NextAt = o.ID, rootIn(surface, o)
		case o.Follows && f.NextAt == (bridge.Place{}):
			f.NextAt = rootIn(surface, o)
		}
	}
	f.AlsoOpen = alsoOpen(d, surface, f, rows)
}

// rootIn is the place of a related conversation's root in a surface; zero where it has none there.
func rootIn(surface int64, o store.Related) bridge.Place {
	if o.AccountID == nil || *o.AccountID != surface || *o.Root == "" {
		return bridge.Place{}
	}
	return bridge.Place{Channel: *o.Channel, Thread: *o.Root, Message: *o.Root}
}

// alsoOpen names the other open conversations of a conversation's customer.
func alsoOpen(d *directory.Directory, surface int64, f *bridge.Facts, rows []store.Related) []bridge.OpenRef {
	var list []bridge.OpenRef
	for _, o := range rows {
		if o.Beside != f.ID || o.Follows || o.ID == f.Next {
			continue
		}
		i := slices.IndexFunc(list, func(r bridge.OpenRef) bool { return r.ID == o.ID })
		if i < 0 {
			i = len(list)
			list = append(list, bridge.OpenRef{ID: o.ID})
			for _, id := range o.Assignees {
				list[i].Assignees = append(list[i].Assignees, d.Ref(surface, id))
			}
		}
		if at := rootIn(surface, o); at != (bridge.Place{}) {
			list[i].Root = at
		}
	}
	return list
}

// facts gives the facts of a conversation as the batch has changed it so far, which no row says yet.
func (w *work) facts(ctx context.Context, tx pgx.Tx, c *conv, agent *store.Agent, surface int64) (bridge.Facts, error) {
	places := c.places()
	if c.PreviousID != nil {
		threads, err := store.Threads(ctx, tx, []int64{*c.PreviousID})
		if err != nil {
			return bridge.Facts{}, err
		}
		places.Add(threads)
	}
	f := w.e.factsOf(w.dir, surface, agent, c.Conversation, w.people.identities, places, w.now)
	if next := w.convs.next(c); next != nil {
		f.Next = next.ID
		f.NextAt, _ = w.e.rootOf(w.dir, surface, next.places(), next.ID)
	}
	return f, nil
}

// places gives the threads of a conversation in hand.
func (c *conv) places() outbound.Threads {
	places := outbound.Threads{}
	for _, t := range c.threads {
		places[c.ID] = append(places[c.ID], &t.Thread)
	}
	return places
}

// rootOf gives the place of a conversation's root in a surface or, where its thread is in
// another one, that one's name.
func (e *Engine) rootOf(dir *directory.Directory, surface int64, threads outbound.Threads, conversation int64) (root bridge.Place, elsewhere string) {
	if t := threads.At(surface, conversation); t != nil {
		return bridge.Place{Channel: t.Channel, Thread: t.Root, Message: t.Root}, ""
	}
	for _, t := range threads[conversation] {
		if a := dir.Account(t.AccountID); a != nil {
			return bridge.Place{}, e.surfaceName(dir, a.ID)
		}
	}
	return bridge.Place{}, ""
}

func byNumber(list []store.Identity) map[int64]*store.Identity {
	m := make(map[int64]*store.Identity, len(list))
	for i := range list {
		m[list[i].ID] = &list[i]
	}
	return m
}

// history gives a page of the log of a conversation, newest first; unsaved are what a batch will add.
// Errors: *Problem, for people; the database's.
func (e *Engine) history(ctx context.Context, q store.Querier, id int64, page int, unsaved ...store.LogEntry) (bridge.History, error) {
	h := bridge.History{Page: page}
	if page < 0 || page > mostPages {
		return h, noSuchPage()
	}
	var entries []store.LogEntry
	for _, entry := range unsaved {
		if entry.ConversationID == id {
			entries = slices.Insert(entries, 0, entry)
		}
	}
	skip := page * historyRows
	fresh := min(len(entries), skip)
	entries = entries[fresh:]
	saved, err := store.ListLog(ctx, q, id, historyRows+1, skip-fresh)
	if err != nil {
		return h, err
	}
	entries = append(entries, saved...)
	h.More = len(entries) > historyRows
	h.Rows, err = e.logRows(ctx, q, entries[:min(len(entries), historyRows)])
	return h, err
}

// logRows gives entries of a log as they are shown.
func (e *Engine) logRows(ctx context.Context, q store.Querier, entries []store.LogEntry) ([]bridge.LogRow, error) {
	notes, err := noteWords(ctx, q, entries)
	if err != nil {
		return nil, err
	}
	dir := e.directory.Load()
	rows := make([]bridge.LogRow, 0, len(entries))
	for _, entry := range entries {
		d := detailOf(entry)
		row := bridge.LogRow{At: entry.At, Actor: "Parley", What: string(entry.What), Detail: d.Text}
		if row.Detail == "" {
			row.Detail = d.Reason
		}
		switch {
		case entry.AgentID != nil:
			row.Actor = dir.Ref(0, *entry.AgentID).Name
		case entry.Actor == store.ByCustomer:
			row.Actor = "Customer"
		}
		for i, id := range d.Agents {
			if i > 0 {
				row.Detail += ", "
			}
			row.Detail += dir.Ref(0, id).Name
		}
		if d.Note != "" {
			row.Detail += ": " + d.Note
		}
		if words := notes[d.Message]; words != "" {
			row.Detail = "“" + words + "”"
		}
		rows = append(rows, row)
	}
	return rows, nil
}
