package engine

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/routing"
	"parley/store"
)

// Automations: what happens in a conversation starts those that fit, by a timer that is due at once. Its fact carries out their
// actions, by the same use cases as people's commands, so that each counts once whatever crashes. What starts an automation is found
// by comparing conversations with what they were before, so that no use case has to tell.

// Limits of automations.
const (
	maxRunsAnHour = 20  // in a conversation
	maxCron       = 200 // conversations each time
	maxCandidates = 1000
)

// startAutomations starts what fits to all that has happened since it was called last. chain names the automations whose doing that
// was, the latest first.
func (w *work) startAutomations(chain []string) {
	all := w.Dir.Automations
	entries := w.Log.Entries[w.looked.entries:]
	w.looked.entries = len(w.Log.Entries)
	if len(all) == 0 {
		return
	}
	for _, id := range SortedKeys(w.Conversations.Rows) {
		c := w.Conversations.Rows[id]
		events := append(c.TakeChanges(), w.saidSince(c, entries)...)
		if len(events) == 0 || c.Kind != store.KindCustomer {
			continue
		}
		f := w.routingFacts(c)
		for _, a := range all {
			fits := func(e routing.Part) bool { return a.Fits(e, f) }
			if slices.ContainsFunc(events, fits) && routing.MayFollow(a.Name, chain) {
				w.Timers.Start(store.Timer{ConversationID: c.ID, Kind: AutomationOf(a.Name, chain), DueAt: w.Now})
			}
		}
	}
}

// saidSince returns whether the customer wrote, and whether agents answered, since startAutomations was called last.
func (w *work) saidSince(c *Conversation, entries []store.LogEntry) (events []routing.Part) {
	for id, m := range w.Messages.Rows {
		isNew := m.Fresh && m.ConversationID == c.ID && !w.looked.messages[id]
		if isNew && m.Direction == store.DirectionIn && m.Automatic == "" && c.WaitingSince != nil {
			w.looked.messages[id] = true
			events = append(events, routing.Part{Name: routing.Received})
		}
	}
	if slices.ContainsFunc(entries, func(e store.LogEntry) bool { return e.ConversationID == c.ID && e.What == store.DeedReplied }) {
		events = append(events, routing.Part{Name: routing.Sent})
	}
	return events
}

// looked is what startAutomations has looked at.
type looked struct {
	entries  int // of the log
	messages map[store.MessageID]bool
}

// routingFacts returns the facts by which conditions are decided.
func (w *work) routingFacts(c *Conversation) routing.Facts {
	f := w.Dir.FactsOf(c.Account, c.TeamID, c.Tags, c.Traits, w.Now)
	f.Text = c.Subject
	needsText := func(a routing.Automation) bool { return a.If.Text != "" }
	if m := w.Messages.LastOfCustomer(c); m != nil && slices.ContainsFunc(w.Dir.Automations, needsText) {
		f.Text += "\n" + m.Text
	}
	return f
}

// timeAutomations starts and stops the timers of automations that a wait starts.
func (w *work) timeAutomations() {
	for _, a := range w.Dir.Automations {
		if a.When.Name != routing.Waiting && a.When.Name != routing.WindowClosing {
			continue
		}
		for _, id := range SortedKeys(w.Conversations.Rows) {
			c := w.Conversations.Rows[id]
			due, kind := w.automationDue(c, a), AutomationOf(a.Name, nil)
			switch {
			case WaitOf(c.Conversation).Since.Equal(c.Before.Since):
			case due.IsZero():
				w.Timers.Stop(c.ID, kind)
			default:
				w.Timers.Start(store.Timer{ConversationID: c.ID, Kind: kind, DueAt: due})
			}
		}
	}
}

// automationDue returns when a wait starts an automation; zero means never.
func (w *work) automationDue(c *Conversation, a routing.Automation) time.Time {
	since := WaitOf(c.Conversation).Since
	if since.IsZero() {
		return since
	}
	if a.When.Name == routing.Waiting {
		return w.Dir.Hours[c.AccountID].Add(since, a.When.Delay())
	}
	if win := WindowOf(w.Caps(c.AccountID), c.WindowFrom); win.Limited {
		return win.HumanUntil.Add(-a.When.Delay())
	}
	return time.Time{}
}

