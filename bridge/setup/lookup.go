package setup

import (
	"bytes"
	"context"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/setup/document"
	"parley/store"
	"parley/store/blob"
)

type userKey struct{ kind, email string }

type channelKey struct{ kind, name string }

// found is what live surfaces answered about the file, and the signatures that were read.
type found struct {
	users    map[userKey]string
	channels map[channelKey]string
	problems map[channelKey]string // why a channel was not found
	remarks  []string

	signatures map[string]readSignature // by signatureSource
	pictures   map[string][]byte        // of signatures, by blob
}

// look asks the surfaces for the users and channels whose ids are not in the file, and reads signatures.
// With visit it also asks for channels that the file names by their ids, and stores the pictures of
// signatures.
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
			return nil // Plan stores nothing
		}
		// Use parent: a fetched picture is stored even if the time for looking up is over.
		_, _, err := blob.WriteUpload(parent, pool, bytes.NewReader(content), int64(len(content)))
		return err
	})
}

func (f *found) resolve(ctx context.Context, l Lookup, names map[string]document.Text, visit bool) {
	for _, kind := range surfaceKinds() {
		name := names[kind].Value
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

// visit looks up a channel that the file names by its id. So the surface joins it, and a wrong id is
// reported now and not when the first customer writes.
func (f *found) visit(ctx context.Context, l Lookup, key channelKey) {
	id, err := l.Resolve(ctx, key.kind, key.name)
	switch {
	case err != nil:
		f.remarks = append(f.remarks, key.kind+" channel "+key.name+": looking it up failed: "+err.Error())
	case id == "":
		f.remarks = append(f.remarks, key.kind+" channel "+key.name+": not known there: check the id, let the app into the channel, and connect "+key.kind)
	}
	f.channels[key] = key.name // so that it is looked up once
}

// find looks for an agent in each surface in which the agent has no user yet. It adds a remark if the agent
// is in no surface at all.
func (f *found) find(ctx context.Context, l Lookup, e agentEntry, have *state) {
	known, problem := false, ""
	for _, kind := range surfaceKinds() {
		if user, given := e.users[kind]; given {
			known = known || user.Value != ""
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
			problem = " (" + err.Error() + ")" // err names the surface
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
