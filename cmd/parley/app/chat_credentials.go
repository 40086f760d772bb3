package app

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"parley/bridge"
	"parley/channels"
	"parley/cmd/parley/site"
	"parley/store"
)

// The credentials of Slack and Teams come from environment variables such as SLACK_BOT_TOKEN. If these aren't set, an
// admin may enter credentials on the web page "First steps", which stores them in the database. This file merges both
// into one Env, and tests new credentials before they are stored.

// Kinds of chats that an admin may connect on the page.
const (
	kindSlack = "slack"
	kindTeams = "teams"
)

// SignedIn returns env with the stored credentials of those chats for which env has none. Unlock must have been called.
// Errors: store.ErrWrongKey; the database's.
func (db *Database) SignedIn(ctx context.Context, env Env) (Env, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	list, err := store.Credentials(ctx, db.Pool, db.Sealer)
	if err != nil {
		return env, err
	}
	for _, one := range list {
		if !env.hasChat(one.Kind) {
			env = env.withChat(one.Kind, one.Values)
		}
	}
	return env, nil
}

// hasChat reports whether the environment has credentials for a chat.
func (e Env) hasChat(kind string) bool {
	switch kind {
	case kindSlack:
		return e.SlackBotToken != ""
	case kindTeams:
		return e.Teams.AppID != ""
	}
	return false
}

// withChat returns the environment with other credentials for a chat. The keys of values are constants of package site,
// such as site.SlackBotToken.
func (e Env) withChat(kind string, values map[string]string) Env {
	switch kind {
	case kindSlack:
		e.SlackBotToken = values[site.SlackBotToken]
		e.SlackAppToken = values[site.SlackAppToken]
		e.SlackSigningSecret = ""
	case kindTeams:
		e.Teams.AppID = values[site.TeamsAppID]
		e.Teams.AppPassword = values[site.TeamsPassword]
		e.Teams.TenantID = values[site.TeamsTenantID]
	}
	return e
}

// StoredChats returns a sentence for each chat whose credentials are in the database. The sentences are for comments in
// an exported parley.yaml, which leaves the credentials out.
func (db *Database) StoredChats(ctx context.Context) (notes []string, err error) {
	list, err := store.Credentials(ctx, db.Pool, nil) // without a key the values stay sealed
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		notes = append(notes, fmt.Sprintf("What signs Parley in to %s is stored in this database, and not written here: "+
			"another one asks for it under First steps.", c.Kind))
	}
	return notes, nil
}

// chatFingerprint returns a hash of a chat's credentials. If it changes, Parley reconnects to the chat.
func chatFingerprint(env Env, kind string) [32]byte {
	values := []any{env.SlackBotToken, env.SlackAppToken, env.SlackSigningSecret}
	if kind == kindTeams {
		values = []any{env.Teams.AppID, env.Teams.AppPassword, env.Teams.TenantID}
	}
	body, _ := json.Marshal(values) // plain data always becomes JSON
	return sha256.Sum256(body)
}

// identifyChat tests credentials that an admin has typed: it asks the chat to which workspace they belong (home). It
// returns the results of the surface's Identify, and neither stores nor changes anything.
func (a *App) identifyChat(ctx context.Context, kind string, values map[string]string) (home string, findings []channels.Finding) {
	for _, s := range a.opt.Surfaces {
		if s.Kind != kind {
			continue
		}

		const noAccount = 0 // so the surface has no channels
		surface, err := s.New(a.env.withChat(kind, values), SurfaceOptions{Desk: a.engine.Desk(noAccount), Log: a.log, ReadOnly: true})
		if err != nil {
			return "", []channels.Finding{{What: s.Name, Text: err.Error(), Hint: "Copy all of them from the app's pages."}}
		}
		if i, ok := surface.(bridge.Identified); ok {
			return i.Identify(ctx)
		}
	}

	return "", []channels.Finding{{
		What: kind,
		Text: "this chat can't be asked from here",
		Hint: fmt.Sprintf("Set up %s by the environment.", kind),
	}}
}