// runAutomation carries out an automation, if it exists and its conditions are still met.
func (w *work) runAutomation(ctx context.Context, tx pgx.Tx, c *Conversation, kind Kind) error {
	name, chain := AutomationIn(kind)
	a := w.Dir.Automation(name)
	if a == nil || c.Kind != store.KindCustomer || c.IsErased() || !a.Meets(w.routingFacts(c)) {
		return nil
	}
	if a.When.Name == routing.Waiting || a.When.Name == routing.WindowClosing {
		due := w.automationDue(c, *a)
		if due.After(w.Now) { // the customer wrote anew
			w.Timers.Start(store.Timer{ConversationID: c.ID, Kind: kind, DueAt: due})
		}
		if due.IsZero() || due.After(w.Now) {
			return nil
		}
		if isDone, err := store.WasAutomated(ctx, tx, c.ID, a.Name, *c.WaitingSince); err != nil || isDone {
			return err // once in each wait, whatever is done meanwhile
		}
	}
	runs, err := store.CountAutomated(ctx, tx, c.ID)
	if err != nil || runs >= maxRunsAnHour {
		return err
	}

	w.startAutomations(nil) // what came before isn't this one's doing
	line := bridge.Line{Args: bridge.Args{Conversation: c.ID}}
	content := &bridge.AutomatedLine{Name: a.Name}
	for _, p := range a.Then {
		isDone, err := w.act(ctx, tx, c, a, p)
		if err != nil {
			return err
		}
		switch {
		case isDone && p.Name == routing.Note:
			line.Text = strings.TrimSpace(line.Text + "\n\n" + p.Value)
		case isDone:
			content.Did = append(content.Did, w.nameOf(p).Done())
		}
	}
	if len(content.Did) == 0 && line.Text == "" {
		return nil
	}
	line.Content = content
	w.Log.ByParley(c, store.DeedAutomated, Detail{Text: a.Name, Note: strings.Join(append(content.Did, line.Text), ", ")})
	w.Line(c, line)
	c.RefreshCard()
	w.startAutomations(append([]string{a.Name}, chain...))
	return nil
}

// nameOf returns an action with the name of an agent in place of the address.
func (w *work) nameOf(p routing.Part) routing.Part {
	if agent := w.Dir.Find(store.SystemAccount, p.Value); agent != nil && (p.Name == routing.Assign || p.Name == routing.Notify) {
		p.Value = agent.Name
	}
	return p
}

// act carries out one action. It returns false if that changed nothing, or wasn't possible.
func (w *work) act(ctx context.Context, tx pgx.Tx, c *Conversation, a *routing.Automation, p routing.Part) (bool, error) {
	switch p.Name {
	case routing.Assign:
		agent := w.Dir.Find(store.SystemAccount, p.Value)
		if agent == nil || !w.Reading.As(agent).May(c.Conversation) {
			return false, nil
		}
		return w.performByItself(ctx, tx, c, bridge.VerbAssign, bridge.Args{Agents: []string{p.Value}})
	case routing.GiveTeam:
		team := w.Dir.FindTeam(p.Value)
		if team == nil || c.TeamID != nil && *c.TeamID == team.ID {
			return false, nil
		}
		return w.performByItself(ctx, tx, c, bridge.VerbAssign, bridge.Args{Team: p.Value})
	case routing.AddTag:
		return w.performByItself(ctx, tx, c, bridge.VerbTag, bridge.Args{Tags: []string{p.Value}})
	case routing.TakeTag:
		return w.performByItself(ctx, tx, c, bridge.VerbUntag, bridge.Args{Tags: []string{p.Value}})
	case routing.Snooze:
		until := w.Now.Add(p.Delay()).In(w.Dir.Zone(nil, c.AccountID)).Format("2006-01-02 15:04")
		return w.performByItself(ctx, tx, c, bridge.VerbSnooze, bridge.Args{Until: until})
	case routing.Resolve:
		return w.performByItself(ctx, tx, c, bridge.VerbResolve, bridge.Args{})
	case routing.Priority:
		kept := p.Value
		if kept == bridge.PriorityNormal {
			kept = ""
		}
		return c.SetTrait(bridge.TraitPriority, kept), nil
	case routing.Notify:
		if a.When.Name == routing.Cron { // who is told gets one list
			return false, nil
		}
		row := w.Reading.FactsOf(w.Dir, AnySurface, nil, c.Conversation, w.People.Identities, c.Places(), w.Now)
		return w.notify(a, p, c.Account, []bridge.Facts{row}, c), nil
	case routing.Send:
		age := time.Duration(0)
		if m := w.Messages.LastOfCustomer(c); m != nil && a.When.Name == routing.Received {
			age = w.Now.Sub(w.ByParleysClock(m.SaidAt))
		}
		return w.SendByItself(ctx, tx, c, a.Name, p.Value, age)
	case routing.Note:
		return true, nil
	}
	return false, nil
}

