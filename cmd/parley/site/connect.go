package site

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bot/web"
	"parley/bot/web/settings"
	"parley/bridge/setup"
	"parley/channels"
	"parley/store"
)

// checkTimeout is the time limit for all requests that check one set of credentials.
const checkTimeout = 45 * time.Second

// On the first-steps page, an admin connects Slack or Microsoft Teams (a chat). Connect tests the tokens of a Slack app, for
// example, and stores them encrypted. Each page carries the version of what it showed, so that changes from an outdated page
// are refused. The same goes for the members of a team's channel (members.go).

// listChats returns the state of Slack and of Microsoft Teams: whether it is connected, who connected it, and its
// current problem, if any.
func (d *startDesk) listChats(ctx context.Context, directory store.Directory) ([]settings.Chat, error) {
	stored, err := store.Credentials(ctx, d.o.Pool, d.o.Sealer)
	if err != nil { // probably they are encrypted with another key; without values, an admin can enter them again
		stored, err = store.Credentials(ctx, d.o.Pool, nil)
	}
	if err != nil {
		return nil, err
	}

	away, err := store.AdminsAway(ctx, d.o.Pool)
	if err != nil {
		return nil, err
	}
	return []settings.Chat{
		d.describeChat(settings.Chat{Kind: "slack", Name: "Slack"}, stored, directory, away),
		d.describeChat(settings.Chat{Kind: "teams", Name: "Microsoft Teams"}, stored, directory, away),
	}, nil
}

// describeChat adds its state to a chat. stored has all credentials. away says since when accounts can't be reached.
func (d *startDesk) describeChat(
	chat settings.Chat, stored []store.Credential, directory store.Directory, away map[store.AccountID]time.Time,
) settings.Chat {
	isOfKind := func(c store.Credential) bool { return c.Kind == chat.Kind }
	if i := slices.IndexFunc(stored, isOfKind); i >= 0 {
		chat.Author = stored[i].Author
		chat.At = stored[i].At
		chat.Version = stored[i].Version()
		chat.AppID = stored[i].Values["app_id"]
	}

	connected := d.connectedChats()
	i := slices.IndexFunc(connected, func(c Chat) bool { return c.Kind == chat.Kind })
	if i < 0 {
		return chat
	}

	chat.Connected, chat.FromEnv = true, connected[i].FromEnv
	for _, a := range directory.Accounts {
		isOfChat := a.Side == store.SideSurface && a.Kind == chat.Kind
		if isOfChat && a.Status != string(channels.Active) {
			chat.Text, chat.Hint = a.StatusText, a.StatusHint
		}
		if since, isAway := away[a.ID]; isOfChat && isAway {
			chat.Away = since.UTC().Format("2 January, 15:04") + " UTC"
		}
	}

	return chat
}

// connectedChats returns the chats that are connected now.
func (d *startDesk) connectedChats() []Chat {
	if d.o.Chats.Connected == nil {
		return nil
	}
	return d.o.Chats.Connected()
}

// teamProgress returns the chats in which a team has a channel, and those whose members an admin must still confirm.
func (d *startDesk) teamProgress(ctx context.Context, directory store.Directory, e setup.Entry) (settings.Team, error) {
	t := settings.Team{Name: e.Name, Version: e.Version}
	i := slices.IndexFunc(directory.Teams, func(row store.Team) bool { return row.Name == e.Name })
	for _, kind := range []string{"slack", "teams"} {
		channel := e.Value(kind + "_channel")
		if channel == "" || i < 0 {
			continue
		}

		confirmed, err := store.ConfirmedChannel(ctx, d.o.Pool, directory.Teams[i].ID, kind)
		if err != nil {
			return t, err
		}

		t.Chats = append(t.Chats, kind)
		if confirmed != channel {
			t.Unasked = append(t.Unasked, kind)
		}
	}

	return t, nil
}

