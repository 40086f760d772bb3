package operate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/store"
	"parley/store/measure"
)

// This file has those checks of `parley doctor` that only read the database: agents and teams, quarantined events,
// statistics and suggestions. Each check returns a Section of findings. A finding is Good, Odd (it works, but is probably
// not intended) or Wrong, and says what to do:
//
//	people
//	  ✓ agents: 2, each with a user in a chat
//	  ! team Support: has no members
//	      → Choose them on its page, or list them in parley.yaml.

// checkPeople checks agents and teams.
func checkPeople(d store.Directory) Section {
	s := Section{Name: "people"}
	var unknown []string // addresses of active agents who are not known in any chat
	active := 0
	for _, a := range d.Agents {
		if !a.Active {
			continue
		}

		active++
		if !slices.ContainsFunc(d.Users, func(u store.AgentUser) bool { return u.AgentID == a.ID }) {
			unknown = append(unknown, a.Email)
		}
	}

	switch {
	case active == 0:
		s.addOdd("agents", "there are none: nobody may reply",
			"Add them on the page People, or under agents: in parley.yaml, and run parley apply.")
	case len(unknown) > 0:
		s.addOdd("agents", "not known in any chat, so what they write stays inside: "+strings.Join(unknown, ", "),
			"Run parley apply while the chat is connected, or write their ids into parley.yaml.")
	default:
		s.addGood("agents", "%d, each with a user in a chat", active)
	}

	for _, t := range d.Teams {
		hasChannel := slices.ContainsFunc(d.Channels, func(c store.TeamChannel) bool { return c.TeamID == t.ID })
		switch {
		case !hasChannel:
			s.addOdd("team "+t.Name, "has no channel", "Give it one on its page or in parley.yaml, or let its accounts name theirs.")
		case len(t.Members) == 0:
			s.addOdd("team "+t.Name, "has no members", "Choose them on its page, or list them in parley.yaml.")
		default:
			s.addGood("team "+t.Name, "has a channel and members")
		}

		for _, c := range d.Channels {
			if c.TeamID == t.ID {
				s.addAbsent("team "+t.Name, "has a channel in ", "members", d, t, c.AccountID)
			}
		}
	}

	if !slices.ContainsFunc(d.Accounts, func(a store.Account) bool { return a.Side == store.SideChannel }) {
		s.addOdd("accounts", "there are none: no customer can write",
			"Add the first on the page Accounts, or under accounts: in parley.yaml, and run parley apply.")
	}

	return s
}

// maxNewInChannel is how many new conversations a day people in a channel can follow.
const maxNewInChannel = 150

// checkChannels adds findings about teams' channels in which more conversations begin than people can follow.
func (o Options) checkChannels(ctx context.Context, s *Section, d store.Directory) {
	crowded, err := store.CrowdedChannels(ctx, o.Pool, maxNewInChannel)
	if err != nil {
		s.addOdd("channels", "they can't be counted: "+err.Error(), "See the database's log.")
	}
	for _, c := range crowded {
		for _, t := range d.Teams {
			if slices.Contains(channelsOf(d, t), store.TeamChannel{TeamID: t.ID, AccountID: c.AccountID, Channel: c.Channel}) {
				s.addOdd("team "+t.Name, fmt.Sprintf("%d new conversations on one day in its channel, which is hard to follow", c.Count),
					"Split it: make a second team with a channel of its own, and give it one of the accounts, or some conversations by rules.")
			}
		}
	}
}

// channelsOf returns a team's channels, whichever is its home.
func channelsOf(d store.Directory, t store.Team) (list []store.TeamChannel) {
	for _, c := range d.Channels {
		if c.Home = false; c.TeamID == t.ID {
			list = append(list, c)
		}
	}
	return list
}

