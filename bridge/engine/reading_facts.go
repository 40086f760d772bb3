package engine

import (
	"cmp"
	"context"
	"slices"
	"time"

	"parley/bridge"
	"parley/store"
)

// Facts reads what cards, forms and lists in a surface (a chat in which agents work) show of conversations: status, owners, customer,
// thread and so on. The result is in the order of the ids; conversations that don't exist are left out. viewer is the agent for whom
// it is shown, or nil for a card that everybody in the thread sees.
func (rd *ReadingReader) Facts(
	ctx context.Context, q store.Querier, surface store.AccountID, viewer *store.Agent, ids ...store.ConversationID,
) ([]bridge.Facts, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	dir := rd.Directory()
	rows, err := store.Conversations(ctx, q, ids...)
	if err != nil {
		return nil, err
	}

	var customers []store.IdentityID
	var previous []store.ConversationID
	byID := map[store.ConversationID]*store.Conversation{}
	for i := range rows {
		byID[rows[i].ID] = &rows[i]
		if rows[i].IdentityID != nil {
			customers = append(customers, *rows[i].IdentityID)
		}
		if rows[i].PreviousID != nil {
			previous = append(previous, *rows[i].PreviousID)
		}
	}

	identities, err := store.Identities(ctx, q, customers)
	if err != nil {
		return nil, err
	}
	pins, err := store.Pins(ctx, q, customers)
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

	if viewer != nil {
		reader := rd.As(viewer)
		related = slices.DeleteFunc(related, func(o store.Related) bool { return !o.Follows && !mayReadRelated(reader, o) })
	}

	now, err := rd.timeForWindows(ctx, q, rows)
	if err != nil {
		return nil, err
	}

	places := Threads{}
	places.Add(threads)
	people := identitiesByID(identities)
	var list []bridge.Facts
	for _, id := range ids {
		if c := byID[id]; c != nil {
			f := rd.FactsOf(dir, surface, viewer, c, people, places, now)
			AddRelated(dir, &f, surface, related)
			if c.IdentityID != nil && pins[*c.IdentityID] != 0 {
				f.Pinned = dir.Ref(surface, pins[*c.IdentityID])
			}
			list = append(list, f)
		}
	}
	return list, nil
}

// timeForWindows returns Parley's time. It skips the query, and returns the zero time, if no conversation has a reply window.
func (rd *ReadingReader) timeForWindows(ctx context.Context, q store.Querier, rows []store.Conversation) (time.Time, error) {
	hasReplyWindow := func(c store.Conversation) bool { return rd.Caps(c.AccountID).Window.Free > 0 }
	if !slices.ContainsFunc(rows, hasReplyWindow) {
		return time.Time{}, nil
	}
	return store.Now(ctx, q)
}

// mayReadRelated reports whether a reader may read another conversation of the same customer.
func mayReadRelated(r store.Reader, o store.Related) bool {
	return r.May(&store.Conversation{AccountID: o.Account, TeamID: o.TeamID, Assignees: o.Assignees})
}

// Homes returns the thread in which agents work on each conversation, in whichever surface it is. It leaves out conversations that have
// no thread.
func (rd *ReadingReader) Homes(
	ctx context.Context, q store.Querier, ids ...store.ConversationID,
) (map[store.ConversationID]store.Thread, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := store.Conversations(ctx, q, ids...)
	if err != nil {
		return nil, err
	}
	threads, err := store.Threads(ctx, q, ids)
	if err != nil {
		return nil, err
	}

	places := Threads{}
	places.Add(threads)
	homes := map[store.ConversationID]store.Thread{}
	for i := range rows {
		if t := places.Home(rd.Directory(), &rows[i]); t != nil {
			homes[rows[i].ID] = *t
		}
	}

	return homes, nil
}

