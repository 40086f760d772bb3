package site

import (
	"context"
	"errors"
	"strings"
	"time"

	"parley/bot/web"
	"parley/bot/web/settings"
	"parley/bridge/setup"
	"parley/cmd/parley/operate"
)

// rosterTimeout is the time limit for the members of a channel. Slack's rate limits make a large workspace slow.
const rosterTimeout = 90 * time.Second

// rosterKeeper returns the component that derives a team's agents from the members of its channel.
func (d *startDesk) rosterKeeper() *operate.RosterKeeper {
	return operate.NewRoster(operate.RosterOptions{Pool: d.o.Pool, Sealer: d.o.Sealer, Specs: d.o.Specs, Surface: d.o.Chats.find,
		Log: d.o.Log})
}

// Roster implements start.Desk. It lists the members of a team's channel and preselects those who are likely agents.
func (d *startDesk) Roster(ctx context.Context, team, chat string) (settings.Roster, error) {
	ctx, cancel := context.WithTimeout(ctx, rosterTimeout)
	defer cancel()
	version, err := d.teamVersion(ctx, team) // read first, so that a change during the listing makes Confirm refuse the page
	if err != nil {
		return settings.Roster{}, err
	}

	l, err := d.rosterKeeper().List(ctx, team, chat, nil)
	if err != nil {
		return settings.Roster{}, d.rosterProblem(err)
	}

	r := settings.Roster{
		Team:    l.Team,
		Chat:    l.Kind,
		Channel: l.Channel,
		Version: version,
		Follows: l.Follows,
	}
	for _, p := range l.People {
		r.People = append(r.People, settings.Member{
			User:   p.User,
			Name:   p.Name,
			Email:  p.Email,
			Note:   noteOf(p),
			Fixed:  !p.CanJoin(),
			Chosen: isProposed(p),
		})
	}

	return r, nil
}

// teamVersion returns the version of a team, or "" if there is no such team.
func (d *startDesk) teamVersion(ctx context.Context, team string) (string, error) {
	entries, err := d.cache.Entries(ctx)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		if e.Kind == setup.EntryTeam && strings.EqualFold(e.Name, team) {
			return e.Version, nil
		}
	}
	return "", nil
}

// isProposed reports whether a person is preselected as an agent of the team. Everybody who can join is, except guests,
// agents with another user in the chat, and people about whom an admin has already decided.
func isProposed(p operate.Person) bool {
	needsAdmin := p.Decided || p.Guest || p.Status == operate.TakenOut || p.Status == operate.OtherUser
	return p.CanJoin() && !needsAdmin
}

// noteOf describes a person's relation to the team, or returns "" if there is nothing special.
func noteOf(p operate.Person) string {
	note := map[operate.Status]string{
		operate.InTeam:     "in the team already",
		operate.NotLinked:  "in the team, not linked to this chat yet",
		operate.OtherUser:  "an agent already, as another user here: choosing makes this one the agent's user",
		operate.NotInTeam:  "an agent already, not in this team",
		operate.TakenOut:   "was taken out of the agents",
		operate.NoEmail:    "no address is told: add this person by hand",
		operate.NotAllowed: "can't answer from this chat",
	}[p.Status]
	if p.Guest {
		if note == "" {
			return "a guest"
		}
		return "a guest, " + note
	}

	if p.Decided && p.Status == operate.NoAgent {
		return "left out before"
	}

	return note
}

// Confirm implements start.Desk. It makes members of a channel agents and returns their number. It refuses outdated pages.
// While the chat doesn't tell its members, and for people about whom the admin may not decide, it returns *start.Retry.
func (d *startDesk) Confirm(ctx context.Context, by web.Person, decided settings.StartDecision) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, rosterTimeout)
	defer cancel()
	version, err := d.teamVersion(ctx, decided.Team)
	if err != nil {
		return 0, err
	}
	if version != decided.Version {
		return 0, &web.Problem{
			Text: "Nobody was confirmed: somebody else changed this team after you opened the page.",
			Hint: "Go back to First steps and open the team's members once more: it may have another channel now.",
		}
	}

	n, err := d.rosterKeeper().Confirm(ctx, setup.Author{Agent: &by.ID, Name: by.Email}, operate.Decision{
		Team:    decided.Team,
		Kind:    decided.Chat,
		Channel: decided.Channel,
		Listed:  decided.Listed,
		Chosen:  decided.Chosen,
		Follow:  decided.Follow,
	})
	if err != nil {
		return 0, d.confirmProblem(err)
	}
	return n, nil
}

// confirmProblem converts an error of Confirm to one that the page can show.
func (d *startDesk) confirmProblem(err error) error {
	if faults, ok := errors.AsType[setup.Faults](err); ok {
		retry := &settings.Retry{}
		for _, f := range faults {
			retry.Problems = append(retry.Problems, f.String())
		}
		return retry
	}

	problem := d.rosterProblem(err)
	isOutdated := errors.Is(err, operate.ErrNoChannel) || errors.Is(err, setup.ErrMissing) || errors.Is(err, setup.ErrStale)
	if isOutdated {
		return problem
	}
	return &settings.Retry{Problems: []string{problem.Error()}}
}

// rosterProblem converts an error of the roster to one that the page can show, and logs unexpected errors.
func (d *startDesk) rosterProblem(err error) *web.Problem {
	switch {
	case errors.Is(err, operate.ErrNoChannel), errors.Is(err, setup.ErrMissing):
		return &web.Problem{
			Text: "This team has no channel there.",
			Hint: "Give it one first, by the step before.",
		}
	case errors.Is(err, setup.ErrStale):
		return &web.Problem{
			Text: "Nobody was confirmed: somebody else gave the team another channel after you opened the page.",
			Hint: "Go back to First steps and open the team's members once more: they are those of the new channel.",
		}
	case errors.Is(err, operate.ErrNoChat):
		return &web.Problem{
			Text: "This chat is not connected.",
			Hint: "Connect it first; it takes some seconds after its tokens were given.",
		}
	}

	d.o.Log.Warn("members of a channel not listed", "error", err)
	return &web.Problem{
		Text: "The chat did not tell who is in the channel.",
		Hint: "Is Parley in the channel? Look at Health, or try again in a minute.",
	}
}
