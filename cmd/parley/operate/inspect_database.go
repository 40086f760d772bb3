package operate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/store"
	"parley/store/schema"
)

// checkDatabase checks PostgreSQL, the schema, the clocks and the master key for `parley doctor`. ready is true if the
// other checks can read the database.
func (o Options) checkDatabase(ctx context.Context) (s Section, ready bool) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	s.Name = "database"
	switch err := schema.CheckServer(ctx, o.Pool); {
	case errors.Is(err, schema.ErrReadOnly):
		s.addWrong("server", err.Error(),
			"Nothing can be stored until it does. Let DATABASE_URL lead to the primary server, or make room on its disk.")
	case err != nil:
		s.addWrong("server", err.Error(),
			"Parley needs PostgreSQL 15 or newer and a database with ENCODING 'UTF8'; see DATABASE_URL.")
		return s, false
	default:
		s.addGood("server", "PostgreSQL 15 or newer, UTF8")
	}

	if has, err := schema.VersionOf(ctx, o.Pool); err == nil && has == 0 {
		s.addWrong("schema", "there is no Parley in this database",
			"Let DATABASE_URL, or PARLEY_DATA, name the one of yours. In a new one, parley serve makes the tables.")
		return s, false
	}
	migrated, err := schema.IsMigrated(ctx, o.Pool)
	if err != nil || !migrated {
		s.addWrong("schema", "not up to date", "Run parley migrate, or start parley serve.")
		return s, false
	}

	s.addGood("schema", "up to date")
	switch ahead, err := store.ClockAhead(ctx, o.Pool); {
	case err != nil:
		s.addWrong("clock", err.Error(), "See the database's log.")
	case ahead != 0:
		s.addWrong("clock", "Parley's clock is moved by "+ahead.String()+", as demo and tests do: parley serve refuses to start",
			"Use another database, or: UPDATE clock SET ahead = '0'")
	default:
		s.addGood("clock", "not moved")
	}

	o.checkClockSetBack(ctx, &s)
	o.checkMachineClock(ctx, &s)
	o.checkConnections(ctx, &s)
	o.checkMasterKey(ctx, &s)
	return s, true
}

// checkClockSetBack warns if the database's clock was ahead and was set back: what was put off meanwhile, such as a retry in
// a minute, waits until the clock shows that time again.
func (o Options) checkClockSetBack(ctx context.Context, s *Section) {
	back, err := store.ClockSetBack(ctx, o.Pool)
	if err == nil && back > maxClockDifference {
		s.addOdd("database's clock", "it was set back by "+roundDuration(back)+" or more",
			"What was put off while it was ahead may wait for that long, and then goes on by itself.")
	}
}

// checkConnections checks that the server allows enough connections for all running processes and one more. An upgrade
// may start a process before it stops an old one, and commands need connections, too.
func (o Options) checkConnections(ctx context.Context, s *Section) {
	c, err := store.CountConnections(ctx, o.Pool)
	processes := max(c.Processes, 1)
	needed := (processes + 1) * store.ConnectionsOfProcess
	switch {
	case err != nil:
		s.addWrong("connections", err.Error(), "See the database's log.")
	case c.Allowed < needed:
		s.addOdd("connections", fmt.Sprintf("the server allows %d, and %s may need %d, with those of an upgrade or of commands",
			c.Allowed, count(processes, "process"), needed),
			fmt.Sprintf("Raise max_connections, and what limits the role or the database, to at least %d more than others use.", needed))
	default:
		s.addGood("connections", "enough for each parley serve")
	}
}

// maxClockDifference is how far the clocks of this machine and of the database may differ.
const maxClockDifference = time.Minute

// checkMachineClock compares the clock of this machine with the database's. Parley uses both, so a difference distorts,
// for example, the age of messages and the lifetime of links. It reads this machine's clock before and after the query,
// since the query may take a while.
func (o Options) checkMachineClock(ctx context.Context, s *Section) {
	var database time.Time
	before := o.now()

	if err := o.Pool.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&database); err != nil {
		s.addWrong("machine's clock", err.Error(), "See the database's log.")
		return
	}

	const hint = "Let both machines set their clocks by the network (NTP)."
	switch after := o.now(); {
	case before.Sub(database) > maxClockDifference:
		s.addWrong("machine's clock", "it is "+roundDuration(before.Sub(database))+" ahead of the database's", hint)
	case database.Sub(after) > maxClockDifference:
		s.addWrong("machine's clock", "it is "+roundDuration(database.Sub(after))+" behind the database's", hint)
	default:
		s.addGood("machine's clock", "agrees with the database's")
	}
}

// now returns the time by this machine's clock.
func (o Options) now() time.Time {
	if o.Now != nil {
		return o.Now()
	}
	return time.Now()
}

// checkMasterKey checks that the master key decrypts the secrets in the database, such as passwords of mailboxes.
func (o Options) checkMasterKey(ctx context.Context, s *Section) {
	checks, err := store.KeyChecks(ctx, o.Pool)
	switch {
	case err != nil:
		s.addWrong("master key", err.Error(), "See the database's log.")
	case o.Sealer == nil:
		s.addWrong("master key", "none is at hand: secrets can't be opened",
			"Set PARLEY_MASTER_KEY or PARLEY_MASTER_KEY_FILE, or let PARLEY_DATA name the folder that has master.key.")
	case len(checks) == 0:
		s.addOdd("master key", "the database is not bound to one yet",
			"The first parley serve or apply does it: keep the key, and a copy elsewhere.")
	case !o.Sealer.Fits(checks...):
		s.addWrong("master key", "it is not the one that the secrets were sealed with",
			"Put the right key into PARLEY_MASTER_KEY; an old one may follow after a comma.")
	default:
		s.addGood("master key", "fits")
	}
}
