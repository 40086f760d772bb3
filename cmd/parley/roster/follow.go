package roster

import (
	"context"
	"errors"
	"slices"
	"time"

	"parley/bridge/setup"
	"parley/store"
	"parley/store/roster"
)

// Every is the time between two looks at the channels.
const Every = 5 * time.Minute

// roundTime bounds one look at all channels.
const roundTime = 10 * time.Minute

// Run looks at the channels from time to time, until ctx ends.
func (k *Keeper) Run(ctx context.Context) error {
	tick := time.NewTicker(Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := k.Round(ctx); err != nil && ctx.Err() == nil {
			k.o.Log.Warn("members of channels not looked at", "error", err)
		}
	}
}

// Round makes those agents who came into the channel of a team that wants so, after an admin had confirmed who was in
// it. Guests never become agents by themselves, nor does anybody about whom was decided before.
// Errors: those of teams whose channel can't be read; all others are done.
func (k *Keeper) Round(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, roundTime)
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
		if i < 0 || d.Teams[i].Agents != store.AgentsOfChannel || k.o.Surface(kinds[c.AccountID]) == nil {
			continue
		}
		if err := k.follow(ctx, d.Teams[i], kinds[c.AccountID], c.Channel); err != nil {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

// follow looks at one channel.
func (k *Keeper) follow(ctx context.Context, t store.Team, kind, channel string) error {
	if confirmed, err := roster.Confirmed(ctx, k.o.Pool, t.ID, kind); err != nil || confirmed != channel {
		return err
	}
	decided, err := roster.Decided(ctx, k.o.Pool, t.ID, kind)
	if err != nil {
		return err
	}
	l, err := k.Look(ctx, t.Name, kind, func(user string) bool { return decided[user] })
	if err != nil {
		return err
	}
	var fresh []Person
	var users []string
	for _, p := range l.People {
		if !decided[p.User] && !p.Guest && (p.Standing == Unknown || p.Standing == Colleague) {
			fresh, users = append(fresh, p), append(users, p.User)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	if err := k.join(ctx, setup.Author{Name: "the channel of team " + t.Name}, l, "", fresh); err != nil {
		return err
	}
	k.o.Log.Info("people of a channel became agents", "team_id", t.ID, "people", len(fresh))
	return roster.Decide(ctx, k.o.Pool, t.ID, kind, users)
}
