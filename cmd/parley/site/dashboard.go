package site

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"parley/bot/slack/blockkit"
	"parley/bot/teams/card"
	"parley/bot/web/dashboard"
	"parley/bridge"
	"parley/store"
	"parley/store/measure"
)

// dashboardDesk implements dashboard.Desk.
type dashboardDesk struct {
	o     Options
	known *known
}

// Names implements dashboard.Desk.
func (d *dashboardDesk) Names(ctx context.Context) (dashboard.Names, error) {
	dir, err := d.known.Directory(ctx)
	if err != nil {
		return dashboard.Names{}, err
	}
	var n dashboard.Names
	for _, a := range dir.Accounts {
		if a.Side == store.SideChannel {
			n.Accounts = append(n.Accounts, dashboard.Named{ID: int64(a.ID), Name: a.Name})
		}
	}
	for _, t := range dir.Teams {
		n.Teams = append(n.Teams, dashboard.Team{Named: dashboard.Named{ID: int64(t.ID), Name: t.Name}, Members: t.Members})
	}
	for _, a := range dir.Agents {
		n.Agents = append(n.Agents, dashboard.Named{ID: int64(a.ID), Name: cmp.Or(a.Name, a.Email)})
	}
	for _, t := range dir.Tags {
		n.Tags = append(n.Tags, t.Name)
	}
	return n, nil
}

// formerTags gives the names that tags had, in small letters, with those that they have now: conversations and figures may
// still have them.
func formerTags(tags []store.Tag) map[string]string {
	now := map[string]string{}
	for _, t := range tags {
		for _, name := range t.Formerly {
			now[strings.ToLower(name)] = t.Name
		}
	}
	for _, t := range tags {
		if t.Active {
			delete(now, strings.ToLower(t.Name))
		}
	}
	return now
}

// filterOf asks the store what a page asks: of a tag also what was counted by the names that it had.
func (d *dashboardDesk) filterOf(ctx context.Context, q dashboard.Question) (measure.Filter, error) {
	f := filterOf(q)
	if q.Of != dashboard.ByTag {
		return f, nil
	}
	dir, err := d.known.Directory(ctx)
	f.Also = formerNames(dir.Tags, []string{q.Value})
	return f, err
}

// formerNames gives the names that some tags had, as they were written, by which something may still be counted.
func formerNames(tags []store.Tag, names []string) (list []string) {
	now := formerTags(tags)
	for _, t := range tags {
		for _, name := range t.Formerly {
			if slices.Contains(names, t.Name) && now[strings.ToLower(name)] == t.Name {
				list = append(list, name)
			}
		}
	}
	return list
}

func filterOf(q dashboard.Question) measure.Filter {
	f := measure.Filter{From: q.From, To: q.To, Teams: q.Teams, Kind: measure.KindAll}
	if q.Account != 0 {
		f.Accounts = []store.AccountID{q.Account}
	}
	switch q.Of {
	case dashboard.ByAgent, dashboard.ByTag, dashboard.ByIntent, dashboard.ByMood:
		f.Kind, f.Value = measure.Kind(q.Of), q.Value
	case dashboard.ByDay, dashboard.ByAccount, dashboard.ByTeam:
	}
	return f
}

// Sums implements dashboard.Desk.
func (d *dashboardDesk) Sums(ctx context.Context, q dashboard.Question, by dashboard.Group) ([]dashboard.Sum, error) {
	f, err := d.filterOf(ctx, q)
	if err != nil {
		return nil, err
	}
	rows, err := measure.Sums(ctx, d.o.Pool, f, measure.Group(by))
	if err == nil && by == dashboard.ByTag {
		rows, err = d.byNamesNow(ctx, rows)
	}
	list := make([]dashboard.Sum, len(rows))
	for i, r := range rows {
		list[i] = dashboard.Sum{Value: r.Value, Figures: dashboard.Figures{New: r.Opened, Reopened: r.Reopened, Resolved: r.Resolved, Abandoned: r.Abandoned,
			In: r.MessagesIn, Out: r.MessagesOut, First: dashboard.Times{Count: r.FirstCount, Seconds: r.FirstSum},
			Next: dashboard.Times{Count: r.NextCount, Seconds: r.NextSum}, Ended: dashboard.Times{Count: r.Resolved, Seconds: r.EndedSum}}}
		if q.Open {
			list[i].First.Seconds, list[i].Next.Seconds, list[i].Ended.Seconds = r.FirstSumOpen, r.NextSumOpen, r.EndedSumOpen
		}
	}
	return list, err
}

// Medians implements dashboard.Desk.
func (d *dashboardDesk) Medians(ctx context.Context, q dashboard.Question, by dashboard.Group, values []string) (map[string]dashboard.Medians, error) {
	f, err := d.filterOf(ctx, q)
	if err != nil {
		return nil, err
	}
	now := func(value string) string { return value }
	group := measure.Group(by)
	if by == "" {
		group, now = measure.ByAccount, func(string) string { return "" }
	}
	if by == dashboard.ByTag {
		dir, err := d.known.Directory(ctx)
		if err != nil {
			return nil, err
		}
		former := formerTags(dir.Tags)
		now = func(value string) string { return cmp.Or(former[strings.ToLower(value)], value) }
		values = slices.Concat(values, formerNames(dir.Tags, values))
	}
	spreads, err := measure.Spreads(ctx, d.o.Pool, f, group, q.Open, values)
	if err != nil {
		return nil, err
	}
	joined, medians := map[string]*measure.Spread{}, map[string]dashboard.Medians{}
	for value, s := range spreads {
		if joined[now(value)] == nil {
			joined[now(value)] = &measure.Spread{}
		}
		joined[now(value)].Add(*s)
	}
	for value, s := range joined {
		medians[value] = dashboard.Medians{First: s.Median(measure.FirstAnswer), Next: s.Median(measure.NextAnswer), Ended: s.Median(measure.Ended)}
	}
	return medians, nil
}

