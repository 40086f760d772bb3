package outside

import (
	"cmp"
	"context"
	"strings"

	"parley/cmd/parley/demo/cord"
)

// Lines to Parley that can be cut, by the names that the page gives them.
const (
	LineSlack = "slack"
	LineTeams = "teams"
	LineMail  = "mail"
)

// Cords returns the wires of a line; nil means that nothing can be cut there.
func (w *World) Cords(line string) []*cord.Cord {
	if w.cords == nil {
		return nil
	}

	switch line {
	case LineSlack:
		return []*cord.Cord{w.cords.slack}
	case LineTeams:
		if w.cords.teams != nil {
			return []*cord.Cord{w.cords.teams, w.cords.hook}
		}
	case LineMail:
		return []*cord.Cord{w.cords.imap, w.cords.smtp}
	}

	return nil
}

// cords are a world's wires to Parley. Teams has two: teams for what Parley asks, hook for what Teams tells Parley. Both are
// nil without Teams.
type cords struct{ slack, imap, smtp, teams, hook *cord.Cord }

func (c *cords) list() []*cord.Cord { return []*cord.Cord{c.slack, c.imap, c.smtp, c.teams, c.hook} }

// layCords lays a wire to each emulator, and one from Teams to Parley.
func (w *World) layCords(ctx context.Context, o Options) (err error) {
	w.cords = &cords{}
	for _, lay := range []struct {
		into         **cord.Cord
		addr, target string
	}{
		{&w.cords.slack, o.SlackAddr, strings.TrimPrefix(w.Slack.URL(), "http://")},
		{&w.cords.imap, o.IMAPAddr, w.Mail.IMAPAddr()},
		{&w.cords.smtp, o.SMTPAddr, w.Mail.SMTPAddr()},
		{&w.cords.teams, o.TeamsAddr, w.teamsAddr()},
		{&w.cords.hook, "", w.hookAddr()},
	} {
		if lay.target == "" {
			continue
		}
		if *lay.into, err = cord.New(ctx, cmp.Or(lay.addr, anyPort), lay.target); err != nil {
			return err
		}
	}

	if w.cords.teams != nil {
		w.Teams.SetURL("http://" + w.cords.teams.Addr)
	}

	return nil
}