// FactsOf makes the facts of a conversation from rows that the caller has read. identities and threads must contain those of the
// conversation. now is the time by Parley's clock; it decides whether the customer can still be answered.
func (rd *ReadingReader) FactsOf(dir *Directory, surface store.AccountID, viewer *store.Agent, c *store.Conversation,
	identities map[store.IdentityID]*store.Identity, threads Threads, now time.Time) bridge.Facts {
	f := bridge.Facts{
		ID:          c.ID,
		Automatic:   c.Kind == store.KindAutomatic,
		Collects:    c.Collects != nil,
		Status:      bridge.Status(c.Status),
		CloseReason: c.CloseReason,
		Subject:     c.Subject,
		Unread:      c.UnreadSince != nil && bridge.Status(c.Status).Open(),
		Traits:      c.Traits,
		Times: bridge.Times{
			CreatedAt: c.CreatedAt, EndedAt: OrZero(c.ResolvedAt),
			WaitingSince: OrZero(c.WaitingSince), SnoozedUntil: OrZero(c.SnoozedUntil),
		},
		LastMessage: bridge.LastMessage{At: c.LastAt, Preview: c.LastPreview, From: c.LastFrom, Cost: c.Cost},
		Zone:        dir.Zone(viewer, c.AccountID), // without a viewer, the account's zone
	}

	rd.addWindow(&f, c, now)

	if a := dir.Account(c.AccountID); a != nil {
		f.Account.Name, f.Account.Mode = a.Name, a.Mode
		f.Account.ChannelKind = a.Kind
		f.Account.ChannelName, f.Account.ChannelIcon = rd.KindName(a.Kind)
		f.Account.MayStart = rd.startProblem(dir, a) == nil
		f.Account.Can = rd.Caps(a.ID)
		if a.IsFurther(c.Via) {
			f.Account.Via = c.Via
		}
		s := dir.SettingsOf(a, f.Account.Can.Threads)
		f.Account.NeedsTag = s.RequireTag && len(c.Tags) == 0
		f.Account.MayUntag = !s.TagsLocked
		f.Account.ResolveNow, f.Account.OneOwner = s.ResolveAtOnce && !f.Account.NeedsTag, s.OneOwner
		if since := WaitOf(c).Since; s.ReplyTarget > 0 && !since.IsZero() {
			f.ReplyBy = dir.Hours[a.ID].Add(since, s.ReplyTarget)
		}
	}

	if c.TeamID != nil && dir.Team(*c.TeamID) != nil {
		f.Team = dir.Team(*c.TeamID).Name
	}
	if c.IdentityID != nil && identities[*c.IdentityID] != nil {
		f.Contact = ContactOf(c, identities[*c.IdentityID])
	}

	addRecipients(&f, c.Participants)

	for _, id := range c.Assignees {
		f.Assignees = append(f.Assignees, dir.Ref(surface, id))
	}
	for _, id := range c.VisibleTo {
		f.VisibleTo = append(f.VisibleTo, dir.Ref(surface, id))
	}
	f.Tags = dir.TagsNamed(c.Tags)
	f.Replying = replyingIn(dir, surface, c)
	f.Thread.Root, f.Thread.Elsewhere = rd.RootOf(dir, surface, threads, c)
	if c.PreviousID != nil {
		f.Previous = *c.PreviousID
		if t := threads.ThreadIn(surface, f.Previous); t != nil {
			f.PreviousAt = bridge.Place{Channel: t.Channel, Thread: t.Root, Message: t.Root}
		}
	}
	if viewer != nil {
		f.Viewer = dir.Ref(surface, viewer.ID)
	}
	return f
}

// AddRelated adds links to related conversations to f: the newest one that continues it, and the other open ones of the same customer.
// rows may contain related conversations of other conversations, which are ignored.
func AddRelated(d *Directory, f *bridge.Facts, surface store.AccountID, rows []store.Related) {
	f.AlsoOpen = nil
	rows = slices.DeleteFunc(slices.Clone(rows), func(o store.Related) bool { return o.Beside != f.ID })
	roots := rootsIn(d, surface, rows)
	for _, o := range rows {
		if o.Follows && o.ID > f.Next {
			f.Next, f.NextAt = o.ID, roots[o.ID]
		}
	}
	f.AlsoOpen = otherOpenRefs(d, surface, f, rows, roots)
}

// rootsIn returns the roots (first messages of the threads) of those related conversations whose thread is in a surface.
func rootsIn(d *Directory, surface store.AccountID, rows []store.Related) map[store.ConversationID]bridge.Place {
	threads := Threads{}
	for _, o := range rows {
		if o.AccountID != nil {
			threads.Add([]store.Thread{{ConversationID: o.ID, AccountID: *o.AccountID, Channel: *o.Channel, Root: *o.Root}})
		}
	}

	roots := map[store.ConversationID]bridge.Place{}
	for _, o := range rows {
		t := threads.Home(d, &store.Conversation{ID: o.ID, AccountID: o.Account, TeamID: o.TeamID})
		if t != nil && t.AccountID == surface && t.Root != "" {
			roots[o.ID] = bridge.Place{Channel: t.Channel, Thread: t.Root, Message: t.Root}
		}
	}
	return roots
}

