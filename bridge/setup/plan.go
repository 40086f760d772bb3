package setup

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/setup/document"
	"parley/channels"
	"parley/store"
	"parley/store/site"
)

// lookupTimeout limits the time of all questions to live surfaces together.
const lookupTimeout = 30 * time.Second

// Lookup asks live surfaces. Its methods are called outside of transactions and may block until ctx ends.
type Lookup interface {
	// Resolve returns the id of a channel ("#name" or an id) in the surface of this kind; "" if there is
	// no such channel or surface. The surface may join the channel.
	Resolve(ctx context.Context, kind, channel string) (string, error)

	// Find returns the user with this e-mail address in the surface of this kind; "" if there is no such
	// user or surface.
	Find(ctx context.Context, kind, email string) (string, error)
}

// Options of Plan and Apply.
type Options struct {
	Sealer *store.Sealer   // required
	Specs  []channels.Spec // of all channels
	Lookup Lookup          // nil = channels need ids, and agents without an id only get a remark
	Prune  bool            // remove what the file's lists don't name

	Signatures Signatures // nil = signatures are Markdown without pictures
	Author     Author     // who changes it
	Operator   bool       // whoever runs Parley changes it, who may let stored secrets go to other servers

	// With is done in the transaction that writes the change, once it is known to be possible, and before anything is
	// written: others that change the set-up wait meanwhile. If it fails, nothing is written. nil = nothing
	With func(ctx context.Context, tx pgx.Tx) error

	fromChat bool                    // users of agents are as a chat itself tells them
	before   func(have *state) error // refuses a change of what is stored; nil = nothing is refused
	after    func(want *state) error // changes what is wanted besides the file; nil = nothing is changed
}

// Result is what Plan would change, or Apply has changed.
type Result struct {
	Changes []string // "+ agent ann@acme.test: …", "~ account support-mail: hold 20s → 30s"; never a secret
	Remarks []string // what an admin should know although the file has no fault
}

// Text writes the result for a terminal.
func (r Result) Text() string {
	var b strings.Builder
	for _, line := range r.Changes {
		b.WriteString(line + "\n")
	}
	if len(r.Changes) == 0 {
		b.WriteString("nothing to change\n")
	}
	for _, line := range r.Remarks {
		b.WriteString("! " + line + "\n")
	}
	return b.String()
}

// Plan returns what Apply would change. It asks the surfaces only for ids that are not in the file.
// Errors: Faults, if the file can't be applied.
func Plan(ctx context.Context, pool *pgxpool.Pool, f *File, o Options) (Result, error) {
	found, err := look(ctx, pool, f, o, false)
	if err != nil {
		return Result{}, err
	}
	work, err := prepare(ctx, pool, f, o, found)
	return work.result, err
}

// errNothing ends a transaction in which there is nothing to write.
var errNothing = errors.New("setup: nothing to change")

// Apply changes the database to what the file says, in one transaction, and lets all processes know. To
// apply the same file again changes nothing.
// Errors: Faults, if the file can't be applied; then nothing is written.
func Apply(ctx context.Context, pool *pgxpool.Pool, f *File, o Options) (Result, error) {
	found, err := look(ctx, pool, f, o, true)
	if err != nil {
		return Result{}, err
	}
	var work work
	err = store.InTx(ctx, pool, func(tx pgx.Tx) error {
		if err := store.BumpSettings(ctx, tx); err != nil { // its lock makes another apply wait
			return err
		}
		var err error
		if work, err = prepare(ctx, tx, f, o, found); err != nil {
			return err
		}
		if len(work.result.Changes) == 0 {
			return errNothing
		}
		if o.With != nil {
			if err := o.With(ctx, tx); err != nil {
				return err
			}
		}
		if err := work.save(ctx, tx); err != nil {
			return err
		}
		return site.KeepChange(ctx, tx, site.Change{Agent: o.Author.Agent, Author: o.Author.String(), Lines: o.Author.about(work.result.Changes)})
	})
	var faults Faults
	switch {
	case errors.Is(err, errNothing):
		return work.result, nil
	case errors.As(err, &faults):
		return Result{}, faults
	}
	return work.result, err
}

