package operate

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge/setup"
	"parley/store"
)

const (
	roundInterval = 5 * time.Minute
	roundTimeout  = 10 * time.Minute // for all channels of one round
)

// Run calls AddNewcomers every five minutes, until ctx ends.
func (k *RosterKeeper) Run(ctx context.Context) error {
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

// AddNewcomers makes agents of the people who have joined a team's chat channel since an admin confirmed its members, if the
// team follows its channel. For example, Ben joins #support a week later, and can answer customers five minutes after that.
//
// It skips guests, agents who are linked to another user of the chat, and everybody about whom a decision is recorded, so
// that a person whom an admin left out doesn't become an agent after all. For people who are in the team already, it
// records a decision: if they leave the team later, they aren't added again.
//
// If some channels can't be read, it continues with the others and returns the joined errors.
func (k *RosterKeeper) AddNewcomers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, roundTimeout)
	defer cancel()
	d, err := store.LoadDirectory(ctx, k.o.Pool)
	if err != nil {
		return err
	}

	kinds := map[store.AccountID]string{} // chats by account, such as "slack"
	for _, a := range d.Accounts {
		if a.Side == store.SideSurface {
			kinds[a.ID] = a.Kind
		}
	}

	var failed []error
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
			failed = append(failed, err)
		}
	}

	return errors.Join(failed...)
}

// addNewcomersOf adds the newcomers of one channel. It does nothing until an admin has confirmed the members of this channel.
func (k *RosterKeeper) addNewcomersOf(ctx context.Context, t store.Team, kind, channel string) error {
	confirmedChannel, err := store.ConfirmedChannel(ctx, k.o.Pool, t.ID, kind)
	if err != nil || confirmedChannel != channel {
		return err
	}

	decided, err := store.DecidedUsers(ctx, k.o.Pool, t.ID, kind)
	if err != nil {
		return err
	}

	isDecided := func(user store.SurfaceUser) bool { return decided[user] }
	l, err := k.List(ctx, t.Name, kind, isDecided)
	if err != nil {
		return err
	}
	if !l.Confirmed || !l.Follows || l.Channel != channel { // an admin changed the team in the meantime
		return nil
	}

	newcomers, users := listUndecided(l, decided)
	if len(users) == 0 {
		return nil
	}
	if len(newcomers) == 0 {
		return store.DecideUsers(ctx, k.o.Pool, t.ID, kind, users)
	}

	author := setup.Author{Name: "the channel of team " + t.Name}
	err = k.join(ctx, author, l, keepRule, newcomers, func(tx pgx.Tx) error {
		return decideUnlessDecided(ctx, tx, l, users)
	})
	if errors.Is(err, setup.ErrStale) { // the next round reads the changed team
		return nil
	}
	if err != nil {
		return err
	}

	k.o.Log.Info("people of a channel became agents", "team_id", t.ID, "people", len(newcomers))
	return nil
}

// listUndecided returns the people who become agents of the team, and the users for whom a decision is recorded: the
// newcomers, and people who are in the team already.
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

// decideUnlessDecided records a decision about users. It returns setup.ErrStale if an admin has decided about one of them
// while the chat was being queried.
func decideUnlessDecided(ctx context.Context, tx pgx.Tx, l List, users []store.SurfaceUser) error {
	decided, err := store.DecidedUsers(ctx, tx, l.teamID, l.Kind)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(users, func(user store.SurfaceUser) bool { return decided[user] }) {
		return setup.ErrStale
	}
	return store.DecideUsers(ctx, tx, l.teamID, l.Kind, users)
}
