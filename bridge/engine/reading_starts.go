package engine

import (
	"errors"
	"slices"
	"strings"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// This file checks whether an agent can start a conversation with a customer: by which account (mailbox, phone number, …), with whom,
// and with which first text. For example, "!new ann@example.org Your lamp is repaired." starts one by mail. Some channels only let
// customers begin; others require an approved template as the first message. Problems are worded for the agent.

// startProblem returns why no conversation can be started by an account, or nil.
func (rd *ReadingReader) startProblem(dir *Directory, a *store.Account) *bridge.Problem {
	ch := rd.Channel(a.ID)
	surface, _ := dir.Home(a, nil)
	_, starter := ch.(channels.Starter)
	switch {
	case ch == nil:
		return &bridge.Problem{
			Code:  "not_connected",
			Field: "account",
			Text:  "The account " + a.Name + " is not connected.",
			Hint:  "Look at parley doctor.",
		}
	case ch.Capabilities().Start == channels.StartNever || !starter:
		name, _ := rd.KindName(a.Kind)
		return &bridge.Problem{
			Code:  "cannot_start",
			Field: "account",
			Text:  "By " + name + " only customers begin.",
			Hint:  "Choose another account.",
		}
	case a.Mode == store.ModeWatch:
		return &bridge.Problem{
			Code:  bridge.ReasonWatch,
			Field: "account",
			Text:  "The account " + a.Name + " only watches: nothing is sent.",
			Hint:  "An admin can switch it to live.",
		}
	case surface == 0:
		return &bridge.Problem{
			Code:  "no_channel",
			Field: "account",
			Text:  "The account " + a.Name + " has no channel for its threads.",
			Hint:  "An admin gives its team a channel.",
		}
	}

	return nil
}

// Starting is a conversation that an agent is about to start.
type Starting struct {
	Account *store.Account
	Caps    bridge.Capabilities // of the account's channel
	Party   channels.Party      // the customer
	Team    *store.Team         // the team that it is for; nil means the account's
	// KnownOnly means that the customer must have written to some account before; see StrangerProblem.
	KnownOnly bool
}

// isForKnownOnly reports whether agents may start conversations on an account only with people who have written to some account before.
// That is the rule in chats, where a mistyped phone number reaches a stranger, unless the account's setting outgoing is on
// (requirements ). Mails may be sent to any address (requirement R-226).
func isForKnownOnly(d *Directory, a *store.Account, caps bridge.Capabilities) bool {
	return !caps.Threads && !d.SettingsOf(a, caps.Threads).Outgoing
}

// StrangerProblem returns why the conversation can't be started with a stranger, or nil if it can. hasWritten says whether the person
// has ever written to any account.
func (s Starting) StrangerProblem(hasWritten bool) *bridge.Problem {
	if !s.KnownOnly || hasWritten {
		return nil
	}
	return &bridge.Problem{
		Code:  "outgoing_off",
		Field: "recipient",
		Text: s.Party.Key + " never wrote to you, and " + s.Account.Name + " begins conversations only with people who did: " +
			"its setting outgoing is off.",
		Hint: "Wait until they write, reach them by mail, or ask an admin to set outgoing: on.",
	}
}

// MissingText returns what is wrong with the first message (no text, no template, or files), or nil.
func (s Starting) MissingText(a bridge.Action) *bridge.Problem {
	switch {
	case len(a.Files) > 0:
		return &bridge.Problem{
			Code: "files",
			Text: "A conversation can't begin with a file: nothing is sent.",
			Hint: "Begin it with words alone, and send the file in its thread.",
		}
	case a.Args.Template.IsPreviewed():
		return nil
	case s.Caps.Start == channels.StartTemplate:
		return &bridge.Problem{
			Code: "template_needed",
			Text: "By " + s.Account.Name + " a conversation begins with a template.",
			Hint: "Choose one of type Start.",
		}
	case s.Caps.Start == channels.StartFree && a.Text == "":
		return &bridge.Problem{
			Code: bridge.ReasonEmpty,
			Text: "There is no text to send.",
			Hint: "For example: @Parley new ann@example.org Your lamp is repaired.",
		}
	}
	return nil
}

// AccountID returns the id of the account, or 0 if none was found.
func (s Starting) AccountID() store.AccountID {
	if s.Account == nil {
		return 0
	}
	return s.Account.ID
}

// StartOf returns the parameters of a new conversation from the action that requests it.
func StartOf(a bridge.Action) bridge.Start {
	return bridge.Start{Account: a.Args.Account, Recipient: a.Args.Recipient, Subject: a.Args.Subject, Text: a.Text, Team: a.Args.Team}
}

// AccountsFor returns the connected accounts that an agent may work with, sorted by name.
func (rd *ReadingReader) AccountsFor(dir *Directory, agent *store.Agent) []bridge.AccountRef {
	var list []bridge.AccountRef
	for i := range dir.Accounts {
		a := &dir.Accounts[i]
		ch := rd.Channel(a.ID)
		if a.Side != store.SideChannel || ch == nil || rd.isClosedTo(dir, agent, a) {
			continue
		}

		ref := bridge.AccountRef{
			Name:       a.Name,
			Kind:       a.Kind,
			Can:        ch.Capabilities(),
			Starts:     rd.startProblem(dir, a) == nil,
			ByTemplate: ch.Capabilities().Start == channels.StartTemplate,
			KnownOnly:  isForKnownOnly(dir, a, ch.Capabilities()),
		}
		ref.ChannelName, ref.ChannelIcon = rd.KindName(a.Kind)
		list = append(list, ref)
	}

	slices.SortFunc(list, func(a, b bridge.AccountRef) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Starting checks a new conversation and finds its account. If s names no account, exactly one of the accounts that the agent may use
// must accept the recipient; if none does, Starting returns the problem of the last one.
func (rd *ReadingReader) Starting(dir *Directory, agent *store.Agent, s bridge.Start) (Starting, *bridge.Problem) {
	if problem := rd.Verbs.Authorize(agent, bridge.VerbNew); problem != nil {
		return Starting{}, problem
	}

	var found []Starting
	problem := &bridge.Problem{
		Code:  "no_account",
		Field: "account",
		Text:  "There is no account by which you may begin a conversation.",
		Hint:  "Ask an admin.",
	}
	if s.Account != "" {
		problem = &bridge.Problem{
			Code:  "no_account",
			Field: "account",
			Text:  "There is no account “" + Preview(s.Account) + "”.",
			Hint:  "Choose one: @Parley new",
		}
	}

	for i := range dir.Accounts {
		a := &dir.Accounts[i]
		isOther := s.Account != "" && !strings.EqualFold(a.Name, s.Account)
		if a.Side != store.SideChannel || isOther || rd.isClosedTo(dir, agent, a) {
			continue
		}

		starting, accountProblem := rd.startingBy(dir, agent, a, s)
		if accountProblem != nil {
			problem = accountProblem
			continue
		}
		found = append(found, starting)
	}

	switch len(found) {
	case 0:
		return Starting{}, problem
	case 1:
		return found[0], nil
	}

	first := found[0]
	return Starting{}, &bridge.Problem{
		Code:  "which_account",
		Field: "account",
		Text:  "Several accounts could reach " + first.Party.Key + ".",
		Hint:  "Name one: @Parley new " + first.Account.Name + " " + first.Party.Key,
	}
}

// startingBy is Starting for one account.
func (rd *ReadingReader) startingBy(dir *Directory, agent *store.Agent, a *store.Account, s bridge.Start) (Starting, *bridge.Problem) {
	if problem := rd.startProblem(dir, a); problem != nil {
		return Starting{}, problem
	}

	ch := rd.Channel(a.ID)
	starter, ok := ch.(channels.Starter)
	if !ok {
		return Starting{}, &bridge.Problem{Code: "cannot_start", Field: "account", Text: "Only customers begin here."}
	}

	party, err := starter.Recipient(s.Recipient)
	if err != nil {
		problem := &bridge.Problem{
			Code:  "recipient",
			Field: "recipient",
			Text:  "“" + Preview(s.Recipient) + "” can't be written to.",
			Hint:  "Check the address.",
		}
		if sendErr, ok := errors.AsType[*channels.SendError](err); ok {
			problem.Text, problem.Hint = sendErr.Text, sendErr.Hint
		}
		return Starting{}, problem
	}

	party.Key, party.Name = Text(party.Key), Text(party.Name)
	All(party.Also)

	isOnTrialList := func(key string) bool { return slices.Contains(a.TrialTo, key) }
	keys := append([]string{party.Key}, party.Also...)
	if a.Mode == store.ModeTrial && !slices.ContainsFunc(keys, isOnTrialList) {
		return Starting{}, &bridge.Problem{
			Code:  bridge.ReasonTrial,
			Field: "recipient",
			Text:  "This account is on trial and " + party.Key + " is not on its list.",
			Hint:  "Add the address to trial_to, or switch the account to live.",
		}
	}

	team, problem := rd.startTeam(dir, agent, a, s.Team)
	if problem != nil {
		problem.Field = "team"
		return Starting{}, problem
	}
	return Starting{Account: a, Caps: ch.Capabilities(), Party: party, Team: team, KnownOnly: isForKnownOnly(dir, a, ch.Capabilities())}, nil
}

// startTeam returns the team with a name, for a new conversation on an account; nil if there is no name.
func (rd *ReadingReader) startTeam(dir *Directory, agent *store.Agent, a *store.Account, name string) (*store.Team, *bridge.Problem) {
	if name == "" {
		return nil, nil
	}
	team := dir.FindTeam(name)
	if team == nil {
		return nil, unknownTeam(name)
	}
	if surface, _ := dir.Home(a, &team.ID); surface == 0 {
		return nil, &bridge.Problem{
			Code: "no_channel", Text: "The team " + team.Name + " has no channel.", Hint: "Choose another team, or ask an admin to give it one.",
		}
	}
	return team, rd.MayGive(dir, agent, a, nil, team)
}
