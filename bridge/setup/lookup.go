package setup

import (
	"bytes"
	"context"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/setup/document"
	"parley/bridge/setup/input"
	"parley/bridge/setup/overlay"
	"parley/bridge/setup/parleyfile"
	"parley/bridge/setup/state"
	"parley/store"
	"parley/store/blob"
)

// answers are what live surfaces said of the file, and the signatures that were read.
type answers struct {
	overlay.Found
	remarks  []string
	pictures map[string][]byte // of signatures, by blob
}

// askSurfaces asks the surfaces for the users and channels whose ids are not in the file, and reads signatures.
// With visit it also asks for channels that the file names by their ids, and stores the pictures of
// signatures.
func askSurfaces(parent context.Context, pool *pgxpool.Pool, f *parleyfile.File, o Options, visit bool) (answers, error) {
	ctx, cancel := context.WithTimeout(parent, lookupTimeout)
	defer cancel()
	found := answers{Found: overlay.NewFound(), pictures: map[string][]byte{}}
	for _, t := range f.Teams {
		found.resolve(ctx, o.Lookup, t.Channels, visit)
	}

	for _, a := range f.Accounts {
		found.resolve(ctx, o.Lookup, a.Channels, visit)
	}

	directory, err := store.LoadDirectory(ctx, pool)
	if err != nil {
		return found, err
	}

	have, err := state.Of(directory, nil)
	if err != nil {
		return found, err
	}

	for _, a := range f.Agents {
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

// resolve asks for the channels of a team or an account, by kind of surface.
func (a *answers) resolve(ctx context.Context, l Lookup, names map[string]document.Text, visit bool) {
	for _, kind := range input.Chats() {
		name := names[kind].Value
		key := overlay.ChannelKey{Kind: kind, Name: name}
		isAnswered := a.Channels[key] != "" || a.Problems[key] != ""
		if name == "" || isAnswered {
			continue
		}

		if !strings.HasPrefix(name, "#") {
			if visit && l != nil {
				a.visit(ctx, l, key)
			}
			continue
		}

		if l == nil {
			a.Problems[key] = "names can't be looked up now"
			continue
		}

		id, err := l.Resolve(ctx, kind, name)
		switch {
		case err != nil:
			a.Problems[key] = "looking it up failed: " + err.Error()
		case id == "":
			a.Problems[key] = "no such channel is known"
		default:
			a.Channels[key] = id
		}
	}
}

// visit looks up a channel that the file names by its id. So the surface joins it, and a wrong id is
// reported now and not when the first customer writes.
func (a *answers) visit(ctx context.Context, l Lookup, key overlay.ChannelKey) {
	id, err := l.Resolve(ctx, key.Kind, key.Name)
	switch {
	case err != nil:
		a.remarks = append(a.remarks, key.Kind+" channel "+key.Name+": looking it up failed: "+err.Error())
	case id == "":
		a.remarks = append(a.remarks, key.Kind+" channel "+key.Name+": not known there: check the id, let the app into the channel, and connect "+key.Kind)
	}
	a.Channels[key] = key.Name // so that it is looked up once
}

// find looks for an agent in each surface in which the agent has no user yet. It adds a remark if the agent
// is in no surface at all.
func (a *answers) find(ctx context.Context, l Lookup, e parleyfile.Agent, have *state.State) {
	known, problem := false, ""
	for _, kind := range input.Chats() {
		if user, given := e.Users[kind]; given {
			known = known || user.Value != ""
			continue
		}

		old := have.Agent(e.Email)
		if old != nil && old.Users[kind] != "" {
			known = true
			continue
		}
		if l == nil {
			continue
		}

		id, err := l.Find(ctx, kind, e.Email)
		switch {
		case err != nil:
			problem = " (" + err.Error() + ")" // err names the surface
		case id != "":
			a.Users[overlay.UserKey{Kind: kind, Email: e.Email}] = id
			known = true
		}
	}

	if !known {
		a.remarks = append(a.remarks, "agent "+e.Email+": no user of "+document.Either(input.Chats())+" is known"+problem+
			": what this person writes stays inside; apply again when connected, or write the id")
	}
}
