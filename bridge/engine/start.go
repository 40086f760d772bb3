package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/directory"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

// starting is a new conversation with what it needs looked up.
type starting struct {
	account *store.Account
	caps    bridge.Capabilities
	party   channels.Party
	// knownOnly says that the conversation may only be begun if the party wrote to some account
	// before; see strangerProblem.
	knownOnly bool
}

// knownOnly says that agents may begin conversations on an account only with people who wrote to some
// account before. That is so in chats, where a phone number may be anybody's, unless the account's
// setting outgoing is on. A mail may go to any address.
func knownOnly(d *directory.Directory, a *store.Account, caps bridge.Capabilities) bool {
	return !caps.Threads && !d.SettingsOf(a, false).Outgoing
}

// keys gives all keys of the party.
func (s starting) keys() []string { return append([]string{s.party.Key}, s.party.Also...) }

// strangerProblem says why a conversation with somebody can't be begun; nil = it can. writers are
// those of the party's keys from which somebody ever wrote.
func (s starting) strangerProblem(writers []string) *bridge.Problem {
	if !s.knownOnly || slices.ContainsFunc(s.keys(), func(key string) bool { return slices.Contains(writers, key) }) {
		return nil
	}
	return &bridge.Problem{Code: "outgoing_off", Field: "recipient", Text: s.party.Key + " never wrote to you, and " + s.account.Name + " begins conversations only with people who did: its setting outgoing is off.",
		Hint: "Wait until they write, reach them by mail, or ask an admin to set outgoing: on."}
}

