package roster

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge/setup"
	"parley/store"
	rosterstore "parley/store/roster"
)

const (
	roundInterval = 5 * time.Minute
	roundTimeout  = 10 * time.Minute // for all channels of one round
)

// Run looks for newcomers in the channels from time to time, until ctx ends.
func (k *Keeper) Run(ctx context.Context) error {
	tick := time.NewTicker(roundInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := k.AddNewcomers(ctx)
		if err != nil && ctx.Err() == nil {
			k.o.Log.Warn("members of channels not looked at", "error", err)
		}
	}
}

// AddNewcomers makes agents of people who have joined the channel of a team since an admin confirmed its members, if the team
// is set up so. It leaves out guests, agents who have another user in the chat, and everybody about whom an admin has decided before.
// Whoever is in the team already counts as decided from now on.
// Errors: those of teams whose channel can't be read; it goes on with the others.
func (k *Keeper) AddNewcomers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, roundTimeout)
	defer cancel()
	d, err := store.LoadDirectory(ctx, k.o.Pool)
	if err != nil {
		return err
	}

	kinds := map[store.AccountID]string{}
	for _, a := range d.Accounts {
		if a.Side == store.SideSurface {
			kinds[a.ID] = a.Kind
		}
	}

	var faults []error
	for _, c := range d.Channels {
		i := slices.IndexFunc(d.Teams, func(t store.Team) bool { return t.ID == c.TeamID })
		if i < 0 || d.Teams[i].Agents != store.AgentsOfChannel {
			continue
		}

		kind := kinds[c.AccountID]
		if k.o.Surface(kind) == nil {
			continue
		}
		if err := k.addNewcomersOf(ctx, d.Teams[i], kind, c.Channel); err != nil {
			faults = append(faults, err)
		}
	}

	return errors.Join(faults...)
}

// addNewcomersOf looks at one channel. It does nothing before an admin has confirmed the members of this channel.
func (k *Keeper) addNewcomersOf(ctx context.Context, t store.Team, kind, channel string) error {
	confirmedChannel, err := rosterstore.ConfirmedChannel(ctx, k.o.Pool, t.ID, kind)
	if err != nil || confirmedChannel != channel {
		return err
	}

	decided, err := rosterstore.DecidedUsers(ctx, k.o.Pool, t.ID, kind)
	if err != nil {
		return err
	}

	l, err := k.List(ctx, t.Name, kind, func(user store.SurfaceUser) bool { return decided[user] })
	if err != nil {
		return err
	}
	if !l.Confirmed || !l.Follows || l.Channel != channel { // an admin has changed the team meanwhile
		return nil
	}

	newcomers, users := listUndecided(l, decided)
	if len(users) == 0 {
		return nil
	}
	if len(newcomers) == 0 {
		return rosterstore.Decide(ctx, k.o.Pool, t.ID, kind, users)
	}

	err = k.join(ctx, setup.Author{Name: "the channel of team " + t.Name}, l, "", newcomers, func(tx pgx.Tx) error {
		return decideUnlessDecided(ctx, tx, l, users)
	})
	if errors.Is(err, setup.ErrStale) { // the next round sees what has changed
		return nil
	}
	if err != nil {
		return err
	}

	k.o.Log.Info("people of a channel became agents", "team_id", t.ID, "people", len(newcomers))
	return nil
}

// listUndecided returns the people who become agents of the team, and the users who count as decided from now on: the newcomers,
// and people who are in the team already.
func listUndecided(l List, decided map[store.SurfaceUser]bool) (newcomers []Person, users []store.SurfaceUser) {
	for _, p := range l.People {
		if decided[p.User] {
			continue
		}

		isNewcomer := p.isNew() && !p.Guest
		if isNewcomer {
			newcomers = append(newcomers, p)
		}
		if isNewcomer || p.Status == InTeam {
			users = append(users, p.User)
		}
	}

	return newcomers, users
}

// decideUnlessDecided records that somebody has decided about users.
// Errors: setup.ErrStale, if an admin has decided about one of them while the chat was asked.
func decideUnlessDecided(ctx context.Context, tx pgx.Tx, l List, users []store.SurfaceUser) error {
	decided, err := rosterstore.DecidedUsers(ctx, tx, l.teamID, l.Kind)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(users, func(user store.SurfaceUser) bool { return decided[user] }) {
		return setup.ErrStale
	}
	return rosterstore.Decide(ctx, tx, l.teamID, l.Kind, users)
}