// Connect tests the credentials of a Slack or Teams app (kind) and stores them if they work. It reports whether they were
// stored, and the findings of the test. version is that of the stored credentials that the page showed.
func (d *startDesk) Connect(
	ctx context.Context, by web.Person, kind, version string, values map[string]string,
) (bool, []settings.StartFinding, error) {
	if found := d.whyNotHere(kind); found != nil {
		return false, found, nil
	}

	home, found, isWorking := d.tryCredentials(ctx, kind, values)
	if !isWorking {
		return false, found, nil
	}

	former, err := d.otherHome(ctx, kind, home)
	if err != nil {
		return false, nil, err
	}
	if former != "" {
		return false, append(found, movedFinding(former)), nil
	}

	err = d.saveCredentials(ctx, by, credentialChange{
		kind:    kind,
		version: version,
		what:    "credentials given",
		do: func(tx pgx.Tx) error {
			return store.SaveCredential(ctx, tx, d.o.Sealer, store.Credential{Kind: kind, Home: home, Author: by.Email, Values: values})
		},
	})
	if err == nil && d.o.Chats.AwaitConnected != nil {
		d.o.Chats.AwaitConnected(ctx, kind) // the next step on the page needs the connection
	}

	return err == nil, found, err
}

// whyNotHere returns the reason why a chat can't be connected on this page, or nil if it can.
func (d *startDesk) whyNotHere(kind string) []settings.StartFinding {
	if d.o.Chats.Identify == nil {
		return []settings.StartFinding{{What: kind, Text: "can't be asked from here.", Hint: "Use parley doctor."}}
	}
	if slices.ContainsFunc(d.connectedChats(), func(c Chat) bool { return c.Kind == kind && c.FromEnv }) {
		return []settings.StartFinding{{
			What: "environment",
			Text: "it says how to connect, and comes before this page",
			Hint: "Change it there, or unset its variables first.",
		}}
	}
	return nil
}

// tryCredentials tests credentials by using them. home is the workspace or organisation they belong to, or "" if unknown.
func (d *startDesk) tryCredentials(
	ctx context.Context, kind string, values map[string]string,
) (home string, list []settings.StartFinding, isWorking bool) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	home, found := d.o.Chats.Identify(ctx, kind, values)
	isWorking = home != ""
	for _, f := range found {
		list = append(list, settings.StartFinding{OK: f.OK, What: f.What, Text: f.Text, Hint: f.Hint})
		isWorking = isWorking && f.OK
	}
	return home, list, isWorking
}

// movedFinding refuses credentials that belong to another workspace than former, where the present threads may be.
func movedFinding(former string) settings.StartFinding {
	return settings.StartFinding{
		What: "workspace",
		Text: "it is not " + former + ", to which the credentials belong that were last given on this page; the threads may be there",
		Hint: "Take the credentials from there. If the threads are in this one, as the environment has connected it meanwhile, " +
			"or if you want to move: " +
			"take this chat's channel from each team and account, give the credentials, and give the channels again.",
	}
}

// otherHome protects an admin from moving by mistake to another workspace or organisation (home), where nobody would see
// the present threads. It compares home with that of the credentials that were last stored, even if they have been
// removed since. If the two differ and a team or account has a channel in the chat, it returns the former home;
// otherwise "". It doesn't notice if environment variables have connected another workspace since.
func (d *startDesk) otherHome(ctx context.Context, kind, home string) (string, error) {
	former, err := store.CredentialHome(ctx, d.o.Pool, kind)
	if err != nil || former == "" || former == home {
		return "", err
	}

	entries, err := d.cache.Entries(ctx)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(entries, func(e setup.Entry) bool { return e.Value(kind+"_channel") != "" }) {
		return former, nil
	}

	return "", nil
}

// Disconnect removes the stored credentials of a chat. version is as for Connect.
func (d *startDesk) Disconnect(ctx context.Context, by web.Person, kind, version string) error {
	return d.saveCredentials(ctx, by, credentialChange{
		kind:    kind,
		version: version,
		what:    "credentials forgotten",
		do:      func(tx pgx.Tx) error { return store.ForgetCredential(ctx, tx, d.o.Sealer, kind) },
	})
}

// credentialChange is a change of a chat's stored credentials.
type credentialChange struct {
	kind    string
	version string // of the credentials that the page showed; "" if it showed none
	what    string // describes the change in the log
	do      func(pgx.Tx) error
}

// saveCredentials changes credentials and logs the change, in one transaction. It returns setup.ErrStale and changes
// nothing if the stored credentials aren't those that the page showed.
func (d *startDesk) saveCredentials(ctx context.Context, by web.Person, c credentialChange) error {
	return store.InTx(ctx, d.o.Pool, func(tx pgx.Tx) error {
		stored, err := store.LockCredential(ctx, tx, c.kind)
		if err != nil {
			return err
		}
		if stored != c.version {
			return setup.ErrStale
		}

		if err := c.do(tx); err != nil {
			return err
		}
		return logChange(ctx, tx, by, "~ chat "+c.kind+": "+c.what)
	})
}