// accountsFor gives the accounts that an agent may work with, by name.
func (e *Engine) accountsFor(dir *directory.Directory, agent *store.Agent) []bridge.AccountRef {
	var list []bridge.AccountRef
	for i := range dir.Accounts {
		a := &dir.Accounts[i]
		ch := e.Channel(a.ID)
		if a.Side != "channel" || ch == nil || e.closedTo(dir, agent, a) {
			continue
		}
		ref := bridge.AccountRef{Name: a.Name, Can: ch.Capabilities(), Starts: e.starts(dir, a) == nil,
			ByTemplate: ch.Capabilities().Start == channels.StartTemplate, KnownOnly: knownOnly(dir, a, ch.Capabilities())}
		ref.ChannelName, ref.ChannelIcon = e.kindName(a.Kind)
		list = append(list, ref)
	}
	slices.SortFunc(list, func(a, b bridge.AccountRef) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// starts says why no conversation can be begun by an account; nil = it can.
func (e *Engine) starts(dir *directory.Directory, a *store.Account) *bridge.Problem {
	ch := e.Channel(a.ID)
	surface, _ := dir.Home(a, nil)
	_, starter := ch.(channels.Starter)
	switch {
	case ch == nil:
		return &bridge.Problem{Code: "not_connected", Field: "account", Text: "The account " + a.Name + " is not connected.", Hint: "Look at parley doctor."}
	case ch.Capabilities().Start == channels.StartNever || !starter:
		name, _ := e.kindName(a.Kind)
		return &bridge.Problem{Code: "cannot_start", Field: "account", Text: "By " + name + " only customers begin.", Hint: "Choose another account."}
	case a.Mode == "watch":
		return &bridge.Problem{Code: "watch", Field: "account", Text: "The account " + a.Name + " only watches: nothing is sent.", Hint: "An admin can switch it to live."}
	case surface == 0:
		return &bridge.Problem{Code: "no_channel", Field: "account", Text: "The account " + a.Name + " has no channel for its threads.", Hint: "An admin gives its team a channel."}
	}
	return nil
}

// starting looks up what a new conversation needs, or says why there can't be one. If s names no
// account, exactly one of the accounts that the agent may use must fit.
func (e *Engine) starting(dir *directory.Directory, agent *store.Agent, s bridge.Start) (starting, *bridge.Problem) {
	if problem := Authorize(agent, bridge.VerbNew, nil); problem != nil {
		return starting{}, problem
	}
	var found []starting
	problem := &bridge.Problem{Code: "no_account", Field: "account", Text: "There is no account by which you may begin a conversation.", Hint: "Ask an admin."}
	if s.Account != "" {
		problem = &bridge.Problem{Code: "no_account", Field: "account", Text: "There is no account “" + preview(s.Account) + "”.", Hint: "Choose one: @Parley new"}
	}
	for i := range dir.Accounts {
		a := &dir.Accounts[i]
		if a.Side != "channel" || s.Account != "" && !strings.EqualFold(a.Name, s.Account) || e.closedTo(dir, agent, a) {
			continue
		}
		one, p := e.startingBy(dir, a, s)
		if p == nil {
			found = append(found, one)
		} else {
			problem = p
		}
	}
	switch len(found) {
	case 0:
		return starting{}, problem
	case 1:
		return found[0], nil
	}
	return starting{}, &bridge.Problem{Code: "which_account", Field: "account", Text: "Several accounts could reach " + found[0].party.Key + ".", Hint: "Name one: @Parley new " + found[0].account.Name + " " + found[0].party.Key}
}

// startingBy is starting for one account.
func (e *Engine) startingBy(dir *directory.Directory, a *store.Account, s bridge.Start) (starting, *bridge.Problem) {
	if p := e.starts(dir, a); p != nil {
		return starting{}, p
	}
	ch := e.Channel(a.ID)
	starter, ok := ch.(channels.Starter)
	if !ok {
		return starting{}, &bridge.Problem{Code: "cannot_start", Field: "account", Text: "Only customers begin here."}
	}
	party, err := starter.Recipient(s.Recipient)
	if err != nil {
		p := &bridge.Problem{Code: "recipient", Field: "recipient", Text: "“" + preview(s.Recipient) + "” can't be written to.", Hint: "Check the address."}
		var se *channels.SendError
		if errors.As(err, &se) {
			p.Text, p.Hint = se.Text, se.Hint
		}
		return starting{}, p
	}
	party.Key, party.Name = clean(party.Key), clean(party.Name)
	cleanAll(party.Also)
	if a.Mode == "trial" && !slices.Contains(a.TrialTo, party.Key) {
		return starting{}, &bridge.Problem{Code: "trial", Field: "recipient", Text: "This account is on trial and " + party.Key + " is not on its list.",
			Hint: "Add the address to trial_to, or switch the account to live."}
	}
	return starting{account: a, caps: ch.Capabilities(), party: party, knownOnly: knownOnly(dir, a, ch.Capabilities())}, nil
}

// startOf reads an action.
func startOf(a bridge.Action) bridge.Start {
	return bridge.Start{Account: a.Args.Account, Recipient: a.Args.Recipient, Subject: a.Args.Subject, Text: a.Text}
}

// start adds the customer with whom an action begins a conversation.
func (n *wanted) start(w *work, surface int64, a bridge.Action) {
	n.laneAcc, n.laneKeys = append(n.laneAcc, surface), append(n.laneKeys, outbound.ChannelLane("@"+a.Actor.ID))
	s, problem := w.e.starting(w.dir, w.dir.AgentOf(surface, a.Actor.ID), startOf(a))
	if problem != nil || s.unsaid(a) != nil {
		return // nobody is remembered for what isn't begun
	}
	if s.knownOnly {
		n.knownOnly = append(n.knownOnly, s)
		return
	}
	n.party(s.account.ID, channels.Inbound{From: s.party})
}

// unsaid says what is missing of the first message.
func (s starting) unsaid(a bridge.Action) *bridge.Problem {
	switch {
	case s.caps.Start == channels.StartTemplate && !a.Args.Template.Ready():
		return &bridge.Problem{Code: "template_needed", Text: "By " + s.account.Name + " a conversation begins with a template.", Hint: "Choose one of type Start."}
	case s.caps.Start == channels.StartFree && a.Text == "":
		return &bridge.Problem{Code: "empty", Text: "There is no text to send.", Hint: "For example: @Parley new ann@example.org Your lamp is repaired."}
	}
	return nil
}

// start begins a conversation: it posts the root and a line with the agent's text, and sends the text
// as a reply. If a chat has an open conversation with the customer already, the agent is pointed to that
// one, and nothing is sent.
func (w *work) start(ctx context.Context, tx pgx.Tx, r request) error {
	agent, surface, a := r.agent, r.surface, r.Action
	s, problem := w.e.starting(w.dir, agent, startOf(a))
	if problem == nil {
		problem = s.unsaid(a)
	}
	if problem == nil {
		problem = s.strangerProblem(w.people.writers)
	}
	var used *outbound.UsedTemplate
	if problem == nil && s.caps.Start == channels.StartTemplate {
		var err error
		if used, problem, err = startTemplate(ctx, tx, s.account.ID, a.Args.Template); err != nil {
			return err
		}
	}
	identity := w.people.byAddress[userKey{s.accountID(), s.party.Key}]
	if problem == nil && identity != nil && identity.OptedOut == store.OptedOutAll {
		problem = &bridge.Problem{Code: "opted_out", Text: outbound.RefOf(identity).Name + " doesn't want messages.", Hint: outbound.OptedOutHint}
	}
	if problem != nil {
		line := bridge.Line{Content: &bridge.RefusedLine{Reason: problem.Text, Hint: problem.Hint}, Verb: bridge.VerbNew, Text: a.Text}
		if agent != nil && a.Place.Channel != "" {
			line.Verbs, line.Args = []bridge.Verb{bridge.VerbNew}, bridge.Args{Account: a.Args.Account, Recipient: a.Args.Recipient, Subject: a.Args.Subject}
		}
		w.tellActor(surface, agent, a, line)
		return nil
	}
	if identity == nil {
		return w.wait(time.Second) // the channel was put to work in between
	}
	previous := w.startedBy(r)
	if previous == nil && !s.caps.Threads {
		previous = w.convs.latestOf(identity)
	}
	if previous != nil && previous.status().Open() {
		w.tellActor(surface, agent, a, bridge.Line{Content: bridge.LineExists, Other: w.refer(previous, surface),
			Customer: previous.customer(), Text: a.Text})
		return nil
	}
	c, err := w.makeConversation(ctx, tx, s.account, channels.Inbound{From: s.party, Subject: subjectFor(s, a)}, previous)
	if err != nil {
		return err
	}
	w.log.byAgent(c, agent, store.DeedStarted, nil)
	c.Participants = []store.Participant{{Key: s.party.Key, Name: cmp.Or(s.party.Name, identity.Name), Role: outbound.RoleTo}}
	c.Assignees, c.clicked = []int64{agent.ID}, true
	return w.firstWords(r.about(c), used)
}

// accountID gives the id of the account; 0 if none was found.
func (s starting) accountID() int64 {
	if s.account == nil {
		return 0
	}
	return s.account.ID
}

// startTemplate fills in the template that a conversation begins with.
func startTemplate(ctx context.Context, tx pgx.Tx, account int64, args *bridge.TemplateArgs) (*outbound.UsedTemplate, *bridge.Problem, error) {
	rows, err := store.Templates(ctx, tx, args.ID)
	if err != nil {
		return nil, nil, err
	}
	used, problem := templateFor(account, rows, args)
	if problem == nil && !slices.Contains(rows[0].Uses, bridge.TemplateStart) {
		problem = &bridge.Problem{Code: "not_for_starts", Text: "The template " + used.Name + " is not for the beginning of a conversation.", Hint: "Choose another one."}
	}
	return &used, problem, nil
}

// firstWords shows and sends what a conversation begins with.
func (w *work) firstWords(r request, used *outbound.UsedTemplate) error {
	t, err := w.openThread(r.conv)
	if err != nil {
		return err
	}
	by := w.dir.Ref(t.AccountID, r.agent.ID)
	var begun bridge.BegunLine
	line := bridge.Line{Content: &begun, Verb: bridge.VerbNew, By: by, Mentions: []bridge.AgentRef{by}, Verbs: []bridge.Verb{bridge.VerbUndo}}
	var template json.RawMessage
	if used != nil {
		if template, err = json.Marshal(used); err != nil {
			return fmt.Errorf("engine: template: %w", err)
		}
		r.Text, begun.Template = used.Use.Words(), used.Name
	}
	r.Place.Message, r.Files = "", nil
	m := w.messages.addByPerson(r)
	m.Subject, m.Reason, m.Template = r.conv.Subject, "explicit", template
	r.conv.Subject = cmp.Or(r.conv.Subject, preview(m.Text))
	if used != nil {
		m.Reason = templateReason
	}
	line.Text, line.Args = m.Text, bridge.Args{Conversation: r.conv.ID, Message: m.ID}
	w.posts.rememberForm(r, 0, m)
	w.line(r.conv, line)
	w.sendToCustomer(r.conv, r.agent, r.surface, m, w.formOrder())
	return nil
}

func subjectFor(s starting, a bridge.Action) string {
	if !s.caps.Subject {
		return ""
	}
	return cmp.Or(preview(a.Args.Subject), subjectOf(a.Text))
}

// subjectRunes is how much of a text becomes its subject.
const subjectRunes = 60

// subjectOf gives the first words of a text, as the subject of a mail that was given none.
func subjectOf(text string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	first = preview(first)
	runes := []rune(first)
	if len(runes) <= subjectRunes {
		return strings.TrimRight(first, ".,:; ")
	}
	cut := string(runes[:subjectRunes])
	if at := strings.LastIndexByte(cut, ' '); at > 0 {
		cut = cut[:at]
	}
	return strings.TrimRight(cut, ".,:;!? ") + " …"
}

// refer names a conversation to a surface, with the place of its thread.
func (w *work) refer(c *conv, surface int64) bridge.Facts {
	f := bridge.Facts{ID: c.ID, Subject: c.Subject, Status: c.status()}
	f.Root, f.Elsewhere = w.e.rootOf(w.dir, surface, c.places(), c.ID)
	return f
}

// admitKnown reads which of the people with whom conversations are to be begun wrote before, where that
// is required. Only these become customers.
func (b *book) admitKnown(ctx context.Context, tx pgx.Tx, n *wanted) error {
	var keys []string
	for _, s := range n.knownOnly {
		keys = append(keys, s.keys()...)
	}
	if len(keys) == 0 {
		return nil
	}
	var err error
	if b.people.writers, err = store.WritersAmong(ctx, tx, keys); err != nil {
		return err
	}
	for _, s := range n.knownOnly {
		if s.strangerProblem(b.people.writers) == nil {
			n.party(s.account.ID, channels.Inbound{From: s.party})
		}
	}
	return nil
}