// addAbsent adds a finding if some members of a team are not known in a chat in which the team's threads open. what, place
// and members are words of the finding: "team Support: has a channel in slack, where these members are not known: …".
func (s *Section) addAbsent(what, place, members string, d store.Directory, t store.Team, chat store.AccountID) {
	absent := membersNotInChat(d, t, chat)
	i := slices.IndexFunc(d.Accounts, func(a store.Account) bool { return a.ID == chat })
	if len(absent) == 0 || i < 0 {
		return
	}
	name := d.Accounts[i].Name
	s.addOdd(what, place+name+", where these "+members+" are not known: "+strings.Join(absent, ", ")+". What they write there stays inside",
		"Run parley apply while "+name+" is connected, or write their ids into parley.yaml.")
}

// membersNotInChat returns the addresses of a team's members who have a user in some chat, but not in this one.
func membersNotInChat(d store.Directory, t store.Team, chat store.AccountID) (absent []string) {
	for _, a := range d.Agents {
		if !a.Active || !slices.Contains(t.Members, a.ID) {
			continue
		}

		isInSomeChat := slices.ContainsFunc(d.Users, func(u store.AgentUser) bool { return u.AgentID == a.ID })
		isInThisChat := slices.ContainsFunc(d.Users, func(u store.AgentUser) bool {
			return u.AgentID == a.ID && u.AccountID == chat
		})
		if isInSomeChat && !isInThisChat {
			absent = append(absent, a.Email)
		}
	}

	return absent
}

// checkQuarantine checks that no event is in quarantine. An event is one thing that a provider or a chat reported, such
// as a new mail. It is put into quarantine if Parley can't process it.
func checkQuarantine(ctx context.Context, q store.Querier) Section {
	s := Section{Name: "journal"}
	list, err := store.ListQuarantine(ctx, q, maxQuarantined)
	switch {
	case err != nil:
		s.addWrong("quarantine", err.Error(), "See the database's log.")
	case len(list) == 0:
		s.addGood("quarantine", "empty")
	default:
		n := count(len(list), "event")
		if len(list) == maxQuarantined {
			n = "at least " + n
		}

		s.addWrong("quarantine", n+" could not be applied; the newest: "+list[0].Account+": "+list[0].Reason,
			fmt.Sprintf("Look at them on the page Errors, or with parley replay and parley explain %d.", list[0].EventID))
		s.Account, s.Findings[0].MayNameCustomer = list[0].AccountID, true
	}

	return s
}

// lateFigures is how old a change may be that the statistics don't include yet.
const lateFigures = time.Hour

// checkFigures checks that the statistics of the teams are up to date. They are computed in the background.
func checkFigures(ctx context.Context, q store.Querier) Section {
	s := Section{Name: "figures"}
	behind, err := measure.ReadBehind(ctx, q)
	late := time.Duration(behind.Seconds * float64(time.Second))
	switch {
	case err != nil:
		s.addOdd("counted", "it can't be read: "+err.Error(), "See the database's log.")
	case late > lateFigures:
		s.addOdd("counted", "what happened "+roundDuration(late)+" ago is not counted yet",
			"Is parley serve running? Figures give way while there is much to do. Messages and replies don't wait for them.")
	case behind.Older:
		s.addGood("counted", "older conversations are being counted, the newest first")
	default:
		s.addGood("counted", "up to date")
	}

	return s
}

// listSuggestions reports how often agents used the suggestions that the analysis of messages made, by kind.
func listSuggestions(kinds []store.SuggestionCount) Section {
	s := Section{Name: "suggestions"}
	for _, k := range kinds {
		s.addGood(k.Kind, "%d shown in seven days, %d used, %d edited, %d ignored", k.Shown, k.Used, k.Edited, k.Ignored)
	}
	return s
}

// checkSignIn checks the provider with which agents sign in to the site.
func (o Options) checkSignIn(ctx context.Context) Section {
	s := Section{Name: "signing in"}
	s.addChecked(o.SignIn.Check(ctx))
	return s
}
