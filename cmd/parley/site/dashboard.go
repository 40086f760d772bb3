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
	n.Renamed = renamed(dir.Tags)
	return n, nil
}

// formerTags returns the names that tags had, in small letters, with those that they have now: conversations and figures may
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

// renamed returns the names that tags had, as they were written, by which something may still be counted.
func renamed(tags []store.Tag) (list []dashboard.Renamed) {
	now := formerTags(tags)
	for _, t := range tags {
		for _, name := range t.Formerly {
			if now[strings.ToLower(name)] == t.Name {
				list = append(list, dashboard.Renamed{Was: name, Now: t.Name})
			}
		}
	}
	return list
}

// tagNames are names that tags had, of figures by tag; others have none.
type tagNames []dashboard.Renamed

func namesBy(q dashboard.Question, by dashboard.Group) tagNames {
	if by != dashboard.ByTag {
		return nil
	}
	return q.Renamed
}

// now returns the name that a tag has now.
func (n tagNames) now(value string) string {
	for _, r := range n {
		if strings.EqualFold(r.Was, value) {
			return r.Now
		}
	}
	return value
}

// former returns the names that some tags had.
func (n tagNames) former(values []string) (list []string) {
	for _, r := range n {
		if slices.Contains(values, r.Now) {
			list = append(list, r.Was)
		}
	}
	return list
}

// filterOf asks the store what a page asks: of a tag also what was counted by the names that it had.
func filterOf(q dashboard.Question) measure.Filter {
	f := measure.Filter{From: q.From, To: q.To, Teams: q.Teams, Kind: measure.KindAll}
	if q.Account != 0 {
		f.Accounts = []store.AccountID{q.Account}
	}
	switch q.Of {
	case dashboard.ByAgent, dashboard.ByTag, dashboard.ByIntent, dashboard.ByMood:
		f.Kind, f.Value = measure.Kind(q.Of), q.Value
		f.Also = namesBy(q, q.Of).former([]string{q.Value})
	case dashboard.ByDay, dashboard.ByWeek, dashboard.ByAccount, dashboard.ByTeam:
	}
	return f
}

// Sums implements dashboard.Desk.
func (d *dashboardDesk) Sums(ctx context.Context, q dashboard.Question, by dashboard.Group, values []string) ([]dashboard.Sum, error) {
	names := namesBy(q, by)
	rows, err := measure.Sums(ctx, d.o.Pool, filterOf(q), measure.Group(by), slices.Concat(values, names.former(values)))
	if err == nil {
		rows = byNamesNow(names, rows)
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

// Work implements dashboard.Desk.
func (d *dashboardDesk) Work(ctx context.Context, q dashboard.Question, by dashboard.Group) (map[string]int64, error) {
	names := namesBy(q, by)
	rows, err := measure.WorkBy(ctx, d.o.Pool, filterOf(q), measure.Group(by))
	list := make(map[string]int64, len(rows))
	for _, r := range rows {
		list[names.now(r.Value)] += r.Done
	}
	return list, err
}

// Medians implements dashboard.Desk.
func (d *dashboardDesk) Medians(ctx context.Context, q dashboard.Question, by dashboard.Group, values []string) (map[string]dashboard.Medians, error) {
	names := namesBy(q, by)
	group := measure.Group(by)
	if by == "" {
		group = measure.ByAccount
	}
	spreads, err := measure.Spreads(ctx, d.o.Pool, filterOf(q), group, q.Open, slices.Concat(values, names.former(values)))
	if err != nil {
		return nil, err
	}
	joined, medians := map[string]*measure.Spread{}, map[string]dashboard.Medians{}
	for value, s := range spreads {
		now := names.now(value)
		if by == "" {
			now = ""
		}
		if joined[now] == nil {
			joined[now] = &measure.Spread{}
		}
		joined[now].Add(*s)
	}
	for value, s := range joined {
		median := func(t measure.Time) dashboard.Median { return dashboard.Median{About: s.Median(t), Of: s.Count(t)} }
		medians[value] = dashboard.Medians{First: median(measure.FirstAnswer), Next: median(measure.NextAnswer), Ended: median(measure.Ended)}
	}
	return medians, nil
}

// byNamesNow joins the figures of each tag that were counted by several of its names.
func byNamesNow(names tagNames, rows []measure.Sum) []measure.Sum {
	at := map[string]int{}
	var list []measure.Sum
	for _, r := range rows {
		r.Value = names.now(r.Value)
		i, there := at[r.Value]
		if !there {
			at[r.Value] = len(list)
			list = append(list, r)
			continue
		}
		list[i].Add(r.Figures)
	}
	return list
}

// mostLong is how many of the longest conversations are shown.
const mostLong = 10

// Longest implements dashboard.Desk.
func (d *dashboardDesk) Longest(ctx context.Context, q dashboard.Question, of dashboard.Measure) ([]dashboard.Long, error) {
	worst, err := measure.LongestTimes(ctx, d.o.Pool, filterOf(q), measure.Time(of), q.Open, mostLong)
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

// links returns the addresses of conversations' threads.
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
	n, err := measure.ReadNow(ctx, d.o.Pool, filterOf(q), bridge.TraitIntent, bridge.TraitSentiment)
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

// Behind implements dashboard.Desk.
func (d *dashboardDesk) Behind(ctx context.Context) (dashboard.Behind, error) {
	b, err := measure.ReadBehind(ctx, d.o.Pool)
	return dashboard.Behind{By: time.Duration(b.Seconds * float64(time.Second)), Again: b.Older, Old: b.Filling}, err
}