// performByItself carries out a verb as if a person had asked for it. It returns false if that changed nothing.
func (w *work) performByItself(ctx context.Context, tx pgx.Tx, c *Conversation, name bridge.Verb, args bridge.Args) (bool, error) {
	use := useCaseOf(name)
	if use.NeedsOpen && !c.BridgeStatus().Open() {
		return false, nil
	}
	args.Conversation = c.ID
	r := Request{
		Surface: store.SystemAccount, Agent: &store.Agent{}, Conversation: c,
		Action: bridge.Action{Verb: name, Origin: bridge.OriginForm, Args: args},
	}
	entries := len(w.Log.Entries)
	if use.DoInTx != nil {
		if err := use.DoInTx(w, ctx, tx, r); err != nil {
			return false, err
		}
	} else {
		use.Do(w, r)
	}
	isDone := func(e store.LogEntry) bool { return e.What == use.Deed }
	return slices.ContainsFunc(w.Log.Entries[entries:], isDone), nil
}

// notify shows conversations of an account to an agent, in a team's channel, or in the channel that is named. c is the only one, or
// nil. It returns false if there is no such place, or the agent may not read it.
func (w *work) notify(a *routing.Automation, p routing.Part, account *store.Account, rows []bridge.Facts, c *Conversation) bool {
	line := bridge.Line{Content: &bridge.ListLine{List: bridge.ListName(a.Name), Rows: rows}}
	if agent := w.Dir.Find(store.SystemAccount, p.Value); agent != nil {
		surface := w.SurfaceToTell(agent.ID, AnySurface)
		if surface == AnySurface || c != nil && !w.Reading.As(agent).May(c.Conversation) {
			return false
		}
		w.SendDirect(surface, agent.ID, line)
		return true
	}
	if c != nil && c.IsRestricted() {
		return false
	}
	var surface store.AccountID
	channel := p.Channel
	if team := w.Dir.FindTeam(p.Value); team != nil {
		surface, channel = w.Dir.Home(account, &team.ID)
	}
	for i := range w.Dir.Accounts {
		if other := &w.Dir.Accounts[i]; p.Chat != "" && other.Side == store.SideSurface && other.Kind == p.Chat {
			surface = other.ID
		}
	}
	if surface == 0 || channel == "" {
		return false
	}
	w.ChannelLine(surface, bridge.Place{Channel: channel}, line)
	return true
}

// runCron carries out an automation at one of its times: in all open conversations that meet its conditions, those first that wait
// longest. Who is to be told gets one list for each account.
func (w *work) runCron(ctx context.Context, tx pgx.Tx, name string) error {
	a := w.Dir.Automation(name)
	if a == nil || a.When.Name != routing.Cron {
		return nil
	}
	if next, ok := w.Dir.NextCron(a, w.Now); ok {
		w.Timers.Start(next)
	}
	found, err := store.FindOpen(ctx, tx, maxCandidates)
	if err != nil {
		return err
	}
	early := *a
	early.If.Text = "" // runAutomation looks at it
	byID := map[store.ConversationID]*store.Conversation{}
	listed, count := map[store.AccountID][]store.ConversationID{}, 0
	for _, c := range found {
		account := w.Dir.Account(c.AccountID)
		if account == nil || count == maxCron || !early.Meets(w.Dir.FactsOf(account, c.TeamID, c.Tags, c.Traits, w.Now)) {
			continue
		}
		count++
		byID[c.ID] = &c
		listed[c.AccountID] = append(listed[c.AccountID], c.ID)
		w.Timers.Start(store.Timer{ConversationID: c.ID, Kind: AutomationOf(a.Name, nil), DueAt: w.Now})
	}
	for _, p := range a.Then {
		for _, id := range SortedKeys(listed) {
			if p.Name != routing.Notify {
				continue
			}
			viewer := w.Dir.Find(store.SystemAccount, p.Value)
			ids := listed[id]
			if viewer != nil {
				reader := w.Reading.As(viewer)
				ids = slices.DeleteFunc(slices.Clone(ids), func(n store.ConversationID) bool { return !reader.May(byID[n]) })
			} else {
				ids = slices.DeleteFunc(slices.Clone(ids), func(n store.ConversationID) bool { return byID[n].IsRestricted() })
			}
			if len(ids) == 0 {
				continue
			}
			rows, err := w.Reading.Facts(ctx, tx, AnySurface, viewer, ids...)
			if err != nil {
				return err
			}
			w.notify(a, p, w.Dir.Account(id), rows[:min(len(rows), maxListed)], nil)
		}
	}
	return nil
}

const maxListed = 20
