package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"parley/cmd/parley/app"
	"parley/cmd/parley/site"
)

// adminLinkCommand implements "parley admin-link", which prints a sign-in link for Parley's web site. Admins need it in
// two cases: on a new installation, which has no admin yet, and when Slack or Microsoft Teams, with which people sign in
// otherwise, can't be reached.
type adminLinkCommand struct {
	Email string `placeholder:"ADDRESS" help:"E-mail address of the agent to sign in. Not needed while there is no admin."`
}

// Help is shown by "parley admin-link --help".
func (adminLinkCommand) Help() string {
	return `Prints a link that signs somebody in on the site. It works once, and expires after a day.

With --email, the link signs in the agent with that address, with the rights that this agent has: admins can open the settings, and all
agents the inbox. It also works while the chat that people sign in with is down. Without --email, whoever opens the link becomes the first
super-admin, who may do everything. That works until there is an admin.

The link begins with PARLEY_PUBLIC_URL. If that isn't set here, the link uses PARLEY_LISTEN. If that isn't set either, it uses the address
on which the Parley with this PARLEY_DATA last listened.

Examples:
  parley admin-link
  parley admin-link --email ann@example.com`
}

// Run makes the link and prints it.
func (c adminLinkCommand) Run(ctx context.Context) error {
	existing := databaseUse{mayBeNew: false} // no link can be used before the server has made its database
	return withDatabase(ctx, existing, func(ctx context.Context, env app.Env, db *app.Database, _ *slog.Logger) error {
		baseURL := env.ForServed(os.LookupEnv).BaseURL() // the address of the server, not of this process
		link, err := c.makeLink(ctx, db, baseURL)
		if err != nil {
			return err
		}
		_, err = fmt.Println(link)
		return err
	})
}

// makeLink stores a new link and returns its address below baseURL.
func (c adminLinkCommand) makeLink(ctx context.Context, db *app.Database, baseURL string) (string, error) {
	if c.Email != "" {
		return site.SignInLink(ctx, db.Pool, baseURL, c.Email)
	}

	link, err := site.FirstLink(ctx, db.Pool, baseURL)
	if err != nil {
		return "", err
	}
	if link == "" {
		return "", errors.New("there is an admin already; name an agent: parley admin-link --email ADDRESS (parley export lists them)")
	}
	return link, nil
}