// byNamesNow joins the figures of each tag that were counted by several of its names.
func (d *dashboardDesk) byNamesNow(ctx context.Context, rows []measure.Sum) ([]measure.Sum, error) {
	dir, err := d.known.Directory(ctx)
	if err != nil {
		return nil, err
	}
	former, at := formerTags(dir.Tags), map[string]int{}
	var list []measure.Sum
	for _, r := range rows {
		if name := former[strings.ToLower(r.Value)]; name != "" {
			r.Value = name
		}
		i, there := at[r.Value]
		if !there {
			at[r.Value] = len(list)
			list = append(list, r)
			continue
		}
		list[i].Add(r.Figures)
	}
	return list, nil
}

// mostLong is how many of the longest conversations are shown.
const mostLong = 10

// Longest implements dashboard.Desk.
func (d *dashboardDesk) Longest(ctx context.Context, q dashboard.Question, of dashboard.Measure) ([]dashboard.Long, error) {
	f, err := d.filterOf(ctx, q)
	if err != nil {
		return nil, err
	}
	worst, err := measure.LongestTimes(ctx, d.o.Pool, f, measure.Time(of), q.Open, mostLong)
	if err != nil || len(worst) == 0 {
		return nil, err
	}
	ids := make([]store.ConversationID, len(worst))
	for i, w := range worst {
		ids[i] = w.ConversationID
	}
	conversations, err := store.Conversations(ctx, d.o.Pool, ids...)
	if err != nil {
		return nil, err
	}
	links, err := d.links(ctx, ids)
	if err != nil {
		return nil, err
	}
	names, err := d.Names(ctx)
	if err != nil {
		return nil, err
	}
	var list []dashboard.Long
	for _, w := range worst {
		l := dashboard.Long{Conversation: w.ConversationID, Day: w.Day, Seconds: w.Seconds, Link: links[w.ConversationID]}
		if at := slices.IndexFunc(conversations, func(c store.Conversation) bool { return c.ID == w.ConversationID }); at >= 0 {
			l.Subject, l.Customer = conversations[at].Subject, customerOf(&conversations[at])
		}
		if at := slices.IndexFunc(names.Agents, func(n dashboard.Named) bool { return n.ID == int64(w.AgentID) }); at >= 0 {
			l.Agent = names.Agents[at].Name
		}
		list = append(list, l)
	}
	return list, nil
}

// customerOf is the customer's name, as far as the conversation itself tells it.
func customerOf(c *store.Conversation) string {
	if name := c.Traits[bridge.TraitName]; name != "" {
		return name
	}
	for _, p := range c.Participants {
		if p.Role != "copied" {
			return cmp.Or(p.Name, p.Key)
		}
	}
	return ""
}

// links gives the addresses of conversations' threads.
func (d *dashboardDesk) links(ctx context.Context, ids []store.ConversationID) (map[store.ConversationID]string, error) {
	threads, err := store.Threads(ctx, d.o.Pool, ids)
	if err != nil {
		return nil, err
	}
	accounts, err := store.ListAccounts(ctx, d.o.Pool)
	if err != nil {
		return nil, err
	}
	kinds, links := map[store.AccountID]string{}, map[store.ConversationID]string{}
	for i := range accounts {
		kinds[accounts[i].ID] = accounts[i].Kind
	}
	for _, t := range threads {
		at := bridge.Place{Channel: t.Channel, Thread: t.Root, Message: t.Root}
		switch {
		case t.Root == "":
		case kinds[t.AccountID] == "slack":
			links[t.ConversationID] = blockkit.Home("").Link(at)
		case kinds[t.AccountID] == "teams":
			links[t.ConversationID] = card.Home{}.Link(at)
		}
	}
	return links, nil
}

// Now implements dashboard.Desk.
func (d *dashboardDesk) Now(ctx context.Context, q dashboard.Question) (dashboard.Now, error) {
	f, err := d.filterOf(ctx, q)
	if err != nil {
		return dashboard.Now{}, err
	}
	n, err := measure.ReadNow(ctx, d.o.Pool, f, bridge.TraitIntent, bridge.TraitSentiment)
	if err != nil {
		return dashboard.Now{}, err
	}
	out := dashboard.Now{Waiting: n.Waiting, Unassigned: n.Unassigned, Open: n.Open, Snoozed: n.Snoozed, AtLeast: n.AtLeast}
	if n.Oldest != nil {
		now, err := store.Now(ctx, d.o.Pool)
		if err != nil {
			return out, err
		}
		out.Longest = max(now.Sub(*n.Oldest).Truncate(time.Second), 0)
	}
	return out, nil
}