// otherOpenRefs lists the other open conversations of the customer, each once.
func otherOpenRefs(d *Directory, surface store.AccountID, f *bridge.Facts, rows []store.Related,
	roots map[store.ConversationID]bridge.Place,
) []bridge.OpenRef {
	var list []bridge.OpenRef
	for _, o := range rows {
		isListed := slices.ContainsFunc(list, func(r bridge.OpenRef) bool { return r.ID == o.ID })
		if isListed || o.Follows || o.ID == f.Next {
			continue
		}
		other := bridge.OpenRef{ID: o.ID, Root: roots[o.ID]}
		for _, id := range o.Assignees {
			other.Assignees = append(other.Assignees, d.Ref(surface, id))
		}
		list = append(list, other)
	}

	return list
}

// RootOf returns the root (first message) of the thread in which agents work on a conversation. If the thread is in another surface,
// it returns the name of that surface (elsewhere) instead.
func (rd *ReadingReader) RootOf(dir *Directory, surface store.AccountID, threads Threads, c *store.Conversation) (
	root bridge.Place, elsewhere string,
) {
	t := threads.Home(dir, c)
	switch {
	case t == nil:
		return bridge.Place{}, ""
	case t.AccountID != surface:
		return bridge.Place{}, rd.SurfaceName(dir, t.AccountID)
	default:
		return bridge.Place{Channel: t.Channel, Thread: t.Root, Message: t.Root}, ""
	}
}

func identitiesByID(list []store.Identity) map[store.IdentityID]*store.Identity {
	m := make(map[store.IdentityID]*store.Identity, len(list))
	for i := range list {
		m[list[i].ID] = &list[i]
	}
	return m
}

// addWindow adds the reply window to f: some providers let a business write freely only for some time after the customer's message.
func (rd *ReadingReader) addWindow(f *bridge.Facts, c *store.Conversation, now time.Time) {
	caps := rd.Caps(c.AccountID)
	win := WindowOf(caps, c.WindowFrom)
	f.Window.Until = win.HumanUntil
	f.Window.Closed = !win.IsOpen(now)
	f.Window.Templates = caps.Templates
	f.Window.PeopleOnly = !f.Window.Closed && !win.IsOpenForMachines(now)
}

// KindName returns the display name and the icon of a kind of channel.
func (rd *ReadingReader) KindName(kind string) (name, icon string) {
	for _, s := range rd.specs {
		if s.Kind == kind {
			return s.Name, s.Icon
		}
	}
	return kind, "grey_question"
}

// SurfaceName returns the display name of a surface.
func (rd *ReadingReader) SurfaceName(dir *Directory, surface store.AccountID) string {
	a := dir.Account(surface)
	if a == nil {
		return "another chat"
	}
	return cmp.Or(rd.names[a.Kind], a.Name)
}

// addRecipients adds the recipients of replies to f, and the participants who don't receive them.
func addRecipients(f *bridge.Facts, list []store.Participant) {
	refOf := func(p store.Participant) bridge.PartyRef {
		return bridge.PartyRef{Name: p.Name, Address: p.Key, Phone: p.Phone}
	}
	to, cc := RecipientsOf(list)
	for _, p := range to {
		ref := refOf(p)
		if p.Key == f.Contact.Address {
			ref = f.Contact
		}
		f.Recipients.To = append(f.Recipients.To, ref)
	}

	for _, p := range cc {
		f.Recipients.Cc = append(f.Recipients.Cc, refOf(p))
	}

	for _, p := range list {
		switch {
		case p.Role == RoleCopied:
			f.Recipients.Copied = append(f.Recipients.Copied, refOf(p))
		case p.New:
			f.Recipients.Waiting = append(f.Recipients.Waiting, refOf(p))
		}
	}
}

// replyingIn lists the agents who have a reply form open.
func replyingIn(d *Directory, surface store.AccountID, c *store.Conversation) []bridge.Replying {
	var list []bridge.Replying
	for _, r := range c.Replying {
		list = append(list, bridge.Replying{By: d.Ref(surface, r.AgentID), Since: r.OpenedAt})
	}
	return list
}

// settingsOf returns the settings of an account. For an account that no longer exists it returns the defaults.
func (rd *ReadingReader) settingsOf(account bridge.AccountID) bridge.AccountSettings {
	dir, threads := rd.Directory(), rd.Caps(account).Threads
	if a := dir.Account(account); a != nil {
		return dir.SettingsOf(a, threads)
	}
	return bridge.SettingsOf(nil, nil, threads)
}