// work is a plan and what is needed to carry it out.
type work struct {
	options    Options
	have, want *state
	kept       kept
	doubled    []string // remarks about accounts that take the same messages
	result     Result
}

// kept has the ids of teams and accounts that prune can't remove.
type kept struct {
	teams    map[store.TeamID]bool
	accounts map[store.AccountID]bool
}

func prepare(ctx context.Context, q store.Querier, f *File, o Options, found found) (work, error) {
	if o.Sealer == nil {
		return work{}, errors.New("setup: no master key to open and close secrets with")
	}
	directory, err := store.LoadDirectory(ctx, q)
	if err != nil {
		return work{}, err
	}
	have, err := stateOf(directory, o.Sealer)
	if err != nil {
		return work{}, err
	}
	if err := errors.Join(have.templatesOf(ctx, q), have.knowledgeOf(ctx, q), have.retentionOf(ctx, q)); err != nil {
		return work{}, err
	}
	if o.before != nil {
		if err := o.before(have); err != nil {
			return work{}, err
		}
	}
	w := work{options: o, have: have, want: have.clone()}
	over := overlay{state: w.want, specs: o.Specs, found: found}
	if err := over.apply(f, o.Prune); err != nil {
		return work{}, err
	}
	if o.after != nil {
		if err := o.after(w.want); err != nil {
			return work{}, err
		}
	}
	if err := errors.Join(w.roles(f, found), w.sources(f), w.keepsSecrets(f), w.folders()); err != nil {
		return work{}, document.Join(err)
	}
	if w.kept, err = w.keeps(ctx, q); err != nil {
		return work{}, err
	}
	w.result.Changes = diff(have, w.want, o.Specs, w.kept)
	w.result.Remarks = slices.Concat(found.remarks, over.remarks, w.remarks(), w.doubled)
	return w, nil
}

// keeps finds teams and accounts that prune can't remove, because conversations belong to them.
func (w *work) keeps(ctx context.Context, q store.Querier) (kept, error) {
	k := kept{teams: map[store.TeamID]bool{}, accounts: map[store.AccountID]bool{}}
	var accounts []store.AccountID
	var teams []store.TeamID
	for _, a := range w.have.accounts {
		if w.want.account(a.row.Name) == nil {
			accounts = append(accounts, a.row.ID)
		}
	}
	for _, t := range w.have.teams {
		if w.want.team(t.name) == nil {
			teams = append(teams, t.id)
		}
	}
	keptAccounts, err := idsOf(ctx, q, usedAccounts, accounts)
	if err != nil {
		return k, err
	}
	for _, id := range keptAccounts {
		k.accounts[id] = true
	}
	going := slices.DeleteFunc(accounts, func(id store.AccountID) bool { return k.accounts[id] })
	keptTeams, err := idsOf(ctx, q, usedTeams, teams, going)
	if err != nil {
		return k, err
	}
	for _, id := range keptTeams {
		k.teams[id] = true
	}
	return k, nil
}

// remarks lists what works but probably is a mistake.
func (w *work) remarks() []string {
	list := w.roleRemarks()
	for _, t := range w.have.teams {
		if w.kept.teams[t.id] {
			list = append(list, "team "+t.name+" stays: conversations or paused accounts belong to it")
		}
	}
	for _, a := range w.want.accounts {
		home := w.want.team(a.team)
		if a.surface == "" && (home == nil || len(home.channels) == 0) {
			list = append(list, "account "+a.row.Name+": no channel for its threads: give its team or the account a channel")
		}
		if a.row.Mode == store.ModeTrial && len(a.row.TrialTo) == 0 {
			list = append(list, "account "+a.row.Name+": mode trial without trial_to: nothing leaves")
		}
	}
	return list
}
