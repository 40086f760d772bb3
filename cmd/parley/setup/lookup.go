package setup

import (
	"bytes"
	"context"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
)

type userKey struct{ kind, email string }

type channelKey struct{ kind, name string }

// found is what live surfaces said about the file.
type found struct {
	users    map[userKey]string
	channels map[channelKey]string
	problems map[channelKey]string // why a channel is not known
	remarks  []string

	signatures map[string]readSignature // by signatureSource
	pictures   map[string][]byte        // of signatures, by blob
}

// look asks the surfaces for all that the file leaves to them; with visit also for the
// channels that it names by their ids, and what else can't wait for the transaction is kept.
func look(parent context.Context, pool *pgxpool.Pool, f *File, o Options, visit bool) (found, error) {
	ctx, cancel := context.WithTimeout(parent, lookupTimeout)
	defer cancel()
	found := found{users: map[userKey]string{}, channels: map[channelKey]string{}, problems: map[channelKey]string{}}
	for _, t := range f.teams {
		found.resolve(ctx, o.Lookup, t.channels, visit)
	}
	for _, a := range f.accounts {
		found.resolve(ctx, o.Lookup, a.channels, visit)
	}
	directory, err := store.LoadDirectory(ctx, pool)
	if err != nil {
		return found, err
	}
	have, err := stateOf(directory, nil)
	if err != nil {
		return found, err
	}
	for _, a := range f.agents {
		found.find(ctx, o.Lookup, a, have)
	}
	return found, found.readSignatures(ctx, o, f, have, func(content []byte) error {
		if !visit {
			return nil // only to be shown
		}
		// What was fetched is kept, also when others took all the time there was.
		_, _, err := store.WriteUpload(parent, pool, bytes.NewReader(content), int64(len(content)))
		return err
	})
}

func (f *found) resolve(ctx context.Context, l Lookup, names map[string]text, visit bool) {
	for _, kind := range surfaceKinds() {
		name := names[kind].value
		key := channelKey{kind, name}
		if name == "" || f.channels[key] != "" || f.problems[key] != "" {
			continue
		}
		if !strings.HasPrefix(name, "#") {
			if visit && l != nil {
				f.visit(ctx, l, key)
			}
			continue
		}
		if l == nil {
			f.problems[key] = "names can't be looked up now"
			continue
		}
		id, err := l.Resolve(ctx, kind, name)
		switch {
		case err != nil:
			f.problems[key] = "looking it up failed: " + err.Error()
		case id == "":
			f.problems[key] = "no such channel is known"
		default:
			f.channels[key] = id
		}
	}
}

// visit looks a channel up that the file names by its id: a surface may join it by that,
// and a wrong id is better known now than when the first customer writes.
func (f *found) visit(ctx context.Context, l Lookup, key channelKey) {
	id, err := l.Resolve(ctx, key.kind, key.name)
	switch {
	case err != nil:
		f.remarks = append(f.remarks, key.kind+" channel "+key.name+": looking it up failed: "+err.Error())
	case id == "":
		f.remarks = append(f.remarks, key.kind+" channel "+key.name+": not known there: check the id, let the app into the channel, and connect "+key.kind)
	}
	f.channels[key] = key.name // once is enough
}

// find looks for an agent in every surface where the agent has no user yet. An agent
// in no surface at all is worth a remark.
func (f *found) find(ctx context.Context, l Lookup, e agentEntry, have *state) {
	known, problem := false, ""
	for _, kind := range surfaceKinds() {
		if user, given := e.users[kind]; given {
			known = known || user.value != ""
			continue
		}
		if a := have.agent(e.email); a != nil && a.users[kind] != "" {
			known = true
			continue
		}
		if l == nil {
			continue
		}
		id, err := l.Find(ctx, kind, e.email)
		switch {
		case err != nil:
			problem = " (" + err.Error() + ")" // which names the surface
		case id != "":
			f.users[userKey{kind, e.email}] = id
			known = true
		}
	}
	if !known {
		f.remarks = append(f.remarks, "agent "+e.email+": no user of "+either(surfaceKinds())+" is known"+problem+
			": what this person writes stays inside; apply again when connected, or write the id")
	}
}
