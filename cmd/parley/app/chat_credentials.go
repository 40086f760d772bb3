package app

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"parley/bridge"
	"parley/channels"
	"parley/cmd/parley/site"
	"parley/store/credential"
)

// The credentials of Slack and Teams come from the environment or, if that has none, from the database, where an admin's are stored
// who gave them on the page First steps. This file joins both into one environment, and asks a chat about new ones.

// Chats that an admin may connect on a page.
const (
	kindSlack = "slack"
	kindTeams = "teams"
)

// SignedIn returns the environment, completed by the stored credentials of chats that it doesn't name itself. Unlock must have been
// called.
// Errors: store.ErrWrongKey; the database's.
func (db *Database) SignedIn(ctx context.Context, env Env) (Env, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	list, err := credential.List(ctx, db.Pool, db.Sealer)
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

// hasChat reports whether the environment names a chat.
func (e Env) hasChat(kind string) bool {
	switch kind {
	case kindSlack:
		return e.SlackBotToken != ""
	case kindTeams:
		return e.Teams.AppID != ""
	}
	return false
}

// withChat returns the environment with the credentials of a chat; values are by the names in package site.
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

// StoredChats returns a sentence for each chat whose credentials are stored, without the credentials.
func (db *Database) StoredChats(ctx context.Context) (notes []string, err error) {
	list, err := credential.List(ctx, db.Pool, nil)
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		notes = append(notes, fmt.Sprintf("What signs Parley in to %s is stored in this database, and not written here: "+
			"another one asks for it under First steps.", c.Kind))
	}
	return notes, nil
}

// chatFingerprint returns a hash of the credentials of a chat. If it changes, the surface is made anew.
func chatFingerprint(env Env, kind string) [32]byte {
	values := []any{env.SlackBotToken, env.SlackAppToken, env.SlackSigningSecret}
	if kind == kindTeams {
		values = []any{env.Teams.AppID, env.Teams.AppPassword, env.Teams.TenantID}
	}
	body, _ := json.Marshal(values) // plain data always becomes JSON
	return sha256.Sum256(body)
}

// identifyChat asks a chat whose credentials an admin has typed. It returns what the surface's Identify returns, and stores and
// changes nothing.
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
