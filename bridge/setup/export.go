package setup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge"
	"parley/bridge/setup/document"
	"parley/channels"
	"parley/store"
)

// Export writes parley.yaml from the database. Secrets are replaced by ${ACCOUNT_FIELD}; when these
// variables are set, applying the file changes nothing.
// Errors: an account of a channel that this version doesn't have, because the file would be incomplete.
func Export(ctx context.Context, pool *pgxpool.Pool, specs []channels.Spec) ([]byte, error) {
	directory, err := store.LoadDirectory(ctx, pool)
	if err != nil {
		return nil, err
	}
	s, err := stateOf(directory, nil)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.templatesOf(ctx, pool), s.knowledgeOf(ctx, pool), s.retentionOf(ctx, pool)); err != nil {
		return nil, err
	}
	return s.file(specs)
}

// file writes a state as parley.yaml.
func (s *state) file(specs []channels.Spec) ([]byte, error) {
	var agents, teams, accounts []*document.Draft
	for _, a := range s.agents {
		agents = append(agents, exportAgent(a))
	}
	for _, t := range s.teams {
		teams = append(teams, exportTeam(t))
	}
	variables := map[string]bool{}
	for _, a := range s.accounts {
		spec := specOf(specs, a.row.Kind)
		if spec == nil {
			return nil, fmt.Errorf("setup: export: account %s is of kind %q, which this version of Parley doesn't have",
				a.row.Name, a.row.Kind)
		}
		accounts = append(accounts, exportAccount(a, *spec, variables))
	}
	var file document.Draft
	file.Text("company", s.company)
	exportSettings(&file, s.settings)
	s.exportRetention(&file)
	file.Entries("agents", agents)
	file.Entries("teams", teams)
	file.Entries("accounts", accounts)
	file.Entries("templates", s.exportTemplates())
	file.Entries("tags", s.exportTags())
	file.Entries("knowledge", s.exportKnowledge())
	var out bytes.Buffer
	file.Write(&out, "", "")
	return out.Bytes(), nil
}

func exportAgent(a agent) *document.Draft {
	g := &document.Draft{}
	g.Text("email", a.email)
	g.Text("name", a.name)
	for _, kind := range surfaceKinds() {
		g.Text(kind, a.users[kind])
	}
	g.List("roles", a.roles)
	g.Text("zone", a.zone)
	g.Text("presence", a.presence)
	g.List("quiet", a.quiet)
	g.Text("signature", a.signature.source())
	return g
}

func exportTeam(t team) *document.Draft {
	g := &document.Draft{}
	g.Text("name", t.name)
	g.List("members", t.members)
	for _, kind := range surfaceKinds() {
		g.Text(kind+"_channel", t.channels[kind])
	}
	if len(t.channels) > 1 {
		g.Text("home", t.home)
	}
	g.Text("agents", t.agents)
	for _, name := range slices.Sorted(maps.Keys(t.emoji)) {
		g.Sub("emoji").Text(name, t.emoji[name])
	}
	g.Text("weekly_figures", t.weekly)
	return g
}

func exportAccount(a account, spec channels.Spec, variables map[string]bool) *document.Draft {
	g := &document.Draft{}
	g.Text("name", a.row.Name)
	g.Text("kind", a.row.Kind)
	g.Text("team", a.team)
	g.Text("mode", string(a.row.Mode))
	g.List("trial_to", a.row.TrialTo)
	if a.row.Paused {
		g.Put("paused", document.Plain("true"))
	}
	if a.surface != "" {
		g.Text(a.surface+"_channel", a.row.SurfaceChannel)
	}
	g.Text("signature", a.signature().source())
	exportSettings(g, a.settings)
	g.Text("reply_mode", string(a.row.ReplyMode))
	if a.row.HoldSeconds != nil {
		g.Put("hold", document.Plain(holdWords(a.row.HoldSeconds)))
	}
	if a.row.Rate != 1 {
		g.Put("rate", document.Plain(fmt.Sprint(a.row.Rate)))
	}
	exportHours(g, a.hours)
	for _, f := range spec.Fields {
		exportField(g, a, spec, f, variables)
	}
	return g
}

func exportSettings(g *document.Draft, settings map[string]string) {
	for _, known := range bridge.Settings() {
		if value := settings[known.Name]; value != "" {
			g.Sub("settings").Text(known.Name, value)
		}
	}
}

// exportField writes a field of the account's channel, nested: "imap.host" becomes imap: {host: …}.
func exportField(g *document.Draft, a account, spec channels.Spec, f channels.Field, variables map[string]bool) {
	value, stored := a.config[f.Name]
	if f.Secret && !stored && !(f.Needed(a.config) && len(a.row.Secrets) > 0) || !f.Secret && value == "" {
		return
	}
	g = g.Sub(sectionOf(spec))
	path := strings.Split(f.Name, ".")
	key := path[len(path)-1]
	for _, name := range path[:len(path)-1] {
		g = g.Sub(name)
	}
	switch {
	case f.Secret:
		g.Put(key, "${"+variableOf(a.row.Name, f.Name, variables)+"}")
	case f.List:
		g.List(key, strings.Split(value, "\n"))
	default:
		g.Text(key, value)
	}
}

var notInNames = regexp.MustCompile(`[^A-Z0-9]+`)

// variableOf returns the environment variable of a secret: SUPPORT_MAIL_IMAP_PASSWORD. It adds a number
// if another account, whose name differs only in punctuation, has the same.
func variableOf(account, field string, taken map[string]bool) string {
	name := notInNames.ReplaceAllString(strings.ToUpper(account+"_"+field), "_")
	if name[0] >= '0' && name[0] <= '9' {
		name = "_" + name
	}
	unique := name
	for n := 2; taken[unique]; n++ {
		unique = fmt.Sprintf("%s_%d", name, n)
	}
	taken[unique] = true
	return unique
}
