package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"parley/cmd/parley/app"
	"parley/cmd/parley/site"
)

// adminLinkCommand is `parley admin-link`.
type adminLinkCommand struct {
	Email string `placeholder:"ADDRESS" help:"Whom the link signs in: the e-mail address of an admin or any other agent. Not needed while there is no admin."`
}

// Help is shown by `parley admin-link --help`.
func (adminLinkCommand) Help() string {
	return `Prints an address that signs somebody in on the site: once, within a day.
With --email it signs in the agent who has that address, with that agent's own rights: an admin comes into the settings, everybody into
the inbox, also while the chat that they sign in by is down. Without, whoever opens it becomes the first super-admin, who may do
everything; that works until there is an admin.

The link begins with PARLEY_PUBLIC_URL. If that isn't set here, it leads to PARLEY_LISTEN or, without that, to the address at which
the Parley with this PARLEY_DATA listened last.

Examples:
  parley admin-link
  parley admin-link --email ann@example.com`
}

// Run prints the link.
func (c adminLinkCommand) Run(ctx context.Context) error {
	return withDatabase(ctx, databaseUse{}, func(ctx context.Context, env app.Env, db *app.Database, _ *slog.Logger) error {
		link, err := c.link(ctx, env, db)
		if err != nil {
			return err
		}
		_, err = fmt.Println(link)
		return err
	})
}

func (c adminLinkCommand) link(ctx context.Context, env app.Env, db *app.Database) (string, error) {
	base := env.OfServing().BaseURL()
	if c.Email != "" {
		return site.SignInLink(ctx, db.Pool, base, c.Email)
	}
	link, err := site.FirstLink(ctx, db.Pool, base)
	if err == nil && link == "" {
		err = errors.New("there is an admin already; name an agent: parley admin-link --email ADDRESS (parley export lists them)")
	}
	return link, err
}
