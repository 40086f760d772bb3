package setup

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/channels"
	"parley/store"
)

// Time limits for what Apply does before its transaction.
const (
	lookupTimeout    = 30 * time.Second // all requests to the chats together
	signatureTimeout = 30 * time.Second // fetching the pictures of all signatures
)

// Lookup queries the surfaces, the chats in which agents work (Slack and Teams), while they are connected. Its
// methods are called outside of transactions and may block until ctx ends.
type Lookup interface {
	// Resolve returns the id of a channel ("#name" or an id) in the surface of this kind, or "" if there is no
	// such channel or surface. As a side effect, Parley's app may join the channel.
	Resolve(ctx context.Context, kind, channel string) (string, error)

	// Find returns the user with this e-mail address in the surface of this kind, or "" if there is no such
	// user or surface.
	Find(ctx context.Context, kind, email string) (store.SurfaceUser, error)
}

// Options configures Plan and Apply.
type Options struct {
	Sealer *store.Sealer   // required
	Specs  []channels.Spec // of all channels
	Lookup Lookup          // if nil, channels must be given by id, and agents without an id get a remark
	Prune  bool            // remove what the file's lists don't have

	Signatures SignatureReader // if nil, signatures are Markdown without pictures
	Author     Author          // makes the change
	Operator   bool            // the author operates this installation, and so may send stored secrets to other servers

	// With, if not nil, runs in the transaction of the change: after all checks and before the first write,
	// while other changes of the set-up wait. If it fails, nothing is written.
	With func(ctx context.Context, tx pgx.Tx) error

	fromPage    bool                    // the file was generated from a change on a page
	fromChat    bool                    // the chat itself provided the users of agents
	checkStored func(have *State) error // if not nil, an error refuses the change because of what is stored
	amendWanted func(want *State) error // if not nil, makes further changes after those of the file
}

// Result is what Plan would change, or Apply has changed.
type Result struct {
	Changes []string // "+ agent ann@acme.test: …", "~ account support-mail: hold 20s → 30s"; never a secret
	Remarks []string // hints for the admin about a valid file
}

// Text formats the result for a terminal.
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

// Plan returns what Apply would change. It queries the surfaces only for ids that are not in the file.
// Errors: Faults, if the file can't be applied.
func Plan(ctx context.Context, pool *pgxpool.Pool, f *File, o Options) (Result, error) {
	found, err := askSurfaces(ctx, pool, f, o, namedChannels)
	if err != nil {
		return Result{}, err
	}
	work, err := prepare(ctx, pool, f, o, found)
	return work.result, err
}

// errNothing rolls back the transaction of Apply if there is nothing to write, so that other processes don't
// reload the settings needlessly. Apply itself then succeeds.
var errNothing = errors.New("setup: nothing to change")

// Apply changes the database to what the file says, in one transaction, and notifies all processes. Applying
// the same file again changes nothing. After an error nothing is written.
//
// For example, if support-mail has a hold of 20s and the file says "hold: 30s", Apply writes that account and
// returns the change "~ account support-mail: hold 20s → 30s".
// Errors: Faults, if the file can't be applied.
func Apply(ctx context.Context, pool *pgxpool.Pool, f *File, o Options) (Result, error) {
	found, err := askSurfaces(ctx, pool, f, o, allChannels)
	if err != nil {
		return Result{}, err
	}
	if err := found.storePictures(ctx, pool); err != nil {
		return Result{}, err
	}

	var work work
	err = store.InTx(ctx, pool, func(tx pgx.Tx) error {
		if _, err := store.LockTags(ctx, tx); err != nil { // first, as when an agent makes a tag, to avoid a deadlock
			return err
		}
		if err := store.BumpSettings(ctx, tx); err != nil { // its lock makes concurrent calls of Apply wait
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
		if err := work.prepareSaving().save(ctx, tx); err != nil {
			return err
		}
		return store.KeepSetupChange(ctx, tx, store.SetupChange{
			Agent:  o.Author.Agent,
			Author: o.Author.String(),
			Lines:  o.Author.describeChanges(work.result.Changes),
		})
	})
	if errors.Is(err, errNothing) {
		return work.result, nil
	}
	if faults, ok := errors.AsType[Faults](err); ok {
		return Result{}, faults
	}
	return work.result, err
}

// work is a planned change with everything that is needed to save it.
type work struct {
	options    Options
	have, want *State      // the stored state, and the state to be stored
	kept       unremovable // what can't be removed, although it is not wanted any more
	doubled    []string    // remarks about accounts that take the same messages
	result     Result
}

// prepare loads the stored state, changes a copy of it to what the file says, checks the change, and lists it
// for people.
func prepare(ctx context.Context, q store.Querier, f *File, o Options, found answers) (work, error) {
	if o.Sealer == nil {
		return work{}, errors.New("setup: no master key to open and close secrets with")
	}

	have, err := Load(ctx, q, o.Sealer)
	if err != nil {
		return work{}, err
	}
	if o.checkStored != nil {
		if err := o.checkStored(have); err != nil {
			return work{}, err
		}
	}

	w := work{options: o, have: have, want: have.Clone()}
	remarks, err := f.apply(w.want, o.Specs, found.Found, o.Prune)
	if err != nil {
		return work{}, err
	}

	if o.amendWanted != nil {
		if err := o.amendWanted(w.want); err != nil {
			return work{}, err
		}
	}
	err = MergeFaults(
		w.checkRoles(f, found.Found), w.checkChannels(f), w.checkSources(f), w.checkSecretReceivers(f), w.checkFolders())
	if err != nil {
		return work{}, err
	}
	if w.kept, err = findUnremovable(ctx, q, have, w.want); err != nil {
		return work{}, err
	}

	w.result.Changes = diff(have, w.want, o.Specs, w.kept)
	w.result.Remarks = slices.Concat(found.remarks, remarks, w.listRemarks(f), w.doubled)
	return w, nil
}

// prepareSaving returns the saving that writes the planned change.
func (w *work) prepareSaving() saving {
	_, super := w.findAuthor()
	return saving{have: w.have, want: w.want, kept: w.kept, specs: w.options.Specs, sealer: w.options.Sealer, super: super}
}

// listRemarks lists what is valid but probably a mistake.
func (w *work) listRemarks(f *File) []string {
	list := w.roleRemarks()
	for _, said := range f.said.Accounts {
		a := w.have.Account(said.Row.Name)
		isSaid := f.entry("account", said.Row.Name).has("paused")
		staysPaused := a != nil && a.Row.Paused && !isSaid // it may have been removed earlier, and is back in the file
		if staysPaused && !w.options.fromPage {
			list = append(list, "account "+a.Row.Name+": stays paused, until it is changed to paused: false")
		}
	}

	for _, t := range w.have.Teams {
		if w.kept.teams[t.ID] {
			list = append(list, "team "+t.Name+" stays: conversations or paused accounts belong to it")
		}
	}

	for _, a := range w.want.Accounts {
		team := w.want.Team(a.Team)
		teamHasChannel := team != nil && len(team.Channels) > 0
		if a.Surface == "" && !teamHasChannel {
			list = append(list, "account "+a.Row.Name+": no channel for its threads: give its team or the account a channel")
		}
		if a.Row.Mode == store.ModeTrial && len(a.Row.TrialTo) == 0 {
			list = append(list, "account "+a.Row.Name+": on trial, with nobody to send to: nothing leaves")
		}
	}
	return list
}
