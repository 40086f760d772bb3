package setup

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/setup/document"
	"parley/bridge/setup/input"
	"parley/bridge/setup/overlay"
	"parley/bridge/setup/parleyfile"
	"parley/bridge/setup/state"
	"parley/store"
	"parley/store/blob"
)

// answers is what was found out for a file before the transaction that applies it: what the surfaces (the agents' chats)
// know of its users and channels, and its signatures.
type answers struct {
	overlay.Found
	remarks  []string
	pictures map[string][]byte             // of signatures, by blob
	checked  map[overlay.ChannelKey]string // what is wrong with each channel that checkID has looked up; "" for nothing
}

// askSurfaces asks the surfaces for the users and channels whose ids are not in the file, and reads the signatures. If
// checkIDs is true, it also has them look up the channels that the file names by their ids.
func askSurfaces(ctx context.Context, pool *pgxpool.Pool, f *parleyfile.File, o Options, checkIDs bool) (answers, error) {
	found := answers{Found: overlay.NewFound(), pictures: map[string][]byte{}, checked: map[overlay.ChannelKey]string{}}
	lookupCtx, endLookup := withShare(ctx, lookupTimeout, 3) //nolint:mnd // to look up, to read signatures, to write
	defer endLookup()
	directory, err := store.LoadDirectory(lookupCtx, pool)
	if err != nil {
		return found, err
	}

	have, err := state.Of(directory, nil)
	if err != nil {
		return found, err
	}

	for _, t := range f.Teams {
		found.resolve(lookupCtx, o.Lookup, "team "+t.Name, t.Channels, have, checkIDs)
	}

	for _, a := range f.Accounts {
		found.resolve(lookupCtx, o.Lookup, "account "+a.Name, a.Channels, have, checkIDs)
	}

	for _, a := range f.Agents {
		found.find(lookupCtx, o.Lookup, a, have)
	}

	readCtx, endReading := withShare(ctx, signatureTimeout, 2) //nolint:mnd // to read signatures, to write
	defer endReading()
	return found, found.readSignatures(readCtx, o, f, have)
}

// withShare returns a context for one of several pieces of work, of which parts are still to be done. It ends after maxTime,
// or after an equal part of the time that ctx leaves, if that is shorter.
func withShare(ctx context.Context, maxTime time.Duration, parts int) (context.Context, context.CancelFunc) {
	if end, hasEnd := ctx.Deadline(); hasEnd {
		maxTime = min(maxTime, time.Until(end)/time.Duration(parts))
	}
	return context.WithTimeout(ctx, maxTime)
}

// storePictures stores the pictures of the signatures that were read.
func (a *answers) storePictures(ctx context.Context, pool *pgxpool.Pool) error {
	for _, content := range a.pictures {
		if _, _, err := blob.WriteUpload(ctx, pool, bytes.NewReader(content), int64(len(content))); err != nil {
			return err
		}
	}
	return nil
}

// resolve asks for the channels of owner, which is a team or an account. names has them by kind of surface. A channel that is
// named by its id is looked up only if checkIDs is true.
func (a *answers) resolve(ctx context.Context, l Lookup, owner string, names map[string]document.Text, have *state.State, checkIDs bool) {
	for _, kind := range input.Chats() {
		name := have.ChannelNow(kind, names[kind].Value)
		key := overlay.ChannelKey{Kind: kind, Name: name}
		isAnswered := a.Channels[key] != "" || a.Problems[key] != ""
		if name == "" || isAnswered {
			continue
		}

		isID := !strings.HasPrefix(name, "#")
		if isID {
			if checkIDs && l != nil {
				a.checkID(ctx, l, owner, key)
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

// checkID looks up a channel that the file names by its id. By that, Parley's app joins the channel, and a wrong id is
// reported now and not when the first customer writes. The remark names the owner, since a page shows only remarks about
// its own entry.
func (a *answers) checkID(ctx context.Context, l Lookup, owner string, key overlay.ChannelKey) {
	problem, isChecked := a.checked[key]
	if !isChecked {
		id, err := l.Resolve(ctx, key.Kind, key.Name)
		switch {
		case err != nil:
			problem = "looking it up failed: " + err.Error()
		case id == "":
			problem = "not known there: check the id, let the app into the channel, and connect " + key.Kind
		}
		a.checked[key] = problem
	}

	if problem != "" {
		a.remarks = append(a.remarks, owner+": "+key.Kind+" channel "+key.Name+": "+problem)
	}
}

// find looks for an agent, by the e-mail address, in each surface in which the agent has no user yet. It adds a remark if
// the agent is in no surface at all, or if the file names a user of Slack that can't be one.
func (a *answers) find(ctx context.Context, l Lookup, agent parleyfile.Agent, have *state.State) {
	known := false
	var problems []string
	for _, kind := range input.Chats() {
		if user, given := agent.Users[kind]; given {
			known = known || user.Value != ""
			if kind == "slack" && user.Value != "" && !parleyfile.IsSlackUser(user.Value) {
				a.remarks = append(a.remarks, fmt.Sprintf("agent %s: %q is no member ID of Slack, like U012AB3CD: "+
					"what this person writes in Slack stays inside; copy the ID from the person's profile, or leave it out: people are found by e-mail",
					agent.Email, user.Value))
			}
			continue
		}

		old := have.Agent(agent.Email)
		if old != nil && old.Users[kind] != "" {
			known = true
			continue
		}
		if l == nil {
			continue
		}

		id, err := l.Find(ctx, kind, agent.Email)
		switch {
		case err != nil && !slices.Contains(problems, err.Error()):
			problems = append(problems, err.Error()) // which names the surface
		case id != "":
			a.Users[overlay.UserKey{Kind: kind, Email: agent.Email}] = id
			known = true
		}
	}

	if known {
		return
	}
	why := ""
	if len(problems) > 0 {
		why = " (" + strings.Join(problems, "; ") + ")"
	}
	a.remarks = append(a.remarks, "agent "+agent.Email+": no user of "+document.Either(input.Chats())+" is known"+why+
		": what this person writes stays inside; apply again when connected, or write the id")
}
