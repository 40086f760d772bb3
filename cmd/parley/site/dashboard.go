package site

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/bot/web"
	"parley/bot/web/dashboard"
	"parley/bridge"
	"parley/channels/markdown"
	"parley/store"
	"parley/store/measure"
)

// dashboardDesk implements dashboard.Desk: it gives the pages with the team's figures, such as the time to a first
// reply, the names by which figures can be chosen, and the figures themselves.
type dashboardDesk struct {
	o     Options
	cache *setupCache
}

// Names returns what figures can be chosen by: accounts, teams, agents and tags. For somebody who isn't an admin it
// hides the names of accounts that aren't open to that person.
func (d *dashboardDesk) Names(ctx context.Context, p web.Person) (dashboard.Names, error) {
	n, err := d.allNames(ctx)
	if err != nil || p.Admin {
		return n, err
	}
	isClosed, err := d.o.closedAccounts(ctx, p.ID)
	if err != nil {
		return dashboard.Names{}, err
	}

	n.Closed = map[int64]bool{}
	for i := range n.Accounts {
		if a := &n.Accounts[i]; isClosed(store.AccountID(a.ID)) {
			n.Closed[a.ID] = true
			a.Name = "an account that isn't open to you"
		}
	}

	return n, nil
}

// allNames returns the names of all accounts, teams, agents and tags.
func (d *dashboardDesk) allNames(ctx context.Context) (dashboard.Names, error) {
	dir, err := d.cache.Directory(ctx)
	if err != nil {
		return dashboard.Names{}, err
	}

	n := dashboard.Names{Zones: map[bridge.AccountID]*time.Location{}}
	for _, a := range dir.Accounts {
		if a.Side != store.SideChannel {
			continue
		}
		n.Accounts = append(n.Accounts, dashboard.Named{ID: int64(a.ID), Name: a.Name})
		h, err := bridge.Hours(a.Hours)
		if err == nil && h != nil { // else figures are counted in UTC's days
			n.Zones[a.ID] = h.Zone()
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

	n.Renamed = renamedTags(dir.Tags)
	return n, nil
}

// formerTags returns the current names of tags by their former names, which are in small letters: conversations and figures may
// still have the former ones. A former name that an active tag has now is not among them.
func formerTags(tags []store.Tag) map[string]string {
	current := map[string]string{}
	for _, t := range tags {
		for _, name := range t.Formerly {
			current[strings.ToLower(name)] = t.Name
		}
	}
	for _, t := range tags {
		isOthers := current[strings.ToLower(t.Name)] != t.Name // a tag may have had its name in another spelling
		if t.Active && isOthers {
			delete(current, strings.ToLower(t.Name))
		}
	}
	return current
}

// renamedTags lists the former names of tags, as they were written, under which something may still be counted.
func renamedTags(tags []store.Tag) (list []dashboard.Renamed) {
	current := formerTags(tags)
	for _, t := range tags {
		for _, name := range t.Formerly {
			if current[strings.ToLower(name)] == t.Name {
				list = append(list, dashboard.Renamed{Was: name, Now: t.Name})
			}
		}
	}
	return list
}

// tagNames are the tags that were renamed. Figures are stored under the name that a tag had at that time, so those
// of its former names are added to those of its current one. It is nil for figures by anything else than tags.
type tagNames []dashboard.Renamed

// namesBy returns the former names of tags for figures by a group.
func namesBy(q dashboard.Question, by dashboard.Group) tagNames {
	if by != dashboard.ByTag {
		return nil
	}
	return q.Renamed
}

// currentName returns the current name of a tag; value may be a former one.
func (n tagNames) currentName(value string) string {
	for _, r := range n {
		if strings.EqualFold(r.Was, value) {
			return r.Now
		}
	}
	return value
}

// formerNames returns the former names of tags, which are given by their current ones.
func (n tagNames) formerNames(values []string) (list []string) {
	for _, r := range n {
		if slices.Contains(values, r.Now) {
			list = append(list, r.Was)
		}
	}
	return list
}

// filterOf makes the store's filter of a question. For a tag it includes what was counted under its former names.
func filterOf(q dashboard.Question) measure.Filter {
	f := measure.Filter{From: q.From, To: q.To, Teams: q.Teams, Kind: measure.KindAll}
	if q.Account != 0 {
		f.Accounts = []store.AccountID{q.Account}
	}
	switch q.Of {
	case dashboard.ByAgent, dashboard.ByTag, dashboard.ByIntent, dashboard.ByMood:
		f.Kind, f.Value = measure.Kind(q.Of), q.Value
		f.Also = namesBy(q, q.Of).formerNames([]string{q.Value})
	case dashboard.ByDay, dashboard.ByWeek, dashboard.ByAccount, dashboard.ByTeam:
	}
	return f
}

// Sums returns the figures that q asks for, such as new and resolved conversations, one Sum for each value of the
// group by: for each day, team or tag.
func (d *dashboardDesk) Sums(ctx context.Context, q dashboard.Question, by dashboard.Group, values []string) ([]dashboard.Sum, error) {
	names := namesBy(q, by)
	rows, err := measure.Sums(ctx, d.o.Pool, filterOf(q), measure.Group(by), slices.Concat(values, names.formerNames(values)))
	if err != nil {
		return nil, err
	}

	rows = joinRenamed(names, rows)
	list := make([]dashboard.Sum, len(rows))
	for i, r := range rows {
		list[i] = dashboard.Sum{Value: r.Value, Figures: dashboard.Figures{
			New:       r.Opened,
			Reopened:  r.Reopened,
			Resolved:  r.Resolved,
			Abandoned: r.Abandoned,
			In:        r.MessagesIn,
			Out:       r.MessagesOut,
			First:     dashboard.Times{Count: r.FirstCount, Seconds: r.FirstSum},
			Next:      dashboard.Times{Count: r.NextCount, Seconds: r.NextSum},
			Ended:     dashboard.Times{Count: r.Resolved, Seconds: r.EndedSum},
			Acked:     dashboard.Target{Of: r.AckCount, Kept: r.AckKept},
			Answered:  dashboard.Target{Of: r.ReplyCount, Kept: r.ReplyKept},
		}}
		if q.Open {
			list[i].First.Seconds = r.FirstSumOpen
			list[i].Next.Seconds = r.NextSumOpen
			list[i].Ended.Seconds = r.EndedSumOpen
		}
	}

	return list, nil
}

// Work returns how much there was to do for each value of the group by: new conversations, messages and ends
// together.
func (d *dashboardDesk) Work(ctx context.Context, q dashboard.Question, by dashboard.Group) (map[string]int64, error) {
	names := namesBy(q, by)
	rows, err := measure.WorkBy(ctx, d.o.Pool, filterOf(q), measure.Group(by))
	if err != nil {
		return nil, err
	}
	list := make(map[string]int64, len(rows))
	for _, r := range rows {
		list[names.currentName(r.Value)] += r.Done
	}
	return list, nil
}

// Medians returns the median times to a first reply, to a later reply and to the end, by the values of the group
// by. If by is "", the only entry is "", for all together.
func (d *dashboardDesk) Medians(
	ctx context.Context, q dashboard.Question, by dashboard.Group, values []string,
) (map[string]dashboard.Medians, error) {
	names := namesBy(q, by)
	group := measure.Group(by)
	if by == "" { // all together: read them by account, and join them below
		group = measure.ByAccount
	}

	spreads, err := measure.Spreads(ctx, d.o.Pool, filterOf(q), group, hoursOf(q), slices.Concat(values, names.formerNames(values)))
	if err != nil {
		return nil, err
	}

	joined := map[string]*measure.Spread{}
	for value, s := range spreads {
		name := names.currentName(value)
		if by == "" {
			name = ""
		}
		if joined[name] == nil {
			joined[name] = &measure.Spread{}
		}

		joined[name].Add(*s)
	}

	medians := map[string]dashboard.Medians{}
	for value, s := range joined {
		median := func(t measure.Time) dashboard.Median { return dashboard.Median{About: s.Median(t), Of: s.Count(t)} }
		medians[value] = dashboard.Medians{First: median(measure.FirstAnswer), Next: median(measure.NextAnswer), Ended: median(measure.Ended)}
	}

	return medians, nil
}

// joinRenamed joins the figures of each tag that were counted under several of its names.
func joinRenamed(names tagNames, rows []measure.Sum) []measure.Sum {
	indexes := map[string]int{} // in list, by the current name
	var list []measure.Sum
	for _, r := range rows {
		r.Value = names.currentName(r.Value)
		i, isListed := indexes[r.Value]
		if !isListed {
			indexes[r.Value] = len(list)
			list = append(list, r)
			continue
		}
		list[i].Add(r.Figures)
	}
	return list
}

// hoursOf says which hours of a time count for somebody's question.
func hoursOf(q dashboard.Question) measure.Hours {
	if q.Open {
		return measure.BusinessHours
	}
	return measure.AllHours
}

// maxLongest is how many of the longest conversations are shown.
const maxLongest = 10

// Longest returns the conversations that took longest by one of the times. Subject and customer are "" where viewer
// may not read the conversation.
func (d *dashboardDesk) Longest(
	ctx context.Context, viewer store.AgentID, q dashboard.Question, of dashboard.Measure,
) ([]dashboard.Long, error) {
	worst, err := measure.LongestTimes(ctx, d.o.Pool, filterOf(q), measure.Time(of), hoursOf(q), maxLongest)
	if err != nil || len(worst) == 0 {
		return nil, err
	}

	ids := make([]store.ConversationID, len(worst))
	for i, w := range worst {
		ids[i] = w.ConversationID
	}

	readable, err := d.o.readable(ctx, viewer, ids)
	if err != nil {
		return nil, err
	}

	conversations, err := store.Conversations(ctx, d.o.Pool, readable...)
	if err != nil {
		return nil, err
	}

	links, err := d.threadLinks(ctx, readable)
	if err != nil {
		return nil, err
	}

	names, err := d.allNames(ctx)
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

// maxTagged is how many tagged messages are listed.
const maxTagged = 50

// Tagged returns how many messages were tagged, by tag, and those that were tagged last. It returns nothing for an intent or a mood.
func (d *dashboardDesk) Tagged(
	ctx context.Context, viewer store.AgentID, q dashboard.Question,
) (counts []dashboard.TagCount, list []dashboard.TaggedMessage, err error) {
	g := store.Tagging{From: q.From, To: q.To, Account: q.Account, Teams: q.Teams}
	switch q.Of {
	case dashboard.ByTag:
		g.Tags = append(tagNames(q.Renamed).formerNames([]string{q.Value}), q.Value)
	case dashboard.ByAgent:
		agent, _ := strconv.ParseInt(q.Value, 10, 64) //nolint:errcheck // what is no number is nobody's
		g.Agent = cmp.Or(store.AgentID(agent), -1)
	case dashboard.ByIntent, dashboard.ByMood:
		return nil, nil, nil
	case dashboard.ByDay, dashboard.ByWeek, dashboard.ByAccount, dashboard.ByTeam:
	}
	counted, err := store.CountTaggedMessages(ctx, d.o.Pool, g)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range counted {
		name := tagNames(q.Renamed).currentName(c.Tag)
		if at := slices.IndexFunc(counts, func(known dashboard.TagCount) bool { return known.Tag == name }); at >= 0 {
			counts[at].Messages += c.Messages
			continue
		}
		counts = append(counts, dashboard.TagCount{Tag: name, Messages: c.Messages})
	}
	tagged, err := store.TaggedMessages(ctx, d.o.Pool, g, maxTagged)
	if err != nil {
		return nil, nil, err
	}
	conversations := make([]store.ConversationID, len(tagged))
	for i := range tagged {
		conversations[i] = tagged[i].ConversationID
	}
	readable, err := d.o.readable(ctx, viewer, conversations)
	if err != nil {
		return nil, nil, err
	}
	for _, t := range tagged {
		shown := dashboard.TaggedMessage{Tag: tagNames(q.Renamed).currentName(t.Tag), At: t.At, Conversation: t.ConversationID}
		if slices.Contains(readable, t.ConversationID) {
			shown.Text = markdown.Plain(markdown.Parts(t.Text))
		}
		list = append(list, shown)
	}
	return counts, list, nil
}

// customerOf returns the name of a conversation's customer, or else the phone number or address; "" if the row has
// neither.
func customerOf(c *store.Conversation) string {
	if name := c.Traits[bridge.TraitName]; name != "" {
		return name
	}
	for _, p := range c.Participants {
		if p.Role != "copied" {
			return cmp.Or(p.Name, p.Phone, p.Key)
		}
	}
	return ""
}

// threadLinks returns links to the conversations' threads in Slack or Teams. It leaves out threads in a chat that
// isn't connected.
func (d *dashboardDesk) threadLinks(ctx context.Context, ids []store.ConversationID) (map[store.ConversationID]string, error) {
	threads, err := store.Threads(ctx, d.o.Pool, ids)
	if err != nil {
		return nil, err
	}

	accounts, err := store.ListAccounts(ctx, d.o.Pool)
	if err != nil {
		return nil, err
	}

	kinds := map[store.AccountID]string{}
	for i := range accounts {
		kinds[accounts[i].ID] = accounts[i].Kind
	}

	links := map[store.ConversationID]string{}
	for _, t := range threads {
		if t.Root == "" { // its thread was not posted yet
			continue
		}
		if chat, ok := d.o.Chats.find(kinds[t.AccountID]).(bridge.Linked); ok {
			links[t.ConversationID] = chat.Link(bridge.Place{Channel: t.Channel, Thread: t.Root, Message: t.Root})
		}
	}

	return links, nil
}

// Now returns what is open and what waits for an answer at this moment.
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

// Backlog returns how far the figures lag behind what has happened.
func (d *dashboardDesk) Backlog(ctx context.Context) (dashboard.Backlog, error) {
	b, err := measure.ReadBehind(ctx, d.o.Pool)
	if err != nil {
		return dashboard.Backlog{}, err
	}
	return dashboard.Backlog{Delay: time.Duration(b.Seconds * float64(time.Second)), Recounting: b.Older}, nil
}
